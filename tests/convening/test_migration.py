"""What was said before a meeting is forgotten on the way back; recorded attendance stays."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests.meetings.makers import (
    ALL_HEADS,
    ON_THE_DAY,
    YEAR,
    act,
    dates_of,
    make_fixed,
    make_meeting,
    seat_of,
)
from tracker.convening import actions
from tracker.convening.rules import Coming
from tracker.meetings import actions as meetings
from tracker.meetings.rules import Attendance
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns


def rows(sql: str) -> list[tuple[object, ...]]:
    found = [tuple(row) for row in db.session.execute(text(sql))]
    db.session.rollback()
    return found


@pytest.mark.usefixtures("both")
def test_an_answer_before_the_meeting_is_no_attendance_in_the_release_before() -> None:
    held = make_fixed()
    meetings.send_notice(act(), held, "", "御出席ください。")
    meetings.record_attendance(act(at=ON_THE_DAY), held, ALL_HEADS)
    later = make_meeting(year=YEAR, is_yearly=False, required=["imabetsu"])
    meetings.fix(act(), later, dates_of(later)[4], "")
    meetings.send_notice(act(), later, "", "御出席ください。")
    seat = seat_of(later, "imabetsu")
    actions.answer(act(), later, seat.id, Coming(Attendance.DEPUTY, "副町長", 2, 1))
    came, comes = (
        f"SELECT count(*) FROM meeting_seat WHERE meeting_id = {row.id} AND attendance IS NOT NULL"
        for row in (held, later)
    )
    assert (rows(came), rows(comes)) == ([(5,)], [(1,)])
    assert rows("SELECT count(*) FROM meeting_seat WHERE is_required") == [(1,)]
    db.session.remove()
    downgrade(revision="0052")
    assert (rows(came), rows(comes)) == ([(5,)], [(0,)])
    upgrade()
    assert rows("SELECT count(*) FROM seat_invitation") == [(0,)]
    # Nor is any head required who was not said to be since.
    assert rows("SELECT count(*) FROM meeting_seat WHERE NOT is_required") == [(10,)]
    replied = f"SELECT replied_at FROM meeting_seat WHERE id = {seat.id}"
    assert rows(replied) == [(None,)]
