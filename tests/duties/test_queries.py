"""The duties of real rows on the days of a year; how many queries they take; the command."""

import json
from datetime import date, time, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from tests import cast
from tests.cost_sharing import makers as costs
from tests.meetings import makers as meetings
from tests.projects import makers as projects
from tracker.accounts.handover import actions as handover
from tracker.accounts.handover.actions import Words
from tracker.duties import queries
from tracker.duties.commands import duties as command
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Actor
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Candidate
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import ProjectYear, ReportingRound
from tracker.projects.reports import actions as report_actions
from tracker.projects.rules import YearMark

pytestmark = pytest.mark.engines_by_turns

ARTICLE_5 = Kind.MEETING_UNPLANNED
PARTNERS = ("hiranai", "imabetsu", "yomogita", "sotogahama")


def open_kinds(day: date, municipality: str = "aomori") -> set[Kind]:
    """The kinds a municipality owes on a day."""
    return {duty.kind for duty in _owed(day) if duty.owner.municipality == municipality}


def _owed(day: date) -> list[Duty]:
    return [duty for duty in queries.all_duties(day) if not duty.is_done]


def one(kind: Kind, day: date, municipality: str = "aomori") -> Duty:
    """The one duty of a kind that a municipality owes."""
    [found] = [
        duty for duty in _owed(day) if (duty.kind, duty.owner.municipality) == (kind, municipality)
    ]
    return found


def at(day: date) -> object:
    return clock.at(day, time(10))


# Day -> what the office owes where a project runs in FY2026 and 2027 and nothing else was done.
# Everybody was confirmed for FY2026.
DAYS = [
    (date(2026, 4, 1), {ARTICLE_5}),
    (date(2026, 9, 30), {ARTICLE_5}),
    (date(2026, 10, 1), {ARTICLE_5, Kind.ROUND_UNOPENED}),
    (date(2027, 2, 28), {ARTICLE_5, Kind.ROUND_UNOPENED}),
    (date(2027, 3, 1), {ARTICLE_5, Kind.ROUND_UNOPENED, Kind.HANDOVER_UNWRITTEN}),
    (date(2027, 3, 31), {ARTICLE_5, Kind.ROUND_UNOPENED, Kind.HANDOVER_UNWRITTEN}),
    (date(2027, 4, 1), {ARTICLE_5, Kind.ROUND_UNOPENED, Kind.PERSON_UNCONFIRMED}),
    (date(2027, 6, 1), {ARTICLE_5, Kind.ROUND_UNOPENED, Kind.PERSON_UNCONFIRMED}),
]


def test_what_is_owed_comes_and_goes_with_the_days_of_the_year(both: Flask) -> None:
    made = projects.make_project()
    db.session.add(ProjectYear(project_id=made.id, fiscal_year=2027))
    db.session.commit()
    assert [(day, open_kinds(day)) for day, _ in DAYS] == DAYS
    # A town has no rounds to open and no meeting to prepare.
    towns = [(day, {Kind.HANDOVER_UNWRITTEN, Kind.PERSON_UNCONFIRMED} & owed) for day, owed in DAYS]
    assert [(day, open_kinds(day, "imabetsu")) for day, _ in DAYS] == towns


def test_a_round_is_asked_for_from_the_day_its_half_is_over(both: Flask) -> None:
    projects.make_project()
    half = one(Kind.ROUND_UNOPENED, date(2026, 10, 1))
    assert (half.key, half.due_on) == ("round_unopened:2026-h1:aomori", date(2026, 10, 15))
    assert half.known_since == clock.at(date(2026, 10, 1), time.min)
    year = one(Kind.ROUND_UNOPENED, date(2027, 4, 1))
    assert (year.key, year.due_on) == ("round_unopened:2026-fy:aomori", date(2027, 4, 15))
    projects.make_round()
    assert Kind.ROUND_UNOPENED not in open_kinds(date(2026, 11, 24))


def test_no_round_is_asked_for_where_the_year_s_projects_were_called_off(both: Flask) -> None:
    projects.make_project()
    db.session.execute(update(ProjectYear).values(mark=YearMark.SKIPPED))
    db.session.commit()
    assert Kind.ROUND_UNOPENED not in open_kinds(date(2026, 11, 24))


def test_a_project_shared_last_year_is_to_be_talked_over_again(both: Flask) -> None:
    project = costs.make_project()
    costs.make_agreed()
    next_year = date(2027, 4, 1)
    assert Kind.COST_UNSTARTED not in open_kinds(next_year)
    db.session.add(ProjectYear(project_id=project.id, fiscal_year=2027))
    db.session.commit()
    duty = one(Kind.COST_UNSTARTED, next_year)
    assert (duty.remaining, duty.due_on) == (1, date(2028, 1, 31))
    assert duty.url == f"/costs/new?fy=2027&project={project.id}"
    db.session.execute(
        update(ProjectYear).where(ProjectYear.fiscal_year == 2027).values(mark=YearMark.SKIPPED)
    )
    db.session.commit()
    assert Kind.COST_UNSTARTED not in open_kinds(next_year)


def test_a_draft_is_to_be_sent_until_it_is(both: Flask) -> None:
    case = costs.make_ready()
    duty = one(Kind.COST_UNSENT, cast.TODAY)
    assert (duty.due_on, duty.url, duty.remaining) == (date(2027, 2, 26), case.no.path, 1)
    assert duty.known_since == cast.NOW
    # A year that is over does not send it either.
    assert one(Kind.COST_UNSENT, date(2027, 4, 1)).due_on == date(2027, 2, 26)
    costs.make_sent()
    assert one(Kind.COST_UNSENT, cast.TODAY).remaining == 1


def test_what_was_agreed_as_an_estimate_is_to_be_reconciled_by_the_end_of_may(both: Flask) -> None:
    costs.make_agreed()
    assert Kind.COST_UNRECONCILED not in open_kinds(date(2027, 3, 31))
    duty = one(Kind.COST_UNRECONCILED, date(2027, 4, 1))
    assert (duty.due_on, duty.remaining) == (date(2027, 5, 31), 1)


def test_confirmations_are_known_by_the_end_of_the_day_they_were_sent_on(both: Flask) -> None:
    costs.make_sent()
    duty = one(Kind.COST_UNCONFIRMED, cast.TODAY, "imabetsu")
    assert duty.known_since == clock.at(cast.TODAY, time.max)


def test_a_poll_is_known_since_it_was_sent_or_dates_were_added_for_who_had_answered(
    both: Flask,
) -> None:
    meeting = meetings.make_meeting()
    meetings.make_answers(meeting, {"imabetsu": "○○○○○"})
    later = cast.NOW + timedelta(hours=5)
    more = [Candidate(date(2027, 2, 9), time(14), time(15, 30))]
    poll_actions.add_dates(Act(None, later), meeting, more, meetings.DUE)
    asked_again = one(Kind.POLL_UNANSWERED, cast.TODAY, "imabetsu")
    silent = one(Kind.POLL_UNANSWERED, cast.TODAY, "yomogita")
    assert (asked_again.known_since, silent.known_since) == (later, cast.NOW)
    assert one(Kind.MEETING_UNDATED, cast.TODAY).known_since == cast.NOW


def test_a_report_that_came_back_is_known_since_then(both: Flask) -> None:
    made = projects.make_project()
    projects.make_round()
    opened_at = one(Kind.REPORT_UNSUBMITTED, cast.TODAY, "imabetsu").known_since
    assert opened_at == db.session.scalars(select(ReportingRound.opened_at)).one()
    where = projects.report_of(made)
    projects.submit(where)
    later = cast.NOW + timedelta(hours=5)
    report_actions.return_report(Act(costs.somebody("lead"), later), where, "名簿では7人です。")
    back = one(Kind.REPORT_RETURNED, cast.TODAY, "imabetsu")
    assert (back.known_since, back.due_on) == (later, date(2026, 12, 1))


def test_people_are_confirmed_once_the_town_has_said_so(both: Flask, actor) -> None:
    april = date(2027, 4, 5)
    duty = one(Kind.PERSON_UNCONFIRMED, april, "imabetsu")
    assert (duty.remaining, duty.total, duty.due_on) == (3, 3, date(2027, 4, 30))
    assert (duty.to_role, one(Kind.PERSON_UNCONFIRMED, april).to_role) == ("officer", "office")
    handover.confirm_people(Act(actor("officer", "imabetsu"), at(april)))
    assert Kind.PERSON_UNCONFIRMED not in open_kinds(april, "imabetsu")
    assert Kind.PERSON_UNCONFIRMED in open_kinds(april, "hiranai")


def test_a_memo_counts_for_the_year_in_which_it_was_written(both: Flask, actor) -> None:
    officer: Actor = actor("officer", "imabetsu")
    words = Words("名簿を先に数える。", "", "")
    memo = handover.write_memo(Act(officer, at(date(2027, 3, 3))), words)
    assert Kind.HANDOVER_UNWRITTEN not in open_kinds(date(2027, 3, 4), "imabetsu")
    assert Kind.HANDOVER_UNWRITTEN in open_kinds(date(2028, 3, 4), "imabetsu")
    handover.write_memo(Act(officer, at(date(2028, 3, 5))), words, memo.seen)
    assert Kind.HANDOVER_UNWRITTEN not in open_kinds(date(2028, 3, 6), "imabetsu")


@pytest.mark.parametrize(
    ("day", "kind", "due_on", "post"),
    [
        ("2027-03-10", "handover_unwritten", "2027-03-31", "officer"),
        ("2027-04-10", "person_unconfirmed", "2027-04-30", "officer"),
    ],
)
def test_the_command_tells_what_march_and_april_ask(
    both: Flask, day: str, kind: str, due_on: str, post: str
) -> None:
    done = CliRunner().invoke(command, ["--on", day, "--json"])
    assert done.exit_code == 0, done.output
    rows = [row for row in json.loads(done.output) if row["kind"] == kind]
    assert [row["municipality"] for row in rows] == [name for _, _, name, *_ in cast.TOWNS]
    assert rows[2] == {
        "key": f"{kind}:{2027 if kind == 'person_unconfirmed' else 2026}:imabetsu",
        "kind": kind,
        "article": 4,
        "agreement": None,
        "municipality": "今別町",
        "post": post,
        "due_on": due_on,
        "state": "open",
        "url": "/handover",
        "remaining": 3 if kind == "person_unconfirmed" else 1,
    }
    [other] = {"handover_unwritten", "person_unconfirmed"} - {kind}
    states = {row["state"] for row in json.loads(done.output) if row["kind"] == other}
    assert states <= {"done"}
