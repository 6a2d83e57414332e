"""The area, its municipalities and calendar entries."""

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_
from tracker.plumbing.db import PRIVATE, Example, Model, Versioned, words

AVOIDED_DAYS = "12/28、1/4、3/31、4/1"
ABSENCE_LABEL = N_("首長の不在")


class EntryKind(Labelled):
    """What stands in the calendar of a municipality."""

    CLOSURE = "closure", N_("閉庁日")
    ASSEMBLY = "assembly", N_("議会日程")


class Area(Versioned, Example, Model):
    """The one area (圏域) that this installation serves, and its office."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    office_name: Mapped[str] = mapped_column(String(100))
    office_phone: Mapped[str] = mapped_column(String(40))
    office_hours: Mapped[str] = mapped_column(String(100))
    meeting_name: Mapped[str] = mapped_column(String(100))
    meeting_place: Mapped[str] = mapped_column(String(200))
    # What the meetings of the heads keep to (rules.LeadTimes); days as 「12/28、1/4」.
    notice_days: Mapped[int] = mapped_column(default=14, server_default="14")
    poll_office_days: Mapped[int] = mapped_column(default=10, server_default="10")
    avoided_days: Mapped[str] = mapped_column(
        String(200), default=AVOIDED_DAYS, server_default=AVOIDED_DAYS
    )


class Municipality(Versioned, Model):
    """A city, town or village; the order of municipalities is that of their codes."""

    __tablename__ = "municipality"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(5), unique=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kana: Mapped[str] = mapped_column(String(100))
    is_hub: Mapped[bool] = mapped_column(default=False)
    base_url: Mapped[str | None] = mapped_column(String(200))

    @property
    def head_title(self) -> str:
        """青森市長."""
        return f"{self.name}長"


class CalendarEntry(Model):
    """Days on which a municipality is closed beyond the law, or its assembly sits."""

    __tablename__ = "calendar_entry"
    subject_kind = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), index=True)
    kind: Mapped[EntryKind] = mapped_column(words(EntryKind))
    name: Mapped[str] = mapped_column(String(100))
    begins_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date]
    # None: it was entered before that was kept.
    entered_by: Mapped[str | None] = mapped_column(String(200))


class HeadAbsence(Model):
    """首長の不在: days on which a head cannot come to a meeting.

    A table of its own: only the municipality itself and the office know of it.
    """

    __tablename__ = "head_absence"
    subject_kind = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), index=True)
    name: Mapped[str] = mapped_column(String(100), info=PRIVATE)
    begins_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(200))
