"""Reads the minutes of a meeting with every word that was said of them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from tracker.meetings.meeting import Meeting
from tracker.meetings.minutes.rules import Erratum, MinutesSheet, MinutesWord, PartText
from tracker.meetings.models import Minutes, MinutesErratum, MinutesPart, MinutesReply
from tracker.municipalities import queries as areas
from tracker.plumbing.db import UNSEEN, db


def sheet(meeting: Meeting) -> MinutesSheet:
    """The minutes as they stand, written or not.  Four queries."""
    row = db.session.get(Minutes, meeting.id, populate_existing=True)
    towns = areas.by_id()
    parts = db.session.scalars(
        select(MinutesPart)
        .where(MinutesPart.meeting_id == meeting.id)
        .execution_options(populate_existing=True)
    )
    replies = db.session.scalars(
        select(MinutesReply).where(MinutesReply.meeting_id == meeting.id).order_by(MinutesReply.id)
    )
    errata = db.session.scalars(
        select(MinutesErratum)
        .where(MinutesErratum.meeting_id == meeting.id)
        .order_by(MinutesErratum.id)
    )
    return MinutesSheet(
        row.revision if row else 1,
        row.seen if row else UNSEEN,
        row.sent_at if row else None,
        row.reply_due_on if row else None,
        meeting.minutes_final_at,
        frozenset(row.writer_ids if row else ()),
        {one.item_id: PartText(one.gist, one.decided, one.seen) for one in parts},
        [
            MinutesWord(
                one.revision,
                towns[one.municipality_id],
                one.is_confirmed,
                one.item_id,
                one.words or "",
                one.person_name,
                one.at,
            )
            for one in replies
        ],
        [Erratum(one.words, one.person_name, one.at) for one in errata],
        tuple(
            sorted((seat.town for seat in meeting.seats if seat.town), key=lambda town: town.code)
        ),
    )


def minuted(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What final minutes are held by: the revision, and the text by agenda item (id).

    Of the meetings named, or (None) of all whose minutes are final.
    """
    from_row = select(Minutes, MinutesPart).join(
        MinutesPart, MinutesPart.meeting_id == Minutes.meeting_id
    )
    of = Minutes.is_final.is_(True) if ids is None else Minutes.meeting_id.in_(ids)
    found: dict[int, dict[str, Any]] = {}
    for row, part in db.session.execute(from_row.where(of).order_by(MinutesPart.item_id)):
        one = found.setdefault(row.meeting_id, {"revision": row.revision, "parts": {}})
        one["parts"][str(part.item_id)] = [part.gist, part.decided]
    return found
