"""Invitations and attendance become seats, answers name who gave them, and all of it goes back."""

from dataclasses import replace

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from tests import cast
from tests.meetings.makers import (
    ALL_HEADS,
    DEPUTY,
    ON_THE_DAY,
    dates_of,
    make_answers,
    make_fixed,
    make_meeting,
    seat_of,
)
from tracker.annual_duty.actions import view_as_held
from tracker.annual_duty.models import HeldView
from tracker.annual_duty.queries import agreement_standings
from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings import actions, queries
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import MeetingRow, MeetingSeat, PollAnswer
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

# Steps of releases that stand.
pytestmark = pytest.mark.engines_by_turns

BEFORE, AFTER = "0008", "0009"


def rows(sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.session.execute(text(sql))]


def whole(meeting_id: int) -> Meeting:
    found = queries.find(meeting_id)
    assert found is not None
    return found


@pytest.mark.usefixtures("both")
def test_seats_and_answers_go_back_and_come_again(actor) -> None:
    row = make_fixed()
    by_phone = Act(actor("office"), cast.NOW)
    actions.record_attendance(Act(None, ON_THE_DAY), row, {**ALL_HEADS, **DEPUTY})
    [agreement] = [
        one.agreement_id
        for one in agreement_standings(FiscalYear(2026), cast.TODAY)
        if one.parties[-1].slug == "imabetsu"
    ]
    view_as_held(Act(actor("office"), ON_THE_DAY), row, agreement, True)
    polling = make_meeting(
        year=FiscalYear(2027),
        candidates=[one._replace(on=one.on.replace(year=2028)) for one in [row.hours]],
    )
    make_answers(polling, {"imabetsu": "△"}, by_phone, "総務課 電話")
    other = make_meeting(is_yearly=False)
    db.session.add(MeetingSeat(meeting_id=row.id, title="青森県 市町村課長", nonce="n"))
    db.session.commit()
    ids = row.id, polling.id, other.id
    before = [whole(id_) for id_ in ids]
    nonces = "SELECT id, nonce FROM meeting_seat WHERE municipality_id IS NOT NULL ORDER BY id"
    given_out = rows(nonces)
    first, last = dates_of(polling)[0], seat_of(polling, "imabetsu")

    db.session.commit()

    downgrade(revision=BEFORE)
    told = "SELECT answered_by, told_by, comment FROM poll_invitation WHERE id = "
    assert rows(f"{told}{last.id}") == [("青森市 連携推進担当", "総務課 電話", None)]
    assert rows("SELECT attendance, deputy FROM meeting_attendance WHERE deputy IS NOT NULL") == [
        ("deputy", "副町長")
    ]
    assert rows("SELECT count(*) FROM meeting_attendance") == [(5,)]
    answered = rows(f"SELECT answer FROM poll_answer WHERE candidate_id = {first}")
    assert answered == [("maybe",)]
    assert rows("SELECT count(*) FROM meeting WHERE cancelled_at IS NULL") == [(2,)]

    db.session.commit()
    upgrade(revision=AFTER)
    # With the nonces links given out before stayed good.
    now_there = rows(nonces)
    assert now_there and set(now_there) <= set(given_out)
    db.session.commit()
    upgrade()
    db.session.expire_all()
    for was in before[:2]:
        now = whole(was.id)
        kept = tuple(seat for seat in was.seats if seat.town)
        assert now == replace(was, seats=kept)
    assert db.session.scalar(
        select(PollAnswer.answered_by_id).where(PollAnswer.told_by.is_not(None))
    )
    assert db.session.scalars(select(HeldView.person_id)).all() == [by_phone.person.person_id]
    assert db.session.scalars(select(MeetingRow.is_yearly)).all() == [True] * 3
    # New seats get numbers of their own.
    make_meeting(year=FiscalYear(2027), is_yearly=False, candidates=list(before[1].dates.values()))
