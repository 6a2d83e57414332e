"""Article 5 per agreement as meetings go on, and how the parties see them, on both engines."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from tests import cast
from tests.meetings.makers import (
    ALL_HEADS,
    DEPUTY,
    ON_THE_DAY,
    YEAR,
    dates_of,
    make_answers,
    make_fixed,
    make_held,
    make_meeting,
    seat_of,
)
from tracker.agreements.models import Agreement
from tracker.annual_duty.actions import view_as_held
from tracker.annual_duty.queries import agreement_standings, article_five_owed
from tracker.kernel.refusal import Refusal
from tracker.meetings import actions, queries
from tracker.meetings.rules import Attendance, Standing
from tracker.plumbing import clock
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]
DAY = date(2027, 1, 28)
NONE, POLLING, FIXED, NOTICED, HELD, _MINUTED, MISSED, _UNRECORDED = Standing


def standings(today=DAY):
    found = agreement_standings(YEAR, today)
    return {one.parties[-1].slug: one.standing for one in found}


def agreement_with(slug):
    found = agreement_standings(YEAR, DAY)
    return next(one.agreement_id for one in found if one.parties[-1].slug == slug)


def view(meeting, slug, is_held, by, at=ON_THE_DAY):
    view_as_held(Act(by, at), meeting, agreement_with(slug), is_held)


def test_every_agreement_stands_where_the_meeting_stands():
    four = ("hiranai", "imabetsu", "yomogita", "sotogahama")
    assert standings(cast.TODAY) == dict.fromkeys(four, NONE)
    [article] = article_five_owed(YEAR, cast.TODAY)
    assert article.path == "/meetings" and queries.meetings(YEAR) == ()
    assert [one.slug for one in article.agreements[1].parties] == ["aomori", "imabetsu"]
    meeting = make_meeting()
    assert standings(cast.TODAY) == dict.fromkeys(four, POLLING)
    make_answers(meeting)
    actions.fix(Act(None, cast.NOW), meeting, dates_of(meeting)[2], "")
    assert standings(cast.TODAY) == dict.fromkeys(four, FIXED)
    actions.send_notice(Act(None, cast.NOW), meeting, "", "議題は追って。")
    assert standings(cast.TODAY) == dict.fromkeys(four, NOTICED)
    actions.record_attendance(Act(None, ON_THE_DAY), meeting, ALL_HEADS)
    assert standings() == dict.fromkeys(four, HELD)
    labels = [one.label for one in agreement_standings(YEAR, DAY)]
    assert labels == ["青森市・平内町", "青森市・今別町", "青森市・蓬田村", "青森市・外ヶ浜町"]


def test_a_deputy_completes_nothing_until_both_parties_record_so(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    assert standings() == {
        **dict.fromkeys(("hiranai", "yomogita", "sotogahama"), HELD),
        "imabetsu": FIXED,
    }
    with pytest.raises(Refusal, match="この協約の当事者だけが記録できます。"):
        view(meeting, "imabetsu", True, actor("officer", "hiranai"))
    with pytest.raises(Refusal, match="双方の長が出席しています。"):
        view(meeting, "hiranai", True, actor("officer", "hiranai"))
    view(meeting, "imabetsu", True, actor("office"))
    assert standings()["imabetsu"] is FIXED
    view(meeting, "imabetsu", False, actor("officer", "imabetsu"))
    assert standings()["imabetsu"] is FIXED
    view(meeting, "imabetsu", True, actor("confirmer", "imabetsu"))
    assert standings()["imabetsu"] is HELD


def test_a_view_recorded_after_the_year_still_counts(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    april = datetime(2027, 4, 2, 1, 0, tzinfo=UTC)
    assert standings(date(2027, 4, 2))["imabetsu"] is MISSED
    for by in (actor("office"), actor("officer", "imabetsu")):
        view(meeting, "imabetsu", True, by, april)
    assert standings(date(2027, 4, 2))["imabetsu"] is HELD


def test_the_hubs_deputy_leaves_all_four_agreements_to_the_parties(actor):
    meeting = make_held({"aomori": (Attendance.DEPUTY, "副市長")}, ON_THE_DAY)
    assert set(standings().values()) == {FIXED}
    for slug in ("hiranai", "yomogita"):
        view(meeting, slug, True, actor("office"))
    view(meeting, "hiranai", True, actor("officer", "hiranai"))
    assert [slug for slug, state in standings().items() if state is HELD] == ["hiranai"]


def test_an_agreement_counts_from_its_signing_to_its_end():
    ended = db.session.scalars(select(Agreement).order_by(Agreement.id)).all()[1]
    ended.ended_on = date(2026, 9, 30)
    db.session.flush()
    assert list(standings(cast.TODAY)) == ["hiranai", "yomogita", "sotogahama"]
    assert len(agreement_standings(YEAR.previous, cast.TODAY)) == 4
    assert agreement_standings(type(YEAR)(2018), cast.TODAY) == ()


def test_other_meetings_of_the_year_leave_article_5_alone():
    yearly = make_meeting()
    other = make_meeting(is_yearly=False)
    assert queries.find_meeting(YEAR).id == yearly.id
    actions.cancel(Act(None, cast.NOW), yearly, "大雪のため")
    assert set(standings(cast.TODAY).values()) == {NONE}
    assert [one.id for one in queries.meetings(YEAR)] == [other.id, yearly.id]
    assert queries.of(yearly).cancelled_at == cast.NOW
    [article] = article_five_owed(YEAR, cast.TODAY)
    assert (article.path, article.meeting) == ("/meetings", None)
    assert queries.of(other).stage is POLLING
    make_meeting()


def test_each_party_overwrites_only_what_it_saw_of_its_own_view(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    office = Act(actor("office"), ON_THE_DAY)
    agreement = agreement_with("imabetsu")
    view_as_held(office, meeting, agreement, True, seen="0")
    officer = Act(actor("officer", "imabetsu"), ON_THE_DAY)
    view_as_held(officer, meeting, agreement, True, seen="0")
    with pytest.raises(Conflict, match="ほかの画面で"):
        view_as_held(office, meeting, agreement, False, seen="0")


def test_last_years_meeting_is_told_of_until_it_is_recorded_and_held():
    meeting = make_fixed()
    april = date(2027, 4, 2)
    last, this = article_five_owed(YEAR.next, april)
    assert (last.year, last.meeting.fixed_on, this.year) == (YEAR, DAY, YEAR.next)
    at = clock.at(april, ON_THE_DAY.time())
    actions.record_attendance(Act(None, at), meeting, {**ALL_HEADS, **DEPUTY})
    assert article_five_owed(YEAR.next, april)[0].meeting.attendance_at
    assert seat_of(meeting, "imabetsu").attended == "代理（副町長）"
    actions.record_attendance(Act(None, at), meeting, ALL_HEADS)
    assert [one.year for one in article_five_owed(YEAR.next, april)] == [YEAR.next]
    # What was wrong is mended by that.
    assert seat_of(meeting, "imabetsu").attended == "本人"
