"""The materials of a meeting, their files, when they were sent, and who has opened them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.materials.rules import MaterialKind
from tracker.plumbing.db import PRIVATE, UNRECORDED, Model, UtcDateTime, Versioned, words
from tracker.struck.models import Struck


class MaterialPack(Versioned, Model):
    """The materials of a meeting as a whole; from when they were sent, what counts is only added to."""

    __tablename__ = "material_pack"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str | None] = mapped_column(String(200))
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class MaterialRow(Versioned, Struck, Model):
    """資料: one numbered paper of a meeting."""

    __tablename__ = "material"
    __table_args__ = (Index(None, "meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    number: Mapped[str] = mapped_column(String(30))
    title: Mapped[str] = mapped_column(String(150), info=PRIVATE)
    kind: Mapped[MaterialKind] = mapped_column(words(MaterialKind, guarded=False))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"))
    # The municipalities (slugs) that may read it; empty: all.
    only: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class MaterialFile(Model):
    """One file of a material; once it was sent, another one stands beside it (差替え)."""

    __tablename__ = "material_file"

    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), index=True)
    # By page what tells whether it is the same (papers/volume.py).
    pages: Mapped[list[str]] = mapped_column(JSON, info=UNRECORDED)
    reason: Mapped[str] = mapped_column(Text)


class MaterialOpening(Model):
    """Who opened a file first when; kept once a person, and not in the record (`EXEMPT`)."""

    __tablename__ = "material_opening"

    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
