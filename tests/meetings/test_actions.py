"""Fixing, notice, attendance and Article 5 per agreement, on SQLite and on PostgreSQL."""

from datetime import date, timedelta

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
    dates_of,
    letters,
    make_answers,
    make_fixed,
    make_held,
    make_meeting,
    seat_of,
)
from tests.sent import token_of
from tracker.history import history
from tracker.history.columns import subject_of
from tracker.history.history import HistoryEntry
from tracker.kernel.refusal import Refusal
from tracker.meetings import actions, queries
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Standing
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]
DAY = date(2027, 1, 28)
LATER = [one._replace(on=one.on.replace(year=2028)) for one in DATES[:1]]


def test_a_date_is_fixed_of_those_offered_and_a_refused_one_with_a_written_reason():
    meeting = make_meeting()
    make_answers(meeting)
    with pytest.raises(Refusal, match="この会議の候補日ではありません。"):
        actions.fix(Act(None, cast.NOW), meeting, 999, "")
    db.session.rollback()
    first = dates_of(meeting)[0]
    with pytest.raises(Refusal, match="平内町が「出席できない」と答えた日です。") as refusal:
        actions.fix(Act(None, cast.NOW), meeting, first, " ")
    assert refusal.value.field == "reason"
    db.session.rollback()
    assert meeting.held_on is None
    actions.fix(Act(None, cast.NOW), meeting, first, "平内町長に了承をいただいた。")
    assert meeting.fixed_reason == "平内町長に了承をいただいた。"
    assert "了承" not in letters("poll_fixed")[0].body


def test_fixing_is_told_a_move_too_and_takes_the_notice_back_and_the_way_back_again():
    meeting = make_fixed()
    told = letters("poll_fixed")
    assert len(told) == 9
    assert {one.to_email.split("@")[0] for one in told} == {"secretary", "officer"}
    assert told[0].subject == "【日程決定】令和8年度 市町村長会議は1月28日（木）14時です"
    assert "　日時　令和9年1月28日（木）14時〜15時30分" in told[0].body
    actions.send_notice(Act(None, cast.NOW), meeting, "", "議題は追って。")
    _first, second, third, *_more = dates_of(meeting)
    with pytest.raises(Refusal, match="日程を変える理由を入れてください。"):
        actions.fix(Act(None, cast.NOW), meeting, second, "")
    db.session.rollback()
    actions.fix(Act(None, cast.NOW), meeting, second, "会場の都合による。")
    assert meeting.hours == DATES[1]
    assert meeting.noticed_at is None
    assert queries.of(meeting).stage is Standing.FIXED
    told = letters("meeting_moved")
    assert len(told) == 9
    assert told[0].subject == "【日程変更】令和8年度 市町村長会議は1月21日（木）10時です"
    assert "　変更前　令和9年1月28日（木）14時〜15時30分" in told[0].body
    assert "　理由　　会場の都合による。" in told[0].body
    actions.fix(Act(None, cast.NOW), meeting, third, "会場の都合による。")
    assert (len(letters("poll_fixed")), len(letters("meeting_moved"))) == (9, 18)
    with pytest.raises(Refusal, match="会議はすでにこの日に決まっています。"):
        actions.fix(Act(None, cast.NOW), meeting, third, "もう一度")


def test_a_notice_needs_a_day_not_over_and_is_one_letter_each_however_often_it_is_sent():
    meeting = make_meeting()
    with pytest.raises(Refusal, match="日程がまだ決まっていません。"):
        actions.send_notice(Act(None, cast.NOW), meeting, "", "議題")
    db.session.rollback()
    make_answers(meeting)
    actions.fix(Act(None, cast.NOW), meeting, dates_of(meeting)[2], "")
    assert actions.send_notice(Act(None, cast.NOW), meeting, "青企第1号", "議題は追って。") == 9
    with pytest.raises(Refusal, match="宛先の全員に送ってあります"):
        actions.send_notice(Act(None, cast.NOW), meeting, "青企第1号", "議題は追って。")
    db.session.rollback()
    assert actions.send_notice(Act(None, cast.NOW), meeting, "青企第1号", "議題を加えます。") == 9
    first = letters("meeting_invitation")[0]
    assert letters("meeting_notice")[0].subject == "【御案内】令和8年度 市町村長会議の開催について"
    assert first.body.startswith("青企第1号\n\n青森市 市長秘書 様\n")
    assert "　日時　令和9年1月28日（木）14時〜15時30分\n" in first.body
    assert "議題は追って。" in first.body
    with pytest.raises(Refusal, match="過ぎています。出席を記録してください。"):
        actions.send_notice(Act(None, ON_THE_DAY + timedelta(days=1)), meeting, "", "議題")


def test_attendance_is_complete_or_not_recorded_at_all():
    meeting = make_fixed()
    with pytest.raises(Refusal, match="から記録できます。"):
        actions.record_attendance(Act(None, cast.NOW), meeting, ALL_HEADS)
    db.session.rollback()
    missing = {slug: one for slug, one in ALL_HEADS.items() if slug != "yomogita"}
    with pytest.raises(Refusal, match="蓬田村の出席を選んでください。"):
        actions.record_attendance(Act(None, ON_THE_DAY), meeting, missing)
    db.session.rollback()
    assert queries.of(meeting).attendance == {}
    assert meeting.attendance_at is None


def test_a_meeting_is_called_off_for_a_reason_and_everybody_hears_of_it():
    meeting = make_fixed()
    with pytest.raises(Refusal, match="取りやめる理由を入れてください。"):
        actions.cancel(Act(None, cast.NOW), meeting, " ")
    db.session.rollback()
    actions.cancel(Act(None, cast.NOW), meeting, "大雪のため")
    assert queries.find_meeting(YEAR) is None
    told = letters("meeting_cancelled")
    assert len(told) == 9
    assert "　理由　大雪のため" in told[0].body
    first = dates_of(meeting)[0]
    for act in (
        lambda: actions.cancel(Act(None, cast.NOW), meeting, "もう一度"),
        lambda: actions.fix(Act(None, cast.NOW), meeting, first, ""),
        lambda: actions.send_notice(Act(None, cast.NOW), meeting, "", "議題"),
        lambda: actions.record_attendance(Act(None, ON_THE_DAY), meeting, ALL_HEADS),
    ):
        with pytest.raises(Refusal, match="この会議は取りやめになりました。"):
            act()


def test_a_meeting_that_took_place_is_neither_moved_nor_called_off():
    meeting = make_held({}, ON_THE_DAY)
    with pytest.raises(Refusal, match="取りやめにできません。"):
        actions.cancel(Act(None, ON_THE_DAY), meeting, "大雪のため")
    last = dates_of(meeting)[4]
    with pytest.raises(Refusal, match="日程は変えられません。"):
        actions.fix(Act(None, ON_THE_DAY), meeting, last, "都合")


def test_a_poll_is_read_with_its_answers():
    meeting = make_meeting()
    make_answers(meeting)
    found = queries.find_meeting(YEAR)
    assert (found.path, found.reply_due_on) == (f"/meetings/{meeting.id}", DUE)
    assert [one.name for one in found.silent] == ["今別町", "外ヶ浜町"]
    assert tuple(found.dates.values()) == DATES
    seat = found.seats[2]
    assert seat.post_id is not None
    found = queries.find_by_link(token_of("poll", seat.id), cast.NOW)
    assert found is not None and [one.name for one in found[0].seats] == ["今別町"]
    make_answers(meeting, {"imabetsu": "○○○○○", "sotogahama": "○    "})
    assert queries.find_meeting(YEAR).silent == ()


def test_once_a_date_is_fixed_nothing_is_asked_any_more():
    make_fixed()
    found = queries.find_meeting(YEAR)
    assert (found.fixed_on, found.noticed_at, found.attendance_at) == (DAY, None, None)
    assert all(found.has_answered(one) for one in found.seats)


def test_a_date_is_fixed_on_the_answers_that_were_seen(actor):
    meeting = make_meeting()
    make_answers(meeting)
    seen = {one.id: one.seen for one in queries.of(meeting).seats}
    make_answers(meeting, {"hiranai": "○○××○"}, Act(actor("officer", "hiranai"), cast.NOW))
    with pytest.raises(Conflict, match="「平内町長のご予定」は、平内町 企画担当が"):
        actions.fix(Act(None, cast.NOW), meeting, dates_of(meeting)[2], "", None, seen)


def test_a_page_from_before_a_meeting_was_called_off_says_just_that(actor):
    meeting = make_meeting()
    make_answers(meeting)
    stood, chosen = queries.of(meeting), dates_of(meeting)[2]
    seen = {one.id: one.seen for one in stood.seats}
    actions.cancel(Act(None, cast.NOW), meeting, "大雪のため")
    office, officer = Act(actor("office"), cast.NOW), Act(actor("officer", "hiranai"), cast.NOW)
    for press in (
        lambda: actions.fix(office, meeting, chosen, "", stood.seen, seen),
        lambda: poll_actions.add_dates(office, meeting, LATER, cast.TODAY, stood.seen),
        lambda: poll_actions.answer(
            officer, meeting, "hiranai", {}, "", seen=stood.seat_of("hiranai").seen
        ),
    ):
        with pytest.raises(Refusal, match="取りやめになりました") as caught:
            press()
        assert not isinstance(caught.value, Conflict)


def test_what_changed_stands_before_and_after_in_the_record(actor):
    meeting = make_held(DEPUTY, ON_THE_DAY)
    seat = seat_of(meeting, "imabetsu")
    actions.record_attendance(Act(actor("office"), ON_THE_DAY), meeting, ALL_HEADS)
    entry = history.last_of(subject_of(meeting))
    assert entry.payload["before"][f"meeting_seat/{seat.id}/attendance"] == "deputy"
    assert entry.payload["after"][f"meeting_seat/{seat.id}/attendance"] == "head"
    assert entry.payload["before"][f"meeting_seat/{seat.id}/deputy"] == "副町長"
    poll_actions.renew_link(
        Act(None, cast.NOW), make_meeting(year=YEAR.next, candidates=LATER), "hiranai"
    )
    told = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert told.verb == "poll.link_renewed" and "nonce" not in str(told.payload)
