"""Reads the minutes of meetings with every word that was said of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import and_, select

from tracker.chain.rules import digest
from tracker.meetings.meeting import Meeting, Unminuted
from tracker.meetings.minutes.rules import Erratum, MinutesSheet, MinutesWord, PartText
from tracker.meetings.models import (
    AgendaItem,
    MeetingRow,
    Minutes,
    MinutesErratum,
    MinutesPart,
    MinutesReply,
)
from tracker.municipalities import queries as areas
from tracker.plumbing.db import UNSEEN, db
from tracker.struck.models import not_struck


def sheet(meeting: Meeting) -> MinutesSheet:
    """The minutes as they stand, written or not.  Three queries."""
    errata = db.session.scalars(
        select(MinutesErratum)
        .where(MinutesErratum.meeting_id == meeting.id)
        .order_by(MinutesErratum.id)
    )
    said = [Erratum(one.item_id, one.words, one.person_name, one.at) for one in errata]
    return _sheets([meeting])[meeting.id]._replace(errata=said)


def _sheets(found: Sequence[Meeting]) -> dict[int, MinutesSheet]:
    """Those of several meetings (ids), without what was added to final ones.  Two queries."""
    ids = [one.id for one in found]
    heads, parts = _read(ids)
    words = _words(ids) if heads else {}
    return {
        meeting.id: MinutesSheet(
            row.revision if row else 1,
            row.seen if row else UNSEEN,
            row.sent_at if row else None,
            row.reply_due_on if row else None,
            meeting.minutes_final_at,
            frozenset(row.writer_ids if row else ()),
            {one.item_id: one for one in parts.get(meeting.id, ())},
            words.get(meeting.id, []),
            (),
            tuple(
                sorted(
                    (seat.town for seat in meeting.seats if seat.town), key=lambda town: town.code
                )
            ),
        )
        for meeting in found
        for row in [heads.get(meeting.id)]
    }


def _read(ids: Collection[int]) -> tuple[dict[int, Minutes], dict[int, list[PartText]]]:
    """The minutes of these meetings, where there are any, and what every item on their agendas says,
    in its order.
    """
    is_item = and_(
        AgendaItem.meeting_id == MeetingRow.id,
        AgendaItem.accepted_at.is_not(None),
        not_struck(AgendaItem),
    )
    rows = db.session.execute(
        select(MeetingRow.id, Minutes, AgendaItem, MinutesPart)
        .outerjoin(Minutes, Minutes.meeting_id == MeetingRow.id)
        .outerjoin(AgendaItem, is_item)
        .outerjoin(MinutesPart, MinutesPart.item_id == AgendaItem.id)
        .where(MeetingRow.id.in_(ids))
        .order_by(AgendaItem.position, AgendaItem.id)
        .execution_options(populate_existing=True)
    ).all()
    found: dict[int, list[PartText]] = {}
    for id_, _head, item, part in rows:
        if item is not None:
            found.setdefault(id_, []).append(_part(item, part))
    return {id_: head for id_, head, *_more in rows if head is not None}, found


def _part(item: AgendaItem, part: MinutesPart | None) -> PartText:
    one = PartText(item.id, item.title, None if item.only is None else tuple(item.only))
    if part is None:
        return one
    return one._replace(
        revision=part.revision,
        gist=part.gist,
        decided=part.decided,
        seen=part.seen,
        mark=_mark(item.title, part),
    )


def _mark(title: str, part: MinutesPart) -> str:
    return digest([title, part.gist, part.decided])


def _words(ids: Collection[int]) -> dict[int, list[MinutesWord]]:
    towns, found = areas.by_id(), dict[int, list[MinutesWord]]()
    rows = select(MinutesReply).where(MinutesReply.meeting_id.in_(ids)).order_by(MinutesReply.id)
    for one in db.session.scalars(rows):
        word = MinutesWord(
            one.item_id,
            one.revision,
            towns[one.municipality_id],
            one.is_confirmed,
            one.words or "",
            one.person_name,
            one.at,
            one.mark,
            one.quote or "",
        )
        found.setdefault(one.meeting_id, []).append(word)
    return found


def unminuted(found: Iterable[Meeting]) -> list[Unminuted]:
    """Those of them with an agenda that took place and whose minutes are not final.

    Two queries, none where all are final or still to come.
    """
    held = [
        one
        for one in found
        if one.attendance_at and one.hours and not (one.minutes_final_at or one.cancelled_at)
    ]
    sheets = _sheets(held) if held else {}
    return [
        Unminuted(
            one.path,
            one.name,
            one.hours.on,
            one.attendance_at,
            of.sent_at,
            of.reply_due_on,
            tuple(town.slug for town in of.asked),
            tuple(town.slug for town in of.silent),
        )
        for one in held
        for of in [sheets[one.id]]
        if of.parts and one.hours and one.attendance_at
    ]


def minuted(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What final minutes are held by: of each item (id) title, text and who confirmed just that.

    Of the meetings named, or (None) of all whose minutes are final.
    """
    of = Minutes.is_final.is_(True) if ids is None else Minutes.meeting_id.in_(ids)
    rows = db.session.execute(
        select(Minutes, MinutesPart, AgendaItem.title, MinutesReply)
        .join(MinutesPart, MinutesPart.meeting_id == Minutes.meeting_id)
        .join(AgendaItem, AgendaItem.id == MinutesPart.item_id)
        .outerjoin(
            MinutesReply,
            and_(
                MinutesReply.item_id == MinutesPart.item_id,
                MinutesReply.revision == MinutesPart.revision,
                MinutesReply.is_confirmed,
            ),
        )
        .where(of, not_struck(AgendaItem))
        .order_by(MinutesPart.item_id, MinutesReply.municipality_id)
    )
    towns, found = areas.by_id(), dict[int, dict[str, Any]]()
    for row, part, title, reply in rows:
        one = found.setdefault(row.meeting_id, {"revision": row.revision, "parts": {}})
        text = one["parts"].setdefault(str(part.item_id), [title, part.gist, part.decided, []])
        if reply is not None and reply.mark in (None, _mark(title, part)):
            code = towns[reply.municipality_id].code
            if code not in text[3]:
                text[3].append(code)
    return found
