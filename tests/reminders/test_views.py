"""通知: what will be sent, what was sent, a page a letter."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from flask import Flask, render_template
from sqlalchemy import Engine, event, func, select, update

from tests.pages import MOST_QUERIES
from tests.reminders.makers import make_round
from tracker.history import history
from tracker.history.history import Subject
from tracker.mail.letters import Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import ReportingRound
from tracker.reminders import actions, commands
from tracker.reminders.models import LetterItem
from tracker.reminders.notices.queries import PER_PAGE, STATES

MOST_AFTER_A_CHANGE = 16


@pytest.fixture
def planned(app, now):
    """A round is open, and the reminders of 27 November were sent as files."""
    with app.app_context():
        make_round()
    now.shift(3 * 24 * 3600)
    with app.app_context():
        actions.run_once()
        db.session.remove()
    return app


def test_what_will_be_sent_stands_with_day_people_and_words(app, browse):
    with app.app_context():
        make_round()
    page = browse("office").get("/notices")
    rows = [row.get_text(" ", strip=True) for row in page.one("table").select("tbody tr")]
    assert rows[0].startswith("11月27日（金） 9時 上期の進捗報告\u3000期限3日前 平内町 企画担当")
    assert "【あと3日】上期の進捗報告（残り2事業）のお願い" in page.one(".letter").get_text()


def test_a_far_day_stored_before_it_was_refused_takes_no_page_down(app, browse):
    with app.app_context():
        make_round()
        db.session.execute(update(ReportingRound).values(due_on=date(9999, 12, 28)))
        db.session.commit()
    for role in ("office", "officer"):
        person = browse(role, "aomori" if role == "office" else "imabetsu")
        for address in ("/notices", "/", "/reports/2026-h1"):
            assert person.get(address).status == 200


def test_a_town_sees_its_own_letters_only(planned, browse):
    assert len(browse("office").get("/notices").all("table")[-1].select("tbody tr")) == 4
    own = browse("officer", "imabetsu").get("/notices").all("table")[-1]
    assert [r.select("td")[1].get_text(strip=True) for r in own.select("tbody tr")] == [
        "今別町 企画担当"
    ]


def test_another_town_s_letter_is_refused(planned, browse):
    page = browse("officer", "imabetsu").get("/notices")
    own = page.all("table")[-1].select_one("tbody a")["href"]
    assert "送信済み" in browse("officer", "imabetsu").get(own).text
    assert "だけが使えます" in browse("officer", "yomogita").get(own, status=403).text


def test_an_undeliverable_letter_is_mended_and_sent_again(planned, browse):
    with planned.app_context():
        db.session.execute(
            update(Letter)
            .where(Letter.to_email == "officer@imabetsu.example")
            .values(state=LetterState.UNDELIVERABLE, last_answer="550 5.1.1 no such user")
        )
        db.session.commit()
        letter_id = db.session.scalar(
            select(Letter.id).where(Letter.state == LetterState.UNDELIVERABLE)
        )
    office = browse("office")
    assert "1件のメールが届いていません" in office.get("/notices").text
    wrong = office.fill(f"/notices/{letter_id}", {"email": "今別町"})
    assert wrong.status == 422
    assert "半角で入力してください" in wrong.one(".error-summary").get_text()
    assert wrong.fields()["email"] == "今別町"
    done = office.fill(f"/notices/{letter_id}", {"email": "kikaku@imabetsu.example"})
    assert "送信待ち" in office.follow(done).text
    with planned.app_context():
        actions.run_once()
        letter = db.session.get(Letter, letter_id)
        assert (letter.state, letter.to_email) == (LetterState.SENT, "kikaku@imabetsu.example")


def test_a_letter_that_arrived_cannot_be_sent_again(planned, browse):
    office = browse("office")
    first = office.get("/notices").all("table")[-1].select_one("tbody a")["href"]
    token = office.get(first).html.select_one("input[name=csrf_token]")["value"]
    assert office.post(first, {"csrf_token": token, "email": "a@b.example"}).status == 403


def test_a_clock_that_stopped_is_said_on_every_page(planned, browse, now):
    assert "通知係が止まっています" not in browse("reader").get("/admin/bases").text
    now.shift(11 * 60)
    assert "通知係が止まっています" in browse("reader").get("/admin/bases").text


def write_more(app: Flask, count: int) -> None:
    """So many more letters like the first, each state among them, and as many mentions passed over."""
    with app.app_context():
        first = db.session.scalars(select(Letter)).first()
        columns = {one.key for one in Letter.__table__.columns} - {
            "id",
            "key",
            "message_id",
            "state",
        }
        same = {name: getattr(first, name) for name in columns}
        states = [LetterState.SENT, *STATES]
        for number in range(count):
            db.session.add(
                Letter(
                    **same,
                    key=f"more:{number}",
                    message_id=f"<{number}@more>",
                    state=states[number % len(states)],
                )
            )
            db.session.add(
                LetterItem(
                    duty_key=f"more:{number}",
                    step="-3d@20261130",
                    to_key="person:1",
                    due_at=first.send_at,
                    state=LetterState.SKIPPED,
                    title="上期の進捗報告",
                )
            )
        db.session.commit()


def test_the_page_takes_the_same_queries_for_many_letters(planned, browse):
    office = browse("office")

    def queries() -> tuple[int, int]:
        """How many right after a change, and how many then."""
        with planned.app_context():
            history.record(
                *(None, "round.opened", Subject("round", 1), "依頼しました。"),
                at=clock.now(),
                rooms=["projects"],
            )
            db.session.commit()
        return tuple(len(office.piece("/notices").queries) for _ in range(2))

    office.get("/notices")
    few = queries()
    write_more(planned, 160)
    assert queries() == few
    assert few[0] <= MOST_AFTER_A_CHANGE
    assert few[1] <= MOST_QUERIES


def test_each_state_is_listed_and_counted(planned, browse):
    write_more(planned, 160)
    office = browse("office")

    for state, number in ((LetterState.SENT, 44), (LetterState.RESENT, 20)):
        page = office.get(f"/notices?state={state}")
        [card] = [one for one in page.all(".card") if "送った記録" in one.get_text()]
        assert f"{number}通" in card.get_text()
        rows = card.select("tbody tr")
        assert {row.select("td")[-1].get_text(strip=True) for row in rows} == {state.label}
        assert len(rows) == PER_PAGE


# What these indexes hold is few, whatever was sent in former years.
OF_FEW = re.compile("COVERING INDEX|INDEX ix_letter_(open|lost|held|not_sent)")


# The list of what was sent walks the letters by their day and stops after a page.
def test_no_list_of_letters_reads_those_of_former_years(planned, browse):
    write_more(planned, 160)
    for client in (browse("office"), browse("officer", "imabetsu")):
        client.get("/notices")
        for state in ("", *(one for one in STATES if one is not LetterState.SENT)):
            with plans() as found:
                assert client.piece(f"/notices?state={state}").status == 200
            scans = [line for line in found if re.match("SCAN letter(_item)?\\b", line)]
            assert [line for line in scans if not OF_FEW.search(line)] == [], state
            assert [line for line in found if line.startswith("SEARCH letter")], state


@contextmanager
def plans() -> Iterator[list[str]]:
    """How SQLite carries out the statements run inside about letters."""
    found: list[str] = []

    def explain(connection, _cursor, statement, values, *_) -> None:
        if "FROM letter" in statement and not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            found.extend(row.detail for row in plan)

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def test_the_commands_preview_and_run_a_day(app):
    with app.app_context():
        make_round()
        runner = CliRunner()
        seen = runner.invoke(commands.reminders, ["preview", "--on", "2026-11-27", "--json"])
        rows = json.loads(seen.output)
        assert [row["to"] for row in rows][:1] == ["officer@hiranai.example"]
        assert rows[0]["send_at"] == "2026-11-27T09:00:00+09:00"
        assert set(rows[0]) == {"to", "send_at", "subject", "body", "items"}
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 0
        ran = runner.invoke(commands.reminders, ["run", "--on", "2026-11-27", "--json"])
        assert json.loads(ran.output) == {
            "planned": 4,
            "sent": 4,
            "retrying": 0,
            "undeliverable": 0,
            "skipped": 0,
        }


def rows(page, caption: int = 0) -> list[str]:
    """The rows of a page's table, as read."""
    return [r.get_text(" ", strip=True) for r in page.all("table")[caption].select("tbody tr")]


def press(client, page, label: str):
    """Presses a button of a small form on the page."""
    form = next(f for f in page.all("main form") if label in f.get_text())
    fields = {box["name"]: box.get("value", "") for box in form.select("input[name]")}
    # Each press stands for a page opened anew: the same key again would be the same press.
    del fields["once"]
    return client.post(form["action"], fields)


def test_one_mention_is_skipped_and_the_later_ones_stay(app, browse, now):
    with app.app_context():
        make_round()
    office = browse("office")
    page = office.get("/notices")
    assert "期限3日前" in rows(page)[0]
    after = office.follow(press(office, page, "今回は送らない"))
    assert "今回は送らないことにしました" in after.text
    assert rows(after)[0].startswith("11月27日（金） 9時 上期の進捗報告\u3000期限3日前")
    assert "見送り" in rows(after)[0]
    assert "期限を過ぎた方へ" in rows(after)[1]
    now.shift(3 * 24 * 3600)
    with app.app_context():
        assert actions.run_once().planned == 0
        db.session.remove()
    now.shift(4 * 24 * 3600)
    with app.app_context():
        # And the record's head to five.
        assert actions.run_once().planned == 4 + 5
        db.session.remove()


def test_a_try_goes_to_oneself_only(app, browse):
    with app.app_context():
        make_round()
    office = browse("office")
    after = office.follow(press(office, office.get("/notices"), "自分あてに試し送り"))
    assert "office@aomori.example あてに試し送りをしました" in after.text
    with app.app_context():
        [letter] = db.session.scalars(select(Letter)).all()
        assert letter.to_email == "office@aomori.example"
        assert letter.subject.startswith("【試し送り】【あと3日】")
        assert letter.state is LetterState.QUEUED


def test_changed_days_change_what_is_sent(app, browse):
    with app.app_context():
        make_round()
    office = browse("office")
    path = "/notices/rules/report_unsubmitted"
    changes = {f"steps-{place}-days": "" for place in range(1, 6)} | {"steps-0-days": "４"}
    done = office.fill(path, {**changes, "hour": "13"})
    listed = next(row for row in rows(office.follow(done)) if "進捗報告の提出" in row)
    assert "期限4日前 13時" in listed
    assert rows(office.get("/notices"))[0].startswith("11月26日（木） 13時")


def test_a_kind_turned_off_is_not_mentioned(app, browse, now):
    with app.app_context():
        make_round()
    office = browse("office")
    page = office.get("/notices/rules/report_unsubmitted")
    fields = {k: v for k, v in page.fields().items() if k != "is_on"}
    office.post("/notices/rules/report_unsubmitted", fields)
    now.shift(3 * 24 * 3600)
    with app.app_context():
        assert actions.run_once().planned == 0


def test_wrong_days_get_a_sentence_and_change_nothing(browse):
    office = browse("office")
    before = office.get("/notices/rules").text
    for days, sentence in (
        ("三日", "日数は数字で入力してください"),
        ("7", "同じ日が2回あります"),
        ("300", "0から200まで"),
    ):
        page = office.fill("/notices/rules/report_unsubmitted", {"steps-0-days": days})
        assert page.status == 422
        assert sentence in page.one(".error-summary").get_text()
    assert office.get("/notices/rules").text == before


def test_days_that_another_set_meanwhile_are_shown_beside_ones_own(browse):
    first, second = browse("office"), browse("office")
    path = "/notices/rules/report_unsubmitted"
    stale = {**second.get(path).fields(), "hour": "15"}
    assert first.fill(path, {"hour": "10", "steps-0-days": "20"}).status == 302
    page = second.post(path, stale)
    assert page.status == 409
    assert "ほかの画面で11月24日 10:" in page.one(".error-summary").get_text()
    rows = [
        [cell.get_text(strip=True) for cell in row.select("th, td")]
        for row in page.all(".card-late tbody tr")
    ]
    assert rows == [["時刻", "15時", "10時"], ["1番目の日数", "14", "20"]]
    assert page.fields()["hour"] == "15"
    assert second.post(path, page.fields()).status == 302
    assert second.get(path).fields()["hour"] == "15"


def test_a_town_reads_the_days_and_cannot_change_them(browse):
    officer = browse("officer", "imabetsu")
    days = "期限14日前、 期限7日前、 期限3日前、 期限の1開庁日後、 期限の3開庁日後（上司へ）"
    assert days in officer.get("/notices/rules").text
    officer.get("/notices/rules/report_unsubmitted", status=403)


def test_letters_put_into_a_folder_are_not_said_to_be_sent(app):
    with app.test_request_context("/notices"):
        progress = SimpleNamespace(left=0, gone=22)
        told = [
            render_template("reminders/_progress.html", progress=progress, folder=folder)
            for folder in (None, "/outbox")
        ]
    assert "この10分に 22通をお送りしました" in told[0]
    assert "お送りしました" not in told[1] and "メールは送っていません" in told[1]
