"""The example: complete, honest about what is made up, the same at every second load."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.app_fixtures import copy_database, opened
from tracker.accounts.handover.queries import memos
from tracker.accounts.models import Person, Post
from tracker.accounts.queries import actor_of
from tracker.agreements.models import Agreement, AnnexEntry, Measure
from tracker.annual_duty.queries import agreement_standings
from tracker.cost_sharing.models import CostCase, Share
from tracker.demo import actions
from tracker.demo.commands import demo
from tracker.duties import queries as duties
from tracker.duty.kinds import Kind
from tracker.figures.models import FigureSeries
from tracker.figures.rules import FigureKind
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter, LetterState
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.rules import AgendaKind, Standing
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area, Municipality
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects import queries as projects
from tracker.projects.models import Participation, ProgressReport, Project, ReportingRound
from tracker.projects.rules import ReportState
from tracker.reminders import actions as reminders
from tracker.reminders.models import ClockState

pytestmark = pytest.mark.engines_by_turns

YEAR = FiscalYear(2026)
Counts = dict[str, int]


def counts() -> Counts:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
    }


@contextmanager
def empty_app(home: Path, **changes: object) -> Iterator[Flask]:
    """The application on an empty, migrated SQLite file, inside its context."""
    with opened(copy_database("empty", "sqlite", home), home, **changes) as app, app.app_context():
        yield app


def test_a_second_load_changes_nothing(demo_both: Flask) -> None:
    before, head = counts(), db.session.scalar(select(func.max(HistoryEntry.id)))
    assert before["project"] == 18 and before["agreement"] == 4
    assert actions.load(at=clock.at(date(2031, 7, 1), time(10))) is False
    assert counts() == before
    assert db.session.scalar(select(func.max(HistoryEntry.id))) == head
    assert history.verify() is None


def test_every_sign_in_stands_and_nobody_is_invented(demo_both: Flask) -> None:
    rows = db.session.execute(
        select(Person.email, Person.name, Post.name).join(Post, Post.id == Person.post_id)
    ).all()
    assert {email for email, _, _ in rows} == set(actions.SIGN_INS)
    assert [name for _, name, post in rows if name not in (post, "管理者")] == []
    mailboxes = db.session.scalars(select(Post.email).where(Post.email.is_not(None))).all()
    assert sorted(filter(None, mailboxes)) == sorted(
        ["chief@aomori.example", *(f"secretary@{town.slug}.example" for town in areas.towns())]
    )


def test_the_real_agreement_is_real_and_its_sisters_are_marked(demo_both: Flask) -> None:
    rows = db.session.execute(
        select(Municipality.name, Agreement).join(
            Municipality, Municipality.id == Agreement.party_b_id
        )
    ).all()
    by_town = {row[0]: row[1] for row in rows}
    real = by_town.pop("今別町")
    assert (real.is_example, real.concluded_on) == (False, date(2019, 12, 25))
    assert (real.head_a, real.head_b) == ("小野寺晃彦", "中嶋久")
    assert set(by_town) == {"平内町", "蓬田村", "外ヶ浜町"}
    assert {(one.is_example, one.head_a, one.head_b) for one in by_town.values()} == {
        (True, None, None)
    }
    entries = db.session.scalars(
        select(func.count()).select_from(AnnexEntry).group_by(AnnexEntry.agreement_id)
    ).all()
    assert list(entries) == [15, 15, 15, 15]


def test_every_measure_but_one_has_a_project_and_all_projects_are_marked(demo_both: Flask) -> None:
    without = db.session.scalars(
        select(Measure.title).where(Measure.id.not_in(select(Project.measure_id)))
    ).all()
    assert without == ["地域振興"]
    assert db.session.scalars(select(Project.id).where(Project.is_example.is_(False))).all() == []
    assert db.session.scalar(select(func.count()).select_from(Participation)) == 2 * 79


def test_imabetsu_has_four_reports_left_as_on_the_design_shots(demo_both: Flask) -> None:
    owed = {duty.kind: duty for duty in _owed("officer@imabetsu.example")}
    reports = owed[Kind.REPORT_UNSUBMITTED]
    assert (reports.remaining, reports.total, reports.due_on) == (4, 16, date(2026, 11, 30))
    assert {item.label: item.state for item in reports.items} == {
        "農業研修事業": "差戻し",
        "新しい働き方担い手誘致・東青地域移住促進事業": "下書きあり",
        "在宅医療推進のための共同セミナー開催事業": "未提出",
        "むつ湾広域連携事業（環境）": "未提出",
    }
    assert owed[Kind.POLL_UNANSWERED].due_on == date(2026, 11, 27)
    [cost] = _owed("confirmer@imabetsu.example")
    assert (cost.kind, cost.due_on) == (Kind.COST_UNCONFIRMED, date(2026, 12, 4))
    assert "115,000円" in cost.text


def test_reports_to_check_and_a_letter_that_did_not_arrive(demo_both: Flask) -> None:
    [check] = [one for one in _owed("lead@aomori.example") if one.kind is Kind.REPORT_UNCHECKED]
    owed = {duty.kind: duty for duty in _owed("office@aomori.example")}
    # Two of the six are the section's own: those the office looks at.
    assert (check.remaining, owed[Kind.REPORT_UNCHECKED].remaining) == (4, 2)
    assert owed[Kind.ADDRESS_UNDELIVERABLE].remaining == 1
    lost = db.session.scalars(select(Letter).where(Letter.state == LetterState.UNDELIVERABLE)).one()
    assert (lost.to_email, lost.last_answer) == (
        "secretary@sotogahama.example",
        "宛先がありません（550 5.1.1 no such user）",
    )
    assert [one.kind for one in _owed("officer@yomogita.example")] == [Kind.INSTALMENT_DUE]


def test_nothing_else_is_asked_on_the_day_of_the_design_shots(demo_both: Flask) -> None:
    reports, cost = Kind.REPORT_UNSUBMITTED, Kind.COST_UNCONFIRMED
    check, mend = Kind.REPORT_UNCHECKED, Kind.ADDRESS_UNDELIVERABLE
    due, receipt, notice = Kind.INSTALMENT_DUE, Kind.RECEIPT_UNRECORDED, Kind.PAYMENT_UNNOTICED
    expected = {
        "office@aomori.example": [mend, Kind.MEETING_UNDATED, check, receipt, notice],
        "lead@aomori.example": [check, receipt, reports, notice],
        "confirmer@aomori.example": [],
        "reader@aomori.example": [],
        "admin@aomori.example": [],
        "officer@hiranai.example": [reports, Kind.DECISION_OPEN],
        "confirmer@hiranai.example": [],
        "officer@imabetsu.example": [Kind.POLL_UNANSWERED, due, reports],
        "confirmer@imabetsu.example": [cost],
        "officer@yomogita.example": [due],
        "confirmer@yomogita.example": [],
        "officer@sotogahama.example": [Kind.POLL_UNANSWERED, due, reports],
        "confirmer@sotogahama.example": [cost],
    }
    assert {email: [duty.kind for duty in _owed(email)] for email in expected} == expected


def test_posts_have_their_chiefs_and_their_holders_are_confirmed(demo_both: Flask) -> None:
    posts = {one.id: one for one in db.session.scalars(select(Post).order_by(Post.id))}
    chiefs = [(one.name, posts[one.chief_id].name) for one in posts.values() if one.chief_id]
    assert chiefs == [
        ("連携推進担当", "連携推進課長"),
        ("農業振興センター", "農業振興センター所長"),
        *[("企画担当", "企画課長")] * 4,
    ]
    assert {one.confirmed_year for one in posts.values()} == {2026}
    assert {one.confirmed_by for one in posts.values()} == {
        "青森市 連携推進担当",
        *(f"{town.name} 企画担当" for town in areas.partners()),
    }


def test_every_municipality_s_memo_was_written_before_the_year_began(demo_both: Flask) -> None:
    found = [memo for town in areas.towns() for memo in memos(town.id)]
    assert len(found) == 5 and len({one.cautions for one in found}) == 5
    assert {one.written_on for one in found} == {date(2026, 3, 13)}
    assert all(one.cautions and one.stumbles and one.contacts for one in found)


def test_the_worked_split_comes_out_in_the_example(demo_both: Flask) -> None:
    rows = db.session.execute(
        select(Municipality.name, Share.share_yen)
        .join(Share, Share.municipality_id == Municipality.id)
        .join(CostCase, CostCase.id == Share.case_id)
        .where(CostCase.fiscal_year == 2026, CostCase.number == 4)
        .order_by(Municipality.code)
    )
    assert {row[0]: row[1] for row in rows} == {
        "青森市": 1_964_000,
        "平内町": 168_000,
        "今別町": 115_000,
        "蓬田村": 117_000,
        "外ヶ浜町": 136_000,
    }


def test_the_meeting_is_polling_with_three_of_five(demo_both: Flask) -> None:
    this, last = meetings.find_meeting(YEAR), meetings.find_meeting(YEAR.previous)
    assert this is not None and last is not None
    assert len(this.seats) - len(this.silent) == 3
    assert [one.on.isoformat()[5:] for one in this.dates.values()] == [
        "01-19",
        "01-21",
        "01-28",
        "02-02",
        "02-04",
    ]
    standings = [one.standing for one in agreement_standings(YEAR, cast.TODAY)]
    assert standings == [Standing.POLLING] * 4
    # A deputy came last year: both sides regard the meeting as held, and its minutes are final.
    standings = [one.standing for one in agreement_standings(YEAR.previous, cast.TODAY)]
    assert standings == [Standing.MINUTED] * 4
    # Three of five said before who comes, and what was decided then is on this year's agenda.
    said = {one.slug: one.replied_by for one in last.seats if one.replied_at}
    assert said == {
        "aomori": "青森市 市長秘書",
        "hiranai": "平内町 秘書",
        "yomogita": "蓬田村 秘書",
    }
    [item] = [one for one in agenda.offered(this, cast.TODAY) if one.kind is AgendaKind.DECISIONS]
    assert item.note == "物産展への合同出店について"


def test_last_year_is_confirmed_so_that_texts_can_be_taken_over(demo_both: Flask) -> None:
    last = [one for one in projects.requested_reports(YEAR.previous) if one.period.year == 2025]
    assert len(last) == 2 * 79
    assert {one.state for one in last} == {ReportState.CONFIRMED}
    assert all(one.is_closed for one in last)


def test_nothing_of_the_example_is_ever_mailed(demo_both: Flask) -> None:
    states = db.session.scalars(select(Letter.state).distinct()).all()
    assert set(states) == {LetterState.SENT, LetterState.UNDELIVERABLE}
    assert db.session.scalars(select(Letter.id).where(Letter.note.not_like("%例示"))).all() == []
    done = reminders.run_once()
    assert (done.planned, done.sent) == (0, 0)
    assert not list(Path(demo_both.config["HOME"]).glob("outbox/*.eml"))


def test_the_clock_goes_on_from_the_day_of_the_load(demo_both: Flask) -> None:
    assert db.session.scalars(select(ClockState.watermark_at)).one() == cast.NOW
    with time_machine.travel(clock.at(date(2026, 11, 26), time(9, 1))):
        done = reminders.run_once()
    assert (done.planned, done.sent) == (2, 2)


def _owed(email: str) -> tuple[duties.Duty, ...]:
    return duties.owed(actor_of(email), cast.TODAY)


# One year of the example: before any project, its first day, and on through its table of deeds.
DAYS = [
    ("2020-02-29", 0, Standing.NONE),
    pytest.param("2020-04-01", 0, Standing.NONE, marks=pytest.mark.slow),
    pytest.param("2020-06-15", 0, Standing.NONE, marks=pytest.mark.slow),
    ("2020-10-20", 1, Standing.NONE),
    pytest.param("2020-11-24", 1, Standing.POLLING, marks=pytest.mark.slow),
    pytest.param("2021-02-10", 1, Standing.HELD, marks=pytest.mark.slow),
    ("2021-03-31", 2, Standing.MINUTED),
]
# With the year before it: holidays and weekends fall otherwise each time.
LATER_DAYS = [
    "2024-02-29",
    "2028-02-29",
    "2033-10-20",
    "2037-06-15",
    "2040-12-31",
    *(f"{year}-03-31" for year in range(2022, 2041, 3)),
]


@pytest.mark.parametrize(("day", "rounds", "standing"), DAYS)
def test_the_example_stands_on_that_day_as_the_year_has_come(
    day: str, rounds: int, standing: Standing, tmp_path: Path
) -> None:
    today = date.fromisoformat(day)
    with loaded_on(today, tmp_path):
        halves = db.session.scalars(select(ReportingRound.half)).all()
        assert set(halves) == set([Half.H1, Half.FY][:rounds])
        found = agreement_standings(FiscalYear.containing(today), today)
        assert [one.standing for one in found] == [standing] * 4


@pytest.mark.slow
@pytest.mark.parametrize("day", LATER_DAYS)
def test_the_example_stands_on_any_day_up_to_2040(day: str, tmp_path: Path) -> None:
    with loaded_on(date.fromisoformat(day), tmp_path):
        reports = db.session.scalar(select(func.count()).select_from(ProgressReport))
        assert reports is not None and reports >= 79


@contextmanager
def loaded_on(day: date, home: Path) -> Iterator[None]:
    """The example on that day: nothing of it lies in the future, nothing waits to be sent."""
    at = clock.at(day, time(10))
    with time_machine.travel(at), empty_app(home):
        assert actions.load(at=at)
        assert history.verify() is None
        assert db.session.scalar(select(func.max(HistoryEntry.at))) <= at
        assert not db.session.scalars(
            select(Letter.id).where((Letter.send_at > at) | (Letter.state == LetterState.QUEUED))
        ).all()
        yield


def test_a_load_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    with empty_app(tmp_path):
        in_the_way = FigureSeries(
            kind=FigureKind.POPULATION,
            name="平成27年国勢調査",
            unit="人",
            as_of_on=date(2015, 10, 1),
            source="試験",
            entered_at=cast.NOW,
        )
        db.session.add(in_the_way)
        db.session.commit()
        before, at = counts(), clock.at(date(2020, 4, 1), time(10))
        # By then area, people and agreements have been entered, each with a commit of its own.
        with pytest.raises(Refusal, match="「平成27年国勢調査」はすでに登録されています"):
            actions.load(at=at)
        assert counts() == before
        db.session.delete(in_the_way)
        db.session.commit()
        assert actions.load(at=at)


def test_the_example_is_refused_beside_a_real_area(both: Flask) -> None:
    db.session.scalars(select(Area)).one().is_example = False
    db.session.commit()
    areas.forget()
    before = counts()
    with pytest.raises(Refusal, match="空のデータベースにだけ"):
        actions.load(at=cast.NOW)
    assert counts() == before


def test_the_example_is_refused_before_the_agreements(tmp_path: Path) -> None:
    with empty_app(tmp_path), pytest.raises(Refusal, match="令和元年12月25日"):
        actions.load(at=clock.at(date(2019, 12, 24), time(10)))


def test_the_command_says_what_it_did(demo_both: Flask, tmp_path: Path) -> None:
    done = CliRunner().invoke(demo, ["load", "--on", "2026-04-01"])
    assert (done.exit_code, done.output) == (
        0,
        "例は、すでに読み込まれています。何も変えていません。\n",
    )


def test_the_command_loads_a_day_and_names_the_sign_ins(tmp_path: Path) -> None:
    with empty_app(tmp_path):
        done = CliRunner().invoke(demo, ["load", "--on", "2020-02-29"])
        assert done.exit_code == 0, done.output
        assert [line for line in done.output.split() if "@" in line] == list(actions.SIGN_INS)
        assert done.output.count(cast.PASSWORD) == 1
