"""Every letter as people receive it: golden files, and a page that changes the words.

After a wanted change `python -m tests.reminders.test_letters` writes the files anew.
"""

import re
import tempfile
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from tests import cast
from tests.app_fixtures import opened
from tracker.accounts import queries as accounts
from tracker.history.history import HistoryEntry
from tracker.kernel.refusal import Refusal
from tracker.letter_texts import actions as text_actions
from tracker.mail import letters, links, mime, texts
from tracker.mail.kinds import TextUse
from tracker.mail.letters import Letter, Recipient
from tracker.mail.links import SHOWN
from tracker.mail.texts import LETTER_KINDS
from tracker.mail.wording import LINE, Wording, width
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

pytestmark = pytest.mark.engines_by_turns

GOLDEN = Path(__file__).with_name("golden")
TO = Recipient("person:1", "今別町 企画担当", "officer@imabetsu.example", None)
CODES = {f"M{number}" for number in range(1, 27)}


def written(kind: str) -> str:
    """Subject and body of the kind's letter, with its sample values."""
    subject, body = text_actions.preview(kind, LETTER_KINDS[kind].original, TO)
    return f"{subject}\n\n{body}"


def golden(kind: str) -> Path:
    """The file that holds the letter as it should be."""
    return GOLDEN / f"{LETTER_KINDS[kind].code or 'M'}_{kind}.txt"


def test_each_letter_reads_as_it_should(app):
    with app.app_context():
        for kind in LETTER_KINDS:
            assert written(kind) == golden(kind).read_text(encoding="utf-8"), kind


def test_the_files_are_those_of_the_kinds_and_hold_all_of_the_specification():
    assert {path.name for path in GOLDEN.glob("*")} == {golden(kind).name for kind in LETTER_KINDS}
    assert {one.code for one in LETTER_KINDS.values()} >= CODES


def test_each_letter_keeps_to_the_rules_of_letters(app):
    with app.app_context():
        every = {kind: written(kind).partition("\n\n") for kind in LETTER_KINDS}
        known = links.kinds()
    for kind, (subject, _, body) in every.items():
        lines = body.splitlines()
        assert "〔" not in subject + body, kind
        assert all(width(line) <= LINE or re.match(r"\s*https?://", line) for line in lines), kind
        assert all(line.count("http") <= 1 for line in lines), kind
        assert "\n\n\n" not in body, kind
        if LETTER_KINDS[kind].use is not TextUse.PART:
            assert re.match("【.+】", subject), kind
            # The office need not be told its own telephone.
            assert "017-000-0000" in body or kind == "undeliverable", kind
            if LETTER_KINDS[kind].link:
                assert body.count(SHOWN) == 1 and LETTER_KINDS[kind].link in known, kind
            elif "リンク" in LETTER_KINDS[kind].original.fields:
                assert "https://renkei.example.lg.jp/" in body, kind


def test_a_letter_is_plain_text_without_attachment(app):
    with app.app_context():
        subject, body = text_actions.preview(
            "report_request", LETTER_KINDS["report_request"].original, TO
        )
        new = letters.new_row("report_request", TO, subject, body, key="x", at=cast.NOW)
        raw = mime.message(Letter(**new.row), "renkei@aomori.example").decode("ascii")
    assert 'Content-Type: text/plain; charset="utf-8"' in raw
    assert "multipart" not in raw


# --- changing the words ----------------------------------------------------------------------


WORDS = Wording(
    "【お願い】〔期間〕の報告", "〔宛先〕 様\n\n〔期限〕までにお願いします。\n〔リンク〕\n"
)


def test_changed_words_are_those_of_the_next_letter(both, actor):
    text_actions.change(Act(actor("office"), cast.NOW), "report_request", WORDS, "0")
    subject, body = letters.compose(
        "report_request", TO, LETTER_KINDS["report_request"].fields, link="/reports/2026-h1"
    )
    assert subject == "【お願い】令和8年度上期の報告"
    assert body == (
        "今別町 企画担当 様\n\n令和8年11月30日（月）までにお願いします。\n"
        "https://renkei.example.lg.jp/reports/2026-h1\n"
    )
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry.verb == "letter_text.changed"
    assert entry.payload["after"]["subject"] == WORDS.subject


def test_the_first_words_come_back(both, actor):
    office = actor("office")
    text_actions.change(Act(office, cast.NOW), "report_request", WORDS, "0")
    text_actions.restore(Act(office, cast.NOW), "report_request")
    assert texts.words("report_request") == LETTER_KINDS["report_request"].original
    with pytest.raises(Refusal, match="最初のままです"):
        text_actions.restore(Act(office, cast.NOW), "report_request")


def test_of_two_who_change_the_same_words_the_second_is_told(both, actor):
    text_actions.change(Act(actor("office"), cast.NOW), "report_request", WORDS, "0")
    with pytest.raises(Conflict, match="ほかの画面で11月24日 10:00に先に直しました"):
        text_actions.change(Act(actor("office"), cast.NOW), "report_request", WORDS, "0")


def test_words_that_name_a_field_of_an_older_version_are_passed_over(both):
    db.session.add(texts.LetterText(kind="invitation", subject="〔昔の項目〕", body="x"))
    db.session.commit()
    assert texts.words("invitation") == LETTER_KINDS["invitation"].original


def test_a_letter_with_a_value_too_few_is_never_written(both):
    with pytest.raises(LookupError):
        letters.compose("report_request", TO, {"期間": "上期"})


def test_nothing_in_words_or_values_is_run(both, actor):
    hostile = Wording(
        "{{ 7 * 7 }}【x】", "{% for x in y %}${7*7}%(x)s{0}\n〔リンク〕\n〔添え書き〕\n"
    )
    text_actions.change(Act(actor("office"), cast.NOW), "report_request", hostile, "0")
    values = {**LETTER_KINDS["report_request"].fields, "添え書き": "{{ config }}〔宛先〕"}
    subject, body = letters.compose("report_request", TO, values, link="/x")
    assert subject == "{{ 7 * 7 }}【x】"
    assert "{% for x in y %}${7*7}%(x)s{0}" in body
    assert "{{ config }}〔宛先〕" in body


PATH = "/notices/templates/report_request"


WRONG = (
    ({"subject": ""}, "件名を入力してください。"),
    ({"subject": "あ" * 300}, "100字までで入力してください（今 300字）。"),
    ({"subject": "【〔期日〕まで】"}, "〔期日〕という差し込みはありません"),
    ({"body": ""}, "本文を入力してください。"),
    ({"body": "〔リンク〕\n〔締切〕まで"}, "〔締切〕という差し込みはありません"),
    ({"body": "期限は〔期限〕です。"}, "〔リンク〕は残してください"),
    ({"body": "〔リンク〕\n〔期限まで"}, "差し込みを囲むときだけ"),
    ({"body": "〔リンク〕" + "あ" * 4000}, "4000字までで入力してください"),
)


def test_words_that_cannot_be_are_refused_at_their_field(browse):
    office = browse("office")
    for typed, sentence in WRONG:
        page = office.fill(PATH, typed)
        assert page.status == 422, sentence
        assert sentence in page.one(".error-summary").get_text()
        for name, text in typed.items():
            assert page.fields()[name].split() == text.split(), "what was typed stays"
    assert "直した文面" not in office.get("/notices/templates").one("main .stack").get_text()


def test_a_subject_pasted_as_two_lines_is_one(browse):
    office = browse("office")
    assert office.fill(PATH, {"subject": "【お願い】\r\nBcc: x@y.example"}).status == 302
    assert office.get(PATH).fields(0)["subject"] == "【お願い】 Bcc: x@y.example"


def test_a_clerk_tries_saves_and_takes_back(app, browse):
    office = browse("office")
    body = "〔宛先〕 様\n\nよろしくお願いします。\n〔リンク〕"
    shown = office.fill(PATH, {"body": body, "preview": "1"})
    assert "よろしくお願いします。" in shown.one(".letter pre").get_text()
    assert "最初の文面" in office.get("/notices/templates").one("main .stack").get_text()
    tried = office.fill(PATH, {"body": body, "try": "1"})
    assert "office@aomori.example あてに試し送りをしました" in tried.text
    with app.app_context():
        [letter] = db.session.scalars(select(Letter)).all()
        assert letter.to_email == "office@aomori.example"
        assert letter.subject.startswith("【試し送り】【御依頼】")
        assert "よろしくお願いします。" in letter.body
    saved = office.follow(office.fill(PATH, {"body": body}))
    assert "「進捗報告の依頼」の文面を直しました。" in saved.text
    assert saved.one("main .stack").get_text().count("直した文面") == 1
    page = office.get(PATH)
    form = next(one for one in page.all("main form") if "最初の文面に戻す" in one.get_text())
    token = {box["name"]: box["value"] for box in form.select("input[name]")}
    back = office.follow(office.post(form["action"], token))
    assert "最初の文面に戻しました" in back.text
    assert "前回の文章をあらかじめ入れてあります" in back.fields()["body"]


def test_the_preview_is_for_the_post_that_was_chosen(app, browse):
    with app.app_context():
        posts = {to.name: key for key, to in accounts.every_recipient().items()}
    page = browse("office").fill(PATH, {"post": posts["外ヶ浜町 秘書"], "preview": "1"})
    assert "外ヶ浜町 秘書 様" in page.one(".letter pre").get_text()


def test_only_the_office_changes_words(browse):
    browse("officer", "imabetsu").get("/notices/templates", status=403)
    browse("lead").get(PATH, status=403)


def test_every_field_a_clerk_may_use_is_listed(browse):
    listed = browse("office").get(PATH).one(".fields").get_text()
    assert all(f"〔{name}〕" in listed for name in LETTER_KINDS["report_request"].allowed)


@pytest.mark.slow
def test_the_files_are_written_anew_as_they_are(tmp_path, monkeypatch):
    before = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*")}
    monkeypatch.setitem(globals(), "GOLDEN", tmp_path)
    (tmp_path / "of_no_kind.txt").touch()
    main()
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*")} == before


def main() -> None:
    """Writes the golden files, once all letters are made."""
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(cast.NOW, tick=True):
        url = f"sqlite:///{folder}/x.sqlite3"
        with opened(url, Path(folder)) as app, app.app_context():
            upgrade()
            cast.enter()
        # Another application: what the first one keeps of the empty database does not hold any more.
        with opened(url, Path(folder)) as app, app.app_context():
            made = {golden(kind): written(kind) for kind in LETTER_KINDS}
    for old in set(GOLDEN.glob("*")) - set(made):
        old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
