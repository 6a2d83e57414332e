"""Fixing, notice, attendance and Article 5 per agreement, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import cast
from tests.meetings.makers import (
    ALL_HEADS,
    DATES,
    DEPUTY,
    DUE,
    ON_THE_DAY,
    YEAR,
    letters,
    make_answers,
    make_fixed,
    make_held,
    make_meeting,
    sheet_of,
)
from tracker.agreements.models import Agreement
from tracker.kernel.refusal import Refusal
from tracker.meetings import actions, queries
from tracker.meetings.poll import queries as poll
from tracker.meetings.rules import Attendance, Standing
from tracker.plumbing import clock
from tracker.plumbing.db import db

pytestmark = pytest.mark.usefixtures("both")
DAY = date(2027, 1, 28)
NONE, POLLING, FIXED, NOTICED, HELD, _MINUTED, MISSED = Standing


def standings(today=DAY):
    return {slug: state for _label, slug, state in queries.year_standing(YEAR, today)}


def agreement_with(slug):
    bond = next(one for one in queries.bonds(YEAR, DAY) if one.parties[-1].slug == slug)
    return bond.agreement_id


def view(meeting, slug, is_held, by, at=ON_THE_DAY):
    actions.view_as_held(meeting, agreement_with(slug), is_held, by=by, at=at)


def test_every_agreement_stands_where_the_meeting_stands():
    four = ("hiranai", "imabetsu", "yomogita", "sotogahama")
    assert standings(cast.TODAY) == dict.fromkeys(four, NONE)
    meeting = make_meeting()
    assert standings(cast.TODAY) == dict.fromkeys(four, POLLING)
    make_answers(meeting)
    actions.fix(meeting, sheet_of(meeting).candidates[2].id, "", by=None, at=cast.NOW)
    assert standings(cast.TODAY) == dict.fromkeys(four, FIXED)
    actions.send_notice(meeting, "", "議題は追って。", by=None, at=cast.NOW)
    assert standings(cast.TODAY) == dict.fromkeys(four, NOTICED)
    actions.record_attendance(meeting, ALL_HEADS, by=None, at=ON_THE_DAY)
    assert standings() == dict.fromkeys(four, HELD)
    labels = [label for label, _slug, _state in queries.year_standing(YEAR, DAY)]
    assert labels == ["青森市・平内町", "青森市・今別町", "青森市・蓬田村", "青森市・外ヶ浜町"]


def test_fixing_tells_the_secretaries_and_the_officers():
    make_fixed()
    told = letters("poll_fixed")
    assert len(told) == 9
    assert {one.to_email.split("@")[0] for one in told} == {"secretary", "officer"}
    assert told[0].subject == "【日程決定】令和8年度 市町村長会議は1月28日（木）14時です"
    assert "　日時　令和9年1月28日（木）14時〜15時30分" in told[0].body


def test_a_refused_date_is_fixed_only_with_a_written_reason():
    meeting = make_meeting()
    make_answers(meeting)
    first = sheet_of(meeting).candidates[0].id
    with pytest.raises(Refusal, match="平内町が「出席できない」と答えた日です。") as refusal:
        actions.fix(meeting, first, " ", by=None, at=cast.NOW)
    assert refusal.value.field == "reason"
    db.session.rollback()
    assert meeting.held_on is None
    actions.fix(meeting, first, "平内町長に了承をいただいた。", by=None, at=cast.NOW)
    assert meeting.fixed_reason == "平内町長に了承をいただいた。"
    assert "了承" not in letters("poll_fixed")[0].body


def test_moving_to_another_candidate_takes_the_notice_back_and_tells_everybody():
    meeting = make_fixed()
    actions.send_notice(meeting, "", "議題は追って。", by=None, at=cast.NOW)
    second = sheet_of(meeting).candidates[1].id
    with pytest.raises(Refusal, match="日程を変える理由を入れてください。"):
        actions.fix(meeting, second, "", by=None, at=cast.NOW)
    db.session.rollback()
    actions.fix(meeting, second, "会場の都合による。", by=None, at=cast.NOW)
    assert meeting.hours == DATES[1]
    assert meeting.noticed_at is None
    assert set(standings(cast.TODAY).values()) == {FIXED}
    told = letters("meeting_moved")
    assert len(told) == 9
    assert told[0].subject == "【日程変更】令和8年度 市町村長会議は1月21日（木）10時です"
    assert "　変更前　令和9年1月28日（木）14時〜15時30分" in told[0].body
    assert "　理由　　会場の都合による。" in told[0].body


def test_moving_away_and_back_is_told_each_time():
    meeting = make_fixed()
    dates = [one.id for one in sheet_of(meeting).candidates]
    for chosen in (dates[1], dates[2]):
        actions.fix(meeting, chosen, "会場の都合による。", by=None, at=cast.NOW)
    assert (len(letters("poll_fixed")), len(letters("meeting_moved"))) == (9, 18)
    with pytest.raises(Refusal, match="会議はすでにこの日に決まっています。"):
        actions.fix(meeting, dates[2], "もう一度", by=None, at=cast.NOW)


def test_a_candidate_of_another_meeting_cannot_be_fixed():
    meeting = make_meeting()
    with pytest.raises(Refusal, match="この会議の候補日ではありません。"):
        actions.fix(meeting, 999, "", by=None, at=cast.NOW)


def test_the_notice_is_one_letter_each_however_often_it_is_sent():
    meeting = make_fixed()
    assert actions.send_notice(meeting, "青企第1号", "議題は追って。", by=None, at=cast.NOW) == 9
    assert actions.send_notice(meeting, "青企第1号", "議題は追って。", by=None, at=cast.NOW) == 0
    assert actions.send_notice(meeting, "青企第1号", "議題を加えます。", by=None, at=cast.NOW) == 9
    first = letters("meeting_notice")[0]
    assert first.subject == "【御案内】令和8年度 市町村長会議の開催について"
    assert first.body.startswith("青企第1号\n\n青森市 市長秘書 様\n")
    assert "　日時　令和9年1月28日（木）14時〜15時30分\n" in first.body
    assert "議題は追って。" in first.body


def test_a_notice_needs_a_day_that_is_not_over():
    meeting = make_meeting()
    with pytest.raises(Refusal, match="日程がまだ決まっていません。"):
        actions.send_notice(meeting, "", "議題", by=None, at=cast.NOW)
    db.session.rollback()
    make_answers(meeting)
    actions.fix(meeting, sheet_of(meeting).candidates[2].id, "", by=None, at=cast.NOW)
    with pytest.raises(Refusal, match="過ぎています。出席を記録してください。"):
        actions.send_notice(meeting, "", "議題", by=None, at=ON_THE_DAY + timedelta(days=1))


def test_attendance_is_complete_or_not_recorded_at_all():
    meeting = make_fixed()
    with pytest.raises(Refusal, match="から記録できます。"):
        actions.record_attendance(meeting, ALL_HEADS, by=None, at=cast.NOW)
    db.session.rollback()
    missing = {slug: one for slug, one in ALL_HEADS.items() if slug != "yomogita"}
    with pytest.raises(Refusal, match="蓬田村の出席を選んでください。"):
        actions.record_attendance(meeting, missing, by=None, at=ON_THE_DAY)
    db.session.rollback()
    assert sheet_of(meeting).attendance == {}
    assert meeting.attendance_at is None


def test_a_deputy_completes_nothing_until_both_parties_record_so(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    assert standings() == {
        **dict.fromkeys(("hiranai", "yomogita", "sotogahama"), HELD),
        "imabetsu": FIXED,
    }
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


def test_nobody_records_the_view_of_another_municipality(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    with pytest.raises(Refusal, match="この協約の当事者だけが記録できます。"):
        view(meeting, "imabetsu", True, actor("officer", "hiranai"))
    with pytest.raises(Refusal, match="双方の長が出席しています。"):
        view(meeting, "hiranai", True, actor("officer", "hiranai"))


def test_attendance_that_was_wrong_can_be_mended():
    meeting = make_held(DEPUTY, ON_THE_DAY)
    assert sheet_of(meeting).reply_of("imabetsu").attended == "代理（副町長）"
    actions.record_attendance(meeting, ALL_HEADS, by=None, at=ON_THE_DAY)
    assert sheet_of(meeting).reply_of("imabetsu").attended == "本人"
    assert set(standings().values()) == {HELD}


def test_a_meeting_is_called_off_for_a_reason_and_everybody_hears_of_it():
    meeting = make_fixed()
    with pytest.raises(Refusal, match="取りやめる理由を入れてください。"):
        actions.cancel(meeting, " ", by=None, at=cast.NOW)
    db.session.rollback()
    actions.cancel(meeting, "大雪のため", by=None, at=cast.NOW)
    assert set(standings(cast.TODAY).values()) == {NONE}
    told = letters("meeting_cancelled")
    assert len(told) == 9
    assert "　理由　大雪のため" in told[0].body
    first = sheet_of(meeting).candidates[0].id
    for act in (
        lambda: actions.cancel(meeting, "もう一度", by=None, at=cast.NOW),
        lambda: actions.fix(meeting, first, "", by=None, at=cast.NOW),
        lambda: actions.send_notice(meeting, "", "議題", by=None, at=cast.NOW),
        lambda: actions.record_attendance(meeting, ALL_HEADS, by=None, at=ON_THE_DAY),
    ):
        with pytest.raises(Refusal, match="この会議は取りやめになりました。"):
            act()


def test_a_meeting_that_took_place_is_neither_moved_nor_called_off():
    meeting = make_held({}, ON_THE_DAY)
    with pytest.raises(Refusal, match="取りやめにできません。"):
        actions.cancel(meeting, "大雪のため", by=None, at=ON_THE_DAY)
    last = sheet_of(meeting).candidates[4].id
    with pytest.raises(Refusal, match="日程は変えられません。"):
        actions.fix(meeting, last, "都合", by=None, at=ON_THE_DAY)


def test_an_agreement_counts_from_its_signing_to_its_end():
    ended = db.session.scalars(select(Agreement).order_by(Agreement.id)).all()[1]
    ended.ended_on = date(2026, 9, 30)
    db.session.flush()
    assert list(standings(cast.TODAY)) == ["hiranai", "yomogita", "sotogahama"]
    assert len(queries.year_standing(YEAR.previous, cast.TODAY)) == 4
    before = [state for *_, state in queries.year_standing(type(YEAR)(2018), cast.TODAY)]
    assert before == []


def test_the_facts_of_a_year_nobody_prepared():
    (fact,) = queries.meeting_facts(YEAR, cast.TODAY)
    assert fact.path == "/meetings"
    assert [one.standing for one in fact.agreements] == [NONE] * 4
    assert fact.agreements[1].parties == ("aomori", "imabetsu")
    assert queries.invitations(YEAR) == ()


def test_the_facts_of_a_poll_follow_its_answers():
    meeting = make_meeting()
    make_answers(meeting)
    (fact,) = queries.meeting_facts(YEAR, cast.TODAY)
    assert (fact.path, fact.poll_reply_due_on) == (meeting.path, DUE)
    assert not fact.everybody_answered
    asked = queries.invitations(YEAR)
    assert [one.municipality for one in asked if not one.answered] == ["今別町", "外ヶ浜町"]
    assert asked[2].candidates == DATES
    assert asked[2].post_id is not None
    [path] = poll.poll_paths([asked[2].link_row_id or 0]).values()
    slip = poll.find_slip(path.removeprefix("/p/"), cast.TODAY)
    assert slip is not None and slip[0].replies[0].town.name == "今別町"
    make_answers(meeting, {"imabetsu": "○○○○○", "sotogahama": "○    "})
    assert queries.meeting_facts(YEAR, cast.TODAY)[0].everybody_answered


def test_once_a_date_is_fixed_nothing_is_asked_any_more():
    make_fixed()
    (fact,) = queries.meeting_facts(YEAR, cast.TODAY)
    assert (fact.fixed_on, fact.noticed, fact.attendance_recorded) == (DAY, False, False)
    assert all(one.answered for one in queries.invitations(YEAR))


def test_a_cancelled_poll_asks_nobody():
    actions.cancel(make_meeting(), "大雪のため", by=None, at=cast.NOW)
    assert queries.invitations(YEAR) == ()
    assert queries.meeting_facts(YEAR, cast.TODAY)[0].path == "/meetings"


def test_last_years_meeting_is_told_of_until_it_is_recorded_and_held():
    meeting = make_fixed()
    april = date(2027, 4, 2)
    last, this = queries.meeting_facts(YEAR.next, april)
    assert (last.fiscal_year, last.fixed_on, this.fiscal_year) == (YEAR, DAY, YEAR.next)
    at = clock.at(april, ON_THE_DAY.time())
    actions.record_attendance(meeting, {**ALL_HEADS, **DEPUTY}, by=None, at=at)
    assert queries.meeting_facts(YEAR.next, april)[0].attendance_recorded
    actions.record_attendance(meeting, ALL_HEADS, by=None, at=at)
    assert [fact.fiscal_year for fact in queries.meeting_facts(YEAR.next, april)] == [YEAR.next]
