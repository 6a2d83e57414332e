"""Reads the materials of a meeting, and who has opened them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from tracker.accounts.models import Person, Post
from tracker.attachments.uploads import Attachment
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.materials.material import Edition, Material, Pack
from tracker.materials.models import MaterialFile, MaterialOpening, MaterialPack, MaterialRow
from tracker.meetings import queries as meetings
from tracker.meetings.meeting import Meeting
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import UNSEEN, db
from tracker.storage.database import insert_into, write_at_once


def meeting_at(address: str) -> Meeting | None:
    """The meeting by the last part of its address: 「3」."""
    return meetings.find(int(address)) if address.isascii() and address.isdecimal() else None


def rows(meeting_id: int) -> Sequence[MaterialRow]:
    """The materials in their order, struck ones too, for an act (one query)."""
    return db.session.scalars(
        select(MaterialRow)
        .where(MaterialRow.meeting_id == meeting_id)
        .order_by(MaterialRow.position, MaterialRow.id)
        .execution_options(populate_existing=True)
    ).all()


def pack(meeting_id: int) -> Pack:
    """The materials as pages and books take them (three queries)."""
    head = db.session.get(MaterialPack, meeting_id, populate_existing=True)
    sent_at = head.sent_at if head else None
    files: dict[int, list[tuple[MaterialFile, Attachment]]] = {}
    for file, attachment in db.session.execute(
        select(MaterialFile, Attachment)
        .join(Attachment, Attachment.id == MaterialFile.attachment_id)
        .join(MaterialRow, MaterialRow.id == MaterialFile.material_id)
        .where(MaterialRow.meeting_id == meeting_id)
        .order_by(Attachment.id)
    ):
        files.setdefault(file.material_id, []).append((file, attachment))
    return Pack(
        head.seen if head else UNSEEN,
        sent_at,
        (head.sent_by if head else None) or "",
        [
            Material(
                one.id,
                one.seen,
                one.number,
                one.title,
                one.kind,
                one.item_id,
                None if one.only is None else tuple(one.only),
                one.is_struck,
                one.struck_reason or "",
                _editions(files.get(one.id, ()), sent_at),
            )
            for one in rows(meeting_id)
        ],
    )


def _editions(
    files: Sequence[tuple[MaterialFile, Attachment]], sent_at: datetime | None
) -> tuple[Edition, ...]:
    return tuple(
        Edition(
            attachment.id,
            number,
            attachment.name,
            attachment.name.rpartition(".")[2].lower(),
            attachment.size,
            attachment.sha256,
            tuple(file.pages),
            file.reason,
            attachment.added_at,
            attachment.added_by,
            sent_at is not None and attachment.added_at > sent_at,
        )
        for number, (file, attachment) in enumerate(files, 1)
    )


# --- who has opened them ----------------------------------------------------------------------------


class Opening(NamedTuple):
    """Who of a municipality has opened a file (attachment) first, and when."""

    attachment_id: int
    town: Town
    person: str
    at: datetime


def openings(materials: Collection[Material]) -> list[Opening]:
    """Every first opening of any file of these, oldest first (one query)."""
    ids = [file.id for one in materials for file in one.editions]
    towns = areas.by_id()
    found = db.session.execute(
        select(MaterialOpening, Post.name)
        .join(Person, Person.id == MaterialOpening.person_id)
        .join(Post, Post.id == Person.post_id)
        .where(MaterialOpening.attachment_id.in_(ids))
        .order_by(MaterialOpening.opened_at, MaterialOpening.attachment_id)
    )
    return [
        Opening(one.attachment_id, town, f"{town.name} {post}", one.opened_at)
        for one, post in found
        for town in [towns[one.municipality_id]]
    ]


def opened_by(reader: Actor, materials: Collection[Material]) -> frozenset[int]:
    """The files (attachments) among these that somebody has opened (one query; none of the office)."""
    ids = [file.id for one in materials for file in one.editions]
    if not ids or allowed(reader, Permission.MANAGE_MEETING):
        return frozenset()
    asked = select(MaterialOpening.attachment_id).where(
        MaterialOpening.person_id == reader.person_id, MaterialOpening.attachment_id.in_(ids)
    )
    return frozenset(db.session.scalars(asked))


def note_opened(reader: Actor, ids: Collection[int], at: datetime) -> None:
    """Keeps that somebody opened files, the first time only; the office, which made them, is not asked.

    Written at once or not at all: nobody waits for it, and nothing else is written.
    """
    if allowed(reader, Permission.MANAGE_MEETING) or not ids:
        return
    known = db.session.scalars(
        select(MaterialOpening.attachment_id).where(
            MaterialOpening.person_id == reader.person_id, MaterialOpening.attachment_id.in_(ids)
        )
    ).all()
    new = sorted(set(ids) - set(known))
    if not new:
        return
    values = [
        {
            "attachment_id": one,
            "person_id": reader.person_id,
            "municipality_id": reader.municipality_id,
            "opened_at": at,
        }
        for one in new
    ]
    db.session.rollback()
    write_at_once(insert_into(MaterialOpening).values(values).on_conflict_do_nothing())


class TownReading(NamedTuple):
    """What a municipality may read of the materials, what it has opened, and who did so first."""

    town: Town
    wanted: int
    opened: int
    first: Opening | None

    @property
    def left(self) -> int:
        """How many of the present files nobody of it has opened."""
        return self.wanted - self.opened


def readings(
    materials: Sequence[Material], items: Mapping[int, Collection[str] | None]
) -> list[TownReading]:
    """By municipality what of the present files was opened (one query).

    `items`: who alone may know an item of the agenda (slugs; None: all), by its id.
    """
    found = openings(materials)
    told = []
    for town in areas.towns():
        own = [
            one.current.id
            for one in materials
            if one.current and _may(one.only, town) and _may(items.get(one.item_id or 0), town)
        ]
        its = [one for one in found if one.town == town and one.attachment_id in own]
        told.append(
            TownReading(
                town, len(own), len({one.attachment_id for one in its}), its[0] if its else None
            )
        )
    return told


def _may(only: Collection[str] | None, town: Town) -> bool:
    return only is None or town.slug in only
