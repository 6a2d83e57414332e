"""What an invitation says to a calendar (RFC 5545, 5546), and who may still answer one.  Pure.

The standard's words are written by `icalendar`; what Outlook, Exchange and Google ask beyond them
stands here.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import even
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import DEPUTY_WANTED, Attendance, Candidate

ZONE = "Asia/Tokyo"
PRODID = "-//renkei-tracker//invitation//JA"
NO_PLACE = N_("会場は追ってお知らせします")
# What an organizer's update says of an answer given before; a deputy is none of a calendar's words.
_PARTSTATS = {Attendance.HEAD: "ACCEPTED", Attendance.ABSENT: "DECLINED"}


class Method(StrEnum):
    """What a calendar is told: to put the meeting in, or to take it out (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class CalendarInvitation:
    """One seat's invitation; its UID is known to nobody else, so that nobody else can answer it.

    `organizer` and `attendee` are names and addresses; answers go to the organizer's.  `sequence`
    grows when day, hours or place move, and when the meeting is called off.
    """

    method: Method
    uid: str
    sequence: int
    hours: Candidate
    summary: str
    place: str
    text: str
    organizer: tuple[str, str]
    attendee: tuple[str, str]
    answer: Attendance | None = None

    def write(self, at: datetime) -> str:
        """The file, made at that instant (UTC)."""
        calendar = Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", self.method.value)
        calendar.add_component(zone())
        calendar.add_component(self._event(at))
        return str(calendar.to_ical().decode())

    def _event(self, at: datetime) -> Event:
        begins, ends = (
            datetime.combine(self.hours.on, hour, ZoneInfo(ZONE))
            for hour in (self.hours.begins, self.hours.ends)
        )
        is_on = self.method is Method.REQUEST
        event = Event()
        event.add("uid", self.uid)
        event.add("dtstamp", at)
        event.add("sequence", self.sequence)
        event.add("dtstart", begins)
        event.add("dtend", ends)
        event.add("summary", plain(self.summary))
        event.add("location", plain(self.place or _(NO_PLACE)))
        event.add("description", plain(self.text))
        event.add("organizer", _person(*self.organizer))
        status = _PARTSTATS.get(self.answer, "NEEDS-ACTION") if self.answer else "NEEDS-ACTION"
        attendee = _person(*self.attendee)
        attendee.params.update(
            {
                **{"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT"},
                **{"PARTSTAT": status, "RSVP": "TRUE"},
            }
        )
        event.add("attendee", attendee)
        event.add("status", "CONFIRMED" if is_on else "CANCELLED")
        event.add("transp", "OPAQUE" if is_on else "TRANSPARENT")
        event.add("x-microsoft-cdo-busystatus", vText("BUSY" if is_on else "FREE"))
        return event


@cache
def zone() -> Timezone:
    """Tokyo's time zone as a calendar wants it spelled out."""
    return Timezone.from_tzid(ZONE)


def plain(text: str) -> str:
    """Without control signs, which no calendar may hold; lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c == "\n" or unicodedata.category(c) != "Cc")


def _person(name: str, address: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    # Parameters cannot hold this sign, quoted or not (RFC 5545, section 3.2).
    found.params["CN"] = plain(name).replace("\n", " ").replace('"', "'")
    return found


# A day in the words of a notice by which something is asked: 「1月21日（木）までに」, 「1/21まで」.
_BY_A_DAY = re.compile(r"(([0-9]{1,2})[月/]([0-9]{1,2})日?(?:\(.\))?)(?:[0-9]{1,2}時)?まで(?!の)")


def other_days(words: str, due_on: date | None) -> tuple[str, ...]:
    """The days by which the words of a notice ask for something, but `due_on`, as they are written.

    Words that were written for another day of the meeting keep the day of the answer to that one.
    """
    found = _BY_A_DAY.findall(unicodedata.normalize("NFKC", words))
    asked = due_on and (due_on.month, due_on.day)
    return tuple(dict.fromkeys(day for day, *at in found if tuple(map(int, at)) != asked))


class ToldPlace(NamedTuple):
    """A place that letters of a meeting said, and until when (UTC) they did."""

    place: str
    until: datetime


def place_told_at(told: Sequence[ToldPlace], place: str, at: datetime) -> str:
    """Where the meeting was to be at that instant; `told` oldest first, `place` as it stands now."""
    return next((one.place for one in told if at < one.until), place)


def other_places(words: str, told: Iterable[str], place: str) -> tuple[str, ...]:
    """The places told before that the words of a notice still name beside `place`."""
    now = even(place)
    left = even(words).replace(now, "\n") if now else even(words)
    return tuple(one for one in dict.fromkeys(told) if now != even(one) in left and even(one))


# --- who comes --------------------------------------------------------------------------------------


# Companions, and vehicles, of one head.
MOST_WITH = 99


@dataclass(frozen=True)
class Coming:
    """What is said for a seat: who comes, with how many others and vehicles."""

    attendance: Attendance
    deputy: str = ""
    companions: int | None = None
    vehicles: int | None = None

    def __str__(self) -> str:
        """「代理（副町長）、随行2名、車両1台」."""
        parts = [self.attendance.label + (f"（{self.deputy}）" if self.deputy else "")]
        parts += [_("随行%(n)s名", n=self.companions)] if self.companions else []
        parts += [_("車両%(n)s台", n=self.vehicles)] if self.vehicles else []
        return "、".join(parts)

    @property
    def settled(self) -> "Coming":
        """The same without what does not belong to it: nobody comes with whoever stays away."""
        if self.attendance is Attendance.ABSENT:
            return Coming(self.attendance)
        is_deputy = self.attendance is Attendance.DEPUTY
        deputy = self.deputy.strip() if is_deputy else ""
        return Coming(self.attendance, deputy, self.companions, self.vehicles)


def hours_mark(hours: Candidate | None) -> str:
    """What a form carries of the day and hours that its page showed."""
    return " ".join(one.isoformat() for one in hours) if hours else ""


def marked_hours(mark: str) -> Candidate | None:
    """The day and hours that a form carried; None for what no page of ours had made."""
    try:
        on, begins, ends = mark.split(" ")
        found = Candidate(
            date.fromisoformat(on), time.fromisoformat(begins), time.fromisoformat(ends)
        )
    except ValueError:
        return None
    return found if hours_mark(found) == mark else None


def coming_of(seat: Seat) -> Coming | None:
    """What is said for the seat so far, or None."""
    if seat.attendance is None:
        return None
    return Coming(seat.attendance, seat.deputy or "", seat.companions, seat.vehicles)


def check_open(meeting: Meeting, today: date, contact: str, *, by_office: bool = False) -> date:
    """Until when it may be said who comes; the office enters it until attendance is recorded.

    `contact` is whom to ring, with the number.  Raises Refusal.
    """
    due_on, hours = meeting.reply_due_by, meeting.hours
    if meeting.cancelled_at is not None:
        raise Refusal(_("この会議は取りやめになりました。"))
    if hours is None or due_on is None:
        raise Refusal(_("日程がまだ決まっていません。先に開催日を決めてください。"))
    if meeting.attendance_at is not None or (hours.on < today and not by_office):
        said = _("会議は%(on)sに終わりました。", on=wareki.short(hours.on))
        raise Refusal(said + _("御不明な点は、%(contact)sへお電話ください。", contact=contact))
    if due_on < today and not by_office:
        raise Refusal(
            _(
                "出欠の回答の期限（%(due_on)s）を過ぎました。"
                "お手数ですが、%(contact)sへお電話ください。",
                due_on=wareki.month_day(due_on),
                contact=contact,
            )
        )
    return due_on


def check_coming(coming: Coming) -> None:
    """A deputy comes with post and name.  Raises Refusal."""
    if coming.attendance is Attendance.DEPUTY and not coming.deputy.strip():
        raise Refusal(_(DEPUTY_WANTED), field="deputy")
