"""監査記録: who reads what of it, its values in words, its filters, its file, and what it costs."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask
from flask_migrate import downgrade
from flask_migrate import upgrade as upgrade_to
from sqlalchemy import event, inspect, select, text

from tests import cast
from tests.cost_sharing.makers import act_of, make_ready, somebody
from tests.cost_sharing.makers import make_project as make_case_project
from tests.meetings.makers import make_answers, make_meeting
from tests.pages import PageClient, counting
from tests.projects.makers import LATER, WRITTEN, make_project, make_round, report_of, save
from tests.projects.makers import submit as submit_report
from tests.questions.makers import make_draft as make_question
from tracker.accounts.handover import actions as handover
from tracker.accounts.people import actions as people
from tracker.cost_sharing.cases import actions as cases
from tracker.history import history
from tracker.history.columns import EXEMPT, Mark
from tracker.history.history import HistoryEntry, Subject
from tracker.kernel.permissions import Actor, Role
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.reports import actions as reports
from tracker.questions import actions as questions
from tracker.record import rules
from tracker.record.reading import queries
from tracker.record.reading.queries import Wanted
from tracker.record.rules import About
from tracker.record.values import queries as values
from tracker.record.values.rules import COMMON, TABLES, label_of
from tracker.reminders.actions import check_record
from tracker.schema import append_only
from tracker.storage.files import project_root

pytestmark = pytest.mark.engines_by_turns

ENTRY = "tests.done"
FIRST_DRAFT = replace(WRITTEN, done="消した下書きの文です。", trouble="消した困りごとです。")


def head_number() -> int:
    """How many entries the record has."""
    return int((history.head() or "0-").split("-")[0])


# --- every value has its words --------------------------------------------------------------------


def unnamed() -> Iterator[str]:
    """The recorded columns without a label, and those that refer to rows that have no name."""
    for table in db.metadata.sorted_tables:
        for column in table.columns if table.name not in EXEMPT else ():
            is_key = column.primary_key and not column.foreign_keys
            mark = column.info.get("record", Mark.OPEN)
            if is_key or mark in (Mark.NEVER, Mark.UNRECORDED):
                continue
            label = label_of(table.name, column.name)
            if label is None:
                yield f"{table.name}.{column.name} has no label"
            elif label and column.foreign_keys and not values.refers_to(table.name, column.name):
                yield f"{table.name}.{column.name} would be shown as a number"


def test_every_recorded_column_has_a_label(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(unnamed()) == []
    monkeypatch.delitem(TABLES["meeting"][1], "place")  # type: ignore[arg-type]
    monkeypatch.setitem(TABLES["share"][1], "case_id", "案件")  # type: ignore[index]
    monkeypatch.setitem(TABLES["cost_case"][1], "cost_id", "費用")  # type: ignore[index]
    assert list(unnamed()) == [
        "meeting.place has no label",
        "cost_case.cost_id would be shown as a number",
    ]


def test_no_label_is_left_of_a_column_that_is_gone() -> None:
    tables = db.metadata.tables
    for name, (_, columns) in TABLES.items():
        assert (name, set(columns) - set(tables[name].c.keys())) == (name, set())
    for column in COMMON:
        assert any(column in table.c for table in tables.values()), column


def verbs_written() -> set[str]:
    """The dotted words that actions write into the record, by their source."""
    found = {"report.begun", "report.saved"}
    for path in sorted((project_root() / "tracker").rglob("*.py")):
        if path.name not in ("actions.py", "outbox.py", "history.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"^(?:[a-z_]+)\.[a-z_]+$", node.value))
    return {one for one in found if one.partition(".")[0] in PREFIXES}


PREFIXES = {verb.partition(".")[0] for one in rules.KINDS.values() for verb in one.verbs}


def test_every_verb_has_a_label_and_every_label_a_verb() -> None:
    labelled = {verb for one in rules.KINDS.values() for verb in one.verbs}
    addressed = {"history.csv", "letter.kind"}
    assert verbs_written() - addressed - labelled - {"history.decisions_kept"} == set()
    assert labelled - verbs_written() - {"history.decisions_kept", "history.disposed"} == set()


@pytest.mark.slow
def test_the_example_is_told_in_words(demo_both: Flask) -> None:
    """Nothing of JSON, of digests or of numbers of rows reaches a reader."""
    known = {(kind, verb) for kind, one in rules.KINDS.items() for verb in one.verbs}
    written = db.session.execute(select(HistoryEntry.subject_kind, HistoryEntry.verb).distinct())
    assert {tuple(row) for row in written} - known == set()
    every = [*queries.whole(somebody("office"), Wanted())]
    assert len(every) == head_number()
    words = [cell for one in every for change in one.changes for cell in change]
    assert len(words) > 5000
    assert [one for one in words if re.search(r"[{}\[\]]|None|True|\bdigest\b|_id\b", one)] == []
    assert [one for one in words if re.fullmatch(r"\d{4}-\d\d-\d\d.*", one)] == []
    assert "（登録がありません）" not in words
    shares = [
        change for one in every for change in one.changes if change.label == "負担額（今別町）"
    ]
    assert all(re.fullmatch(r"[\d,]+円", one.after) for one in shares)
    assert shares


# --- who reads what -------------------------------------------------------------------------------

READERS = {
    "office": (Role.OFFICE, "aomori"),
    "admin": (Role.ADMIN, "aomori"),
    "lead": (Role.LEAD, "aomori"),
    "hub confirmer": (Role.CONFIRMER, "aomori"),
    "reader": (Role.READER, "aomori"),
    "officer": (Role.OFFICER, "imabetsu"),
    "confirmer": (Role.CONFIRMER, "imabetsu"),
    "town lead": (Role.LEAD, "imabetsu"),
    "town reader": (Role.READER, "imabetsu"),
    "other officer": (Role.OFFICER, "yomogita"),
    "other confirmer": (Role.CONFIRMER, "yomogita"),
}
ALL = set(READERS)
HUB = {"office", "admin", "lead", "hub confirmer", "reader"}
OWN = {"officer", "confirmer", "town lead", "town reader"}
INVOLVED = {"office", "lead", "hub confirmer"}
TROUBLES = OWN - {"town reader"}
# Of an entry about 今別町, on a project that 青森市 leads: who reads its sentence and open values.
SUBJECTS: dict[tuple[str, str, bool], set[str]] = {
    **{
        (kind, "any", False): ALL
        for kind in (
            *(
                "project",
                "fiscal_year",
                "round",
                "meeting",
                "held_view",
                "grant_claim",
                "grant_cap",
                *("material_pack", "council", "council_member", "council_opinion"),
            ),
            *("agreement", "area", "municipality", "figures", "calendar", "history"),
        )
    },
    ("report", "report.saved", False): {*INVOLVED, *TROUBLES},
    ("report", "report.saved", True): ALL,
    ("history", "history.disposed", False): {"office", "admin"},
    ("cost_case", "cost.drafted", False): {"office", "lead"},
    ("cost_case", "cost.changed", True): ALL,
    ("question", "question.put", False): {*HUB, *OWN},
    ("payment_plan", "any", False): {"office", *OWN},
    ("instalment", "any", False): HUB | OWN,
    ("absence", "absence.added", False): {"office", "officer", "confirmer"},
    ("seat", "poll.answered", False): {"office", "officer", "confirmer"},
    ("minutes", "minutes.written", False): {"office", "officer", "confirmer"},
    ("minutes", "minutes.final", True): ALL,
    ("decision", "decision.recorded", False): {"office", "officer", "confirmer"},
    ("decision", "decision.recorded", True): ALL,
    ("material", "material.added", False): {"office", "officer", "confirmer"},
    ("agenda_item", "agenda.proposed", False): {"office", "officer", "confirmer"},
    ("import", "agreement.import_started", False): {"office", "admin"},
    ("post", "post.changed", False): {"admin", *OWN},
    ("outside_change", "post.looked_at", False): {"admin", *OWN},
    ("handover", "handover.written", False): OWN,
    ("account", "account.created", False): {"admin", *OWN},
    ("account", "account.second_factor_off", False): {"admin"},
    ("account", "account.password_changed", False): {"admin"},
    ("letter", "letter.undeliverable", False): {
        *("office", "admin", "officer", "confirmer", "town lead")
    },
    ("reminder", "reminder.skipped", False): {"office"},
    ("schedule", "schedule.changed", False): {"office"},
    ("letter_text", "letter_text.changed", False): {"office"},
    ("clock", "clock.trusted", False): {"office"},
    ("what nobody named", "any", True): set(),
}


def actor(name: str) -> Actor:
    role, town = READERS[name]
    number = sorted(READERS).index(name) + 1
    return Actor(number, name, role, town, 1, town, 1, town == "aomori")


@pytest.mark.parametrize(("kind", "verb", "is_shared"), SUBJECTS)
def test_an_entry_is_read_by_who_reads_its_subject(kind: str, verb: str, is_shared: bool) -> None:
    towns = ("aomori", "aomori") if kind == "cost_case" else ("imabetsu", "aomori")
    about = About(*towns, "aomori", is_shared)
    read = {name for name in READERS if rules.may_read(actor(name), kind, verb, about)}
    assert read == SUBJECTS[kind, verb, is_shared]


def test_no_kind_is_left_out_of_the_table_above() -> None:
    assert {kind for kind, _, _ in SUBJECTS} - {"what nobody named"} == set(rules.KINDS)
    assert set(rules.READ_BY) | {"history"} == set(rules.KINDS)


@pytest.mark.parametrize(
    ("column", "is_shared", "readers"),
    [
        ("done", False, TROUBLES),
        ("done", True, ALL),
        ("rating", True, ALL),
        ("trouble", False, TROUBLES),
        ("trouble", True, {*INVOLVED, *TROUBLES}),
        ("for_meeting", True, {*INVOLVED, *TROUBLES}),
        ("question", False, {*INVOLVED, *TROUBLES}),
    ],
)
def test_words_of_a_report_open_as_on_its_page(
    column: str, is_shared: bool, readers: set[str]
) -> None:
    about = About("imabetsu", "aomori", "aomori", is_shared)
    assert {
        name for name in READERS if rules.may_open(actor(name), "report", column, about)
    } == readers


@pytest.mark.slow
@pytest.mark.parametrize(
    "role_slug", [("confirmer", "imabetsu"), ("reader", "aomori"), ("lead", "aomori")]
)
def test_the_page_and_the_file_go_by_one_rule(demo_both: Flask, role_slug: tuple[str, str]) -> None:
    """Nothing is in the file of somebody that the page would not tell them."""
    by = somebody(*role_slug)
    rows = db.session.scalars(select(HistoryEntry)).all()
    about = queries.abouts(rows)
    read = {
        row.number
        for row in rows
        if rules.may_read(by, row.subject_kind, row.verb, about.get(row.id, About()))
    }
    entries = [json.loads(one) for part in queries.exported(by) for one in part.splitlines()]
    of_file = {one["number"] for one in entries if "verb" in one}
    assert len(of_file) > 100
    assert of_file <= read < {one["number"] for one in entries}


def told(by: Actor, kind: str, **more: object) -> list[queries.ToldEntry]:
    """The entries about a kind of subject as somebody knows them, oldest first."""
    rows = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject_kind == kind).order_by(HistoryEntry.id)
    ).all()
    return queries.told(by, rows, None)


def words(entry: queries.ToldEntry) -> dict[str, tuple[str, str]]:
    return {one.label: (one.before, one.after) for one in entry.changes}


def test_private_words_open_where_they_still_stand(both: Flask) -> None:
    """A draft that was written anew, then submitted, then returned with a question."""
    project = make_project()
    make_round()
    save(report_of(project), FIRST_DRAFT)
    own, lead = somebody("officer", "imabetsu"), somebody("lead")
    other = somebody("officer", "yomogita")
    gone = f"本文は記録に残していません（{len(FIRST_DRAFT.done)}文字）"
    assert words(told(own, "report")[0])["行ったこと"] == ("—", FIRST_DRAFT.done)
    assert words(told(lead, "report")[0])["行ったこと"] == ("—", values.CLOSED)
    assert not told(other, "report")[0].is_open
    submit_report(report_of(project), at=LATER)
    first, saved, sent = told(own, "report")
    assert words(first)["行ったこと"] == ("—", gone)
    assert words(saved)["行ったこと"] == (gone, WRITTEN.done)
    assert words(sent)["提出した版：版"] == ("—", "1")
    assert words(first)["実績値（参加者数）"] == ("—", "7")
    for by, trouble in ((lead, WRITTEN.trouble), (other, values.CLOSED)):
        saved = told(by, "report")[1]
        assert words(saved)["行ったこと"] == (gone, WRITTEN.done)
        assert words(saved)["困りごと・相談"][1] == trouble
        assert FIRST_DRAFT.done not in str(told(by, "report"))
    reports.return_report(Act(lead, LATER), report_of(project), "7人の内訳は何ですか。")
    for by in (own, lead):
        assert words(told(by, "report")[-1])["質問"] == ("—", "7人の内訳は何ですか。")
    # Returned, it is its municipality's again.
    assert words(told(lead, "report")[1])["行ったこと"] == (values.CLOSED, values.CLOSED)
    assert {one.sentence for one in told(other, "report")} == {queries.WITHHELD}


def test_a_case_is_told_from_the_day_it_was_sent(both: Flask) -> None:
    make_case_project()
    case = make_ready()
    office, town, admin = somebody("office"), somebody("officer", "imabetsu"), somebody("admin")
    for by in (town, admin):
        assert {one.sentence for one in told(by, "cost_case")} == {queries.WITHHELD}
        assert all(one.changes == () for one in told(by, "cost_case"))
    assert words(told(office, "cost_case")[1])["負担額（今別町）"] == ("—", "115,000円")
    cases.send(act_of("office"), case, cast.TODAY + timedelta(days=10))
    seen = told(town, "cost_case")
    assert [one.is_open for one in seen] == [False] * (len(seen) - 1) + [True]
    assert words(seen[-1])["状態"] == ("協議中", "確認待ち")


def test_a_question_is_told_to_its_two_sides_and_a_draft_to_its_own(both: Flask) -> None:
    row = make_question()
    office, town = somebody("office"), somebody("officer", "imabetsu")
    other = somebody("confirmer", "yomogita")
    assert words(told(town, "question")[0])["件名"] == ("—", "「その都度」の範囲について")
    for by in (office, other):
        assert {one.sentence for one in told(by, "question")} == {queries.WITHHELD}
    questions.put(act_of("officer", "imabetsu"), row, cast.TODAY + timedelta(days=14))
    assert [one.is_open for one in told(office, "question")] == [True, True]
    assert {one.sentence for one in told(other, "question")} == {queries.WITHHELD}


def test_addresses_and_secrets_are_told_to_nobody_else(both: Flask) -> None:
    """An account of 今別町: its address is its municipality's and the admins', its hash nobody's."""
    admin, office = somebody("admin"), somebody("office")
    own, other = somebody("confirmer", "imabetsu"), somebody("confirmer", "yomogita")
    post = people.create_post(Act(admin, cast.NOW), "imabetsu", "officer", "総務担当", None, None)
    person = people.create_account(
        Act(admin, cast.NOW), post, "総務の担当", "soumu@imabetsu.example", password_hash="秘密の値"
    )
    with Act(admin, cast.NOW).change("account.password_set", person, "soumu@… を替えました。"):
        person.password_hash = "別の秘密の値"
    for by in (office, other):
        assert "soumu@" not in str(told(by, "account"))
    assert "soumu@imabetsu.example" in str(told(own, "account")[-2])
    assert "soumu@" not in str(told(own, "account")[-1])
    assert "soumu@…" in told(admin, "account")[-1].sentence
    for by in (admin, own):
        assert "秘密の値" not in str(told(by, "account"))
    handover.write_memo(Act(own, cast.NOW), handover.Words("金庫の番号は机の中。", "", ""))
    assert "金庫" in str(told(somebody("officer", "imabetsu"), "handover"))
    for by in (admin, office, other):
        assert "金庫" not in str(told(by, "handover"))


def test_words_that_were_open_once_are_told_as_their_column_is_marked_now(both: Flask) -> None:
    """Entries of older releases hold plain what is private or secret by now."""
    project = make_project()
    make_round()
    report = submit_report(report_of(project))
    person = db.session.scalars(select(HistoryEntry.person_id)).first()
    plain = {"trouble": "古い困りごと", "done": "古い文"}
    for subject, after in (
        (Subject("report", report.id), plain),
        (Subject("account", person or 1), {"password_hash": "古い秘密", "person/1/email": "a@b.c"}),
        (Subject("project", project.id), {"person/1/email": "a@b.c", "gone/1/email": "a@b.c"}),
        (Subject("project", project.id), {"progress_report/1/trouble": "古い困りごと"}),
    ):
        history.record(None, "older", subject, "…", at=cast.NOW, after=after)
    db.session.commit()
    for kind in ("report", "account", "project"):
        assert "古い困りごと" not in str(told(somebody("officer", "yomogita"), kind))
        assert "古い秘密" not in str(told(somebody("admin"), kind))
    assert "古い困りごと" in str(told(somebody("office"), "report"))
    assert "a@b.c" not in str(told(somebody("admin"), "project"))


# --- the page ---------------------------------------------------------------------------------------


@pytest.fixture
def written(app: Flask) -> None:
    """Three days, two municipalities, three kinds."""
    with app.app_context():
        for days, by, verb, kind in (
            (9, act_of("office").by, "round.opened", "round"),
            (5, act_of("officer", "imabetsu").by, "calendar.added", "calendar"),
            (1, act_of("officer", "imabetsu").by, "calendar.removed", "calendar"),
            (1, None, "letter.undeliverable", "letter"),
        ):
            at = cast.NOW - timedelta(days=days)
            history.record(
                by, verb, Subject(kind, 1), f"{verb}の文", at=at, after={"email": "x@y.z"}
            )
        db.session.commit()


def numbers(page: object) -> list[str]:
    return re.findall(r"記録(\d+)番", page.text)  # type: ignore[attr-defined]


FILTERS = {
    "": ["4", "3", "2", "1"],
    "?town=imabetsu": ["3", "2"],
    "?who=0": ["4"],
    "?kind=calendar": ["3", "2"],
    "?kind=calendar.removed": ["3"],
    "?since=令和8年11月19日": ["4", "3", "2"],
    "?until=2026/11/19": ["2", "1"],
    "?since=2026-11-16&until=R8.11.20&town=imabetsu&kind=calendar.added": ["2"],
}


def test_a_filter_leaves_what_fits(browse, written) -> None:
    office = browse("office")
    for asked, found in FILTERS.items():
        page = office.get(f"/audit{asked}")
        assert (asked, sorted(numbers(page), reverse=True)) == (asked, found)
        assert f"{len(found)}件" in page.text
    assert "この条件に合う記録はありません。" in office.get("/audit?kind=clock").text


def test_a_person_is_found_by_their_post(app: Flask, browse, written) -> None:
    office = browse("office")
    page = office.get("/audit")
    [chosen] = [one for one in page.all("#who option") if one.get_text() == "今別町 企画担当"]
    assert numbers(office.get(f"/audit?who={chosen['value']}")) == ["3", "2"]


AGAIN = "その選び方はありません。示された中から選び直してください。"
WRONG = {
    "town=nowhere": AGAIN,
    "kind=report.eaten": AGAIN,
    "who=4711": AGAIN,
    "since=11月31日": "日付は",
    "since=2026/11/20&until=2026/11/19": "「いつまで」は、「いつから」と同じ日か、後の日に",
}


def test_a_wrong_value_gets_a_sentence_and_stays(browse, written) -> None:
    office = browse("office")
    for asked, sentence in WRONG.items():
        page = office.get(f"/audit?{asked}", status=422)
        assert sentence in page.one(".filter .error").get_text()
        assert "絞り込みの値を読み取れない" in page.text
        assert numbers(page) == []
        typed = asked[6:].partition("&")[0]
        assert "since=" not in asked or page.one("#since")["value"] == typed
        office.get(f"/audit.csv?{asked}", status=400)


def test_the_address_keeps_the_filter_from_page_to_page(app: Flask, browse) -> None:
    with app.app_context():
        for one in range(60):
            subject = Subject("calendar", one)
            history.record(None, "calendar.added", subject, "…", at=cast.NOW)
        db.session.commit()
    page = browse("office").get("/audit?kind=calendar.added&since=令和8年11月1日")
    onward = page.link("次のページ")
    assert "kind=calendar.added" in onward
    assert "since=令和8年11月1日" in unquote(onward)
    assert len(numbers(page)) == 50
    assert "60件" in page.text


def test_only_who_reads_the_record_comes_in_and_a_town_sees_its_own(browse, written) -> None:
    for role, slug in (("officer", "imabetsu"), ("lead", "aomori"), ("reader", "aomori")):
        browse(role, slug).get("/audit", status=403)
        browse(role, slug).get("/audit.csv", status=403)
    assert numbers(browse("confirmer", "imabetsu").get("/audit")) == ["3", "2", "1"]
    assert numbers(browse("confirmer", "yomogita").get("/audit")) == ["3", "2", "1"]
    assert "x@y.z" in browse("office").get("/audit").text
    assert "x@y.z" not in browse("confirmer", "yomogita").get("/audit").text


def test_a_town_sees_what_others_did_in_its_place(both: Flask) -> None:
    meeting = make_meeting()
    by_phone = act_of("office")
    for slug in ("imabetsu", "hiranai"):
        make_answers(meeting, {slug: "○○○○○"}, by_phone, "総務課 電話")
    listed, _total = queries.entries(somebody("confirmer", "imabetsu"), Wanted(), 50, 0)
    assert [one.verb for one in listed] == ["回答", "候補日の提示"]
    assert "総務課 電話から" in listed[0].sentence


def test_the_file_holds_the_filtered_list_and_no_formulas(app: Flask, browse) -> None:
    typed = ("=1+1", "＝1+1", "+81", "@SUM(A1)", "　=2", "-3", "普通の文")
    with app.app_context():
        for one in typed:
            subject = Subject("calendar", 1)
            history.record(None, "calendar.added", subject, one, at=cast.NOW, after={"name": one})
        history.record(None, "round.opened", Subject("round", 1), "別の文", at=cast.NOW)
        db.session.commit()
    answer = browse("office").get("/audit.csv?kind=calendar").response
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert unquote(answer.headers["Content-Disposition"]).endswith("監査記録_20261124.csv")
    head, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head == [
        "番号",
        "日時",
        "市町村",
        "だれが",
        "種類",
        "操作",
        "何をしたか",
        "項目",
        "前",
        "後",
    ]
    guarded = [one if one == "普通の文" else f"'{one}" for one in typed]
    assert [line[6] for line in lines][::-1] == guarded
    assert [line[7:] for line in lines][::-1] == [["名称", "—", one] for one in guarded]


def test_a_file_of_too_many_is_refused_in_words(app: Flask, browse, monkeypatch, written) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    office = browse("office")
    assert "2件を超えるため、CSVにできません。" in office.get("/audit.csv", status=400).text
    page = office.get("/audit?since=2026/1/1")
    assert "2件以上" in page.text
    assert not [one for one in page.all("a") if "CSV" in one.get_text()]
    office.get("/audit.csv?town=imabetsu")


# --- whether it holds ----------------------------------------------------------------------------


def test_the_page_says_what_was_checked_when(app: Flask, browse, written) -> None:
    office = browse("office")
    assert "記録の照合はまだ行っていません。" in office.get("/audit").text
    with app.app_context():
        check_record(cast.NOW)
        check_record(cast.NOW + timedelta(hours=3))
        assert head_number() == 5
    said = office.get("/audit").text
    assert "記録に、書き換えや抜けは見つかりませんでした。" in said
    assert "令和8年11月24日 10:00に、それまでの4件すべてのつながりを照合した結果です。" in said
    with app.app_context():
        append_only.lift(db.session.connection())
        db.session.execute(text("UPDATE history SET summary = '別の文' WHERE number = 2"))
        db.session.commit()
        check_record(cast.NOW + timedelta(days=1))
    said = office.get("/audit").text
    assert "つながらないところが見つかりました。" in said
    assert "つながらないところ：書き換え 2番" in said


def test_a_tail_cut_off_since_the_last_check_is_found(both: Flask) -> None:
    for day in range(4):
        history.record(None, "round.opened", Subject("round", day), "…", at=cast.NOW)
        db.session.commit()
        check_record(cast.NOW + timedelta(days=day))
    append_only.lift(db.session.connection())
    cut = "UPDATE history SET payload = NULL WHERE number = 7"
    db.session.execute(text(cut))
    db.session.execute(text("DELETE FROM history WHERE number = 5"))
    db.session.commit()
    check_record(cast.NOW + timedelta(days=9))
    last = history.last_of(Subject("history", "check"))
    assert last is not None
    assert last.payload["after"]["problems"] == ["抜け 5番", "内容の消去 7番"]


# --- what it costs --------------------------------------------------------------------------------


def test_the_page_keeps_to_its_budget(demo_app: Flask) -> None:
    """50 entries of everything: 16 queries right after a change of any one room.

    A change of all at once, as only a command makes it, has each tell its duties anew: 20.
    """
    client = PageClient(demo_app)
    client.enter("office")
    rooms = ("projects", "cost_sharing", "meetings", "accounts", "questions", "mail")
    for where in ("/audit", "/audit?page=2", "/audit?kind=report", "/audit?kind=account&page=1"):
        client.get(where)
        for changed in (*((room,) for room in rooms), (history.EVERY_ROOM,)):
            with demo_app.app_context():
                history.record(
                    *(None, "area.created", Subject("area", 1), "例です。"),
                    at=cast.NOW,
                    rooms=changed,
                )
                db.session.commit()
            with counting() as taken:
                assert client.client.get(where).status_code == 200
            assert len(taken) <= (20 if changed == (history.EVERY_ROOM,) else 16), (where, changed)


LISTS = (
    Wanted(),
    Wanted(town="imabetsu"),
    Wanted(kind="report"),
    Wanted(kind="report.saved"),
    Wanted(person=0),
    Wanted(since=cast.TODAY),
    Wanted(town="imabetsu", kind="report", since=cast.TODAY, until=cast.TODAY),
)


def test_a_page_of_the_list_is_read_from_an_index(app: Flask) -> None:
    """No filter reads the table, or sorts the identifiers it leaves: the plan of SQLite says so."""
    plans: list[str] = []

    def explain(connection, _cursor, statement, parameters, *_more) -> None:  # type: ignore[no-untyped-def]
        if "FROM history" in statement and not statement.startswith("EXPLAIN"):
            driver = connection.connection.driver_connection
            found = driver.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            plans.extend(row[3] for row in found)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", explain)
        for wanted in LISTS:
            plans.clear()
            queries.entries(somebody("office"), wanted, 50, 0)
            whole = [one for one in plans if re.search(r"SCAN history(?! USING COVERING)", one)]
            assert (wanted, whole) == (wanted, [])
            # The outer list of 50 alone is put into order.
            assert plans.count("USE TEMP B-TREE FOR ORDER BY") <= 1, (wanted, plans)
            assert any("ix_history" in one for one in plans) or wanted == Wanted(), (wanted, plans)
        event.remove(db.engine, "before_cursor_execute", explain)


def test_the_indexes_come_and_go_with_data(both: Flask) -> None:
    history.record(None, "round.opened", Subject("round", 1), "残る文", at=cast.NOW)
    db.session.commit()
    noted = history.head()
    db.session.rollback()
    names = {one["name"] for one in inspect(db.engine).get_indexes("history")}
    downgrade(revision="0033")
    assert "ix_history_at" in {one["name"] for one in inspect(db.engine).get_indexes("history")}
    upgrade_to()
    assert {one["name"] for one in inspect(db.engine).get_indexes("history")} == names
    assert history.head() == noted
    assert history.verify() is None
