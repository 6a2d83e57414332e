"""していただくこと as iCalendar, for a calendar program that asks for them by itself; pure.

The same list as the home page (product.md 8), beside it the days the heads meet.  No entry
carries an alarm: our letters remind, and a calendar that rang as well would say it all twice.
None takes up anybody's time.  RFC 5545 and what Outlook asks beyond it; the tests read every line.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration, vText

from tracker.convening.rules import ZONE, plain, zone
from tracker.duty.duty import Duty
from tracker.kernel.translation import N_, _
from tracker.meetings.rules import Candidate
from tracker.office_days.office_days import moved

PRODUCT = "連携協約 進行管理"
PRODID = "-//renkei-tracker//calendar feed//JA"
# How often a calendar is asked to look again.
REFRESH = timedelta(hours=6)
OVERDUE = N_("（期限を過ぎています）")


class FeedEntry(NamedTuple):
    """One thing in the calendar; `key` names it for ever, whatever its day becomes.

    `begins` and `ends` are days, the end not included, or instants.
    """

    key: str
    title: str
    text: str
    path: str
    begins: date | datetime
    ends: date | datetime
    place: str = ""


def of_duty(duty: Duty, today: date) -> FeedEntry:
    """A duty on the whole day it is due; one that is late stays there and says so."""
    title = duty.title + (_(OVERDUE) if duty.state(today) == "overdue" else "")
    ends = moved(duty.due_on, timedelta(days=1))
    return FeedEntry(duty.key, title, duty.text, duty.url, duty.due_on, ends)


def of_meeting(path: str, name: str, place: str, hours: Candidate) -> FeedEntry:
    """A meeting of the heads at its hours in Tokyo."""
    zone = ZoneInfo(ZONE)
    begins, ends = (datetime.combine(hours.on, at, zone) for at in (hours.begins, hours.ends))
    return FeedEntry(f"meeting:{path}", name, hours.label, path, begins, ends, place)


@dataclass(frozen=True)
class Feed:
    """Whose calendar it is (今別町 企画担当), where its links lead, and what stands in it."""

    name: str
    base_url: str
    domain: str
    entries: tuple[FeedEntry, ...]

    @property
    def mark(self) -> str:
        """The same for two feeds exactly when they say the same."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]

    def write(self, changed_at: datetime, version: int) -> bytes:
        """The feed as text/calendar; `changed_at` and `version` grow with the data.

        So every entry is newer than the one a calendar holds, and the same data make the
        same bytes.  The zone is always there: a calendar without any component is none.
        """
        calendar = Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", "PUBLISH")
        # Of names beyond the standard the library does not know the kind of value.
        calendar.add("x-wr-calname", vText(plain(f"{PRODUCT}（{self.name}）")))
        calendar.add("x-wr-timezone", vText(ZONE))
        calendar.add("refresh-interval", REFRESH, {"value": "DURATION"})
        calendar.add("x-published-ttl", vDuration(REFRESH))
        calendar.add_component(zone())
        for entry in self.entries:
            calendar.add_component(self._event(entry, changed_at, version))
        written: bytes = calendar.to_ical()
        return written

    def _event(self, entry: FeedEntry, changed_at: datetime, version: int) -> Event:
        url = self.base_url + entry.path
        event = Event()
        event.add("uid", f"{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}@{self.domain}")
        event.add("dtstamp", changed_at)
        event.add("last-modified", changed_at)
        event.add("sequence", version)
        event.add("dtstart", entry.begins)
        event.add("dtend", entry.ends)
        event.add("summary", plain(entry.title))
        event.add("description", plain(f"{entry.text}\n\n{url}"))
        if entry.place:
            event.add("location", plain(entry.place))
        event.add("url", url)
        event.add("class", "PRIVATE")
        event.add("transp", "TRANSPARENT")
        event.add("x-microsoft-cdo-busystatus", vText("FREE"))
        return event
