"""The feed as bytes: read back by the library, and line by line by a reader of our own."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from icalendar import Calendar

from tests.overview.ics import components, faults, text
from tracker.duty.duty import Duty, Owner
from tracker.duty.kinds import Kind
from tracker.meetings.rules import Candidate
from tracker.overview.calendar.feed import OVERDUE, Feed, FeedEntry, of_duty, of_meeting

TODAY = date(2026, 11, 24)
CHANGED = datetime(2026, 11, 20, 6, 2, tzinfo=UTC)
HOURS = Candidate(date(2027, 1, 28), time(14), time(15, 30))
MEETING = of_meeting("/meetings/1", "令和8年度 市町村長会議", "青森市役所 本庁舎, 庁議室", HOURS)


def make_duty(**changes: Any) -> Duty:
    """今別町's reports of the half-year."""
    values: dict[str, Any] = {
        "key": "report_unsubmitted:2026-h1:imabetsu:0",
        "kind": Kind.REPORT_UNSUBMITTED,
        "owner": Owner("imabetsu", False),
        "due_on": date(2026, 11, 30),
        "url": "/reports/2026-h1",
        "remaining": 4,
        "name": "上期",
        "detail": "（4月〜9月）",
        "text": "9事業のうち、残り4事業です。前回の内容を写してあります。",
    }
    return Duty(**{**values, **changes})


def make_feed(*entries: FeedEntry, **changes: Any) -> Feed:
    """The feed of 今別町's officer."""
    base, domain = "https://renkei.example.lg.jp", "renkei.example.lg.jp"
    return replace(Feed("今別町 企画担当", base, domain, entries), **changes)


def write(*entries: FeedEntry, at: datetime = CHANGED, version: int = 7, **changes: Any) -> bytes:
    return make_feed(*entries, **changes).write(at, version)


def only(*entries: FeedEntry, **changes: Any) -> Any:
    """The one event as the library reads it."""
    [event] = Calendar.from_ical(write(*entries, **changes)).walk("VEVENT")
    return event


EVERYTHING = (of_duty(make_duty(), TODAY), MEETING)


def test_a_strict_reader_takes_the_feed():
    assert faults(write(*EVERYTHING)) == []
    assert len(components(write(*EVERYTHING), "VEVENT")) == 2


def test_a_feed_with_nothing_in_it_is_still_a_calendar():
    assert faults(write()) == []
    assert components(write(), "VEVENT") == []
    assert len(components(write(), "VTIMEZONE")) == 1


def test_the_calendar_says_whose_it_is_and_how_often_to_look_again():
    [calendar] = components(write(), "VCALENDAR")
    assert {one.name: one.value for one in calendar.properties} == {
        "VERSION": "2.0",
        "PRODID": "-//renkei-tracker//calendar feed//JA",
        "CALSCALE": "GREGORIAN",
        "METHOD": "PUBLISH",
        "X-WR-CALNAME": "連携協約 進行管理（今別町 企画担当）",
        "X-WR-TIMEZONE": "Asia/Tokyo",
        "REFRESH-INTERVAL": "PT6H",
        "X-PUBLISHED-TTL": "PT6H",
    }
    assert calendar.one("REFRESH-INTERVAL").parameters == {"VALUE": "DURATION"}


def test_a_duty_is_one_whole_day_that_takes_up_nobody_s_time():
    event = only(of_duty(make_duty(), TODAY))
    assert event["dtstart"].dt == date(2026, 11, 30)
    assert event["dtend"].dt == date(2026, 12, 1)
    assert event["summary"] == "上期（4月〜9月）の進捗を報告する"
    link = "https://renkei.example.lg.jp/reports/2026-h1"
    assert event["description"] == f"{make_duty().text}\n\n{link}"
    assert event["url"] == link
    said = {name: str(event[name]) for name in ("transp", "class", "x-microsoft-cdo-busystatus")}
    assert said == {
        "transp": "TRANSPARENT",
        "class": "PRIVATE",
        "x-microsoft-cdo-busystatus": "FREE",
    }


def test_nothing_rings():
    data = write(*EVERYTHING)
    assert b"VALARM" not in data
    assert b"TRIGGER" not in data


def test_what_is_late_stays_on_its_day_and_says_so():
    on_the_day = only(of_duty(make_duty(), date(2026, 11, 30)))
    day_after = only(of_duty(make_duty(), date(2026, 12, 1)))
    assert day_after["dtstart"].dt == on_the_day["dtstart"].dt == date(2026, 11, 30)
    assert (OVERDUE in on_the_day["summary"], OVERDUE in day_after["summary"]) == (False, True)


def test_a_moved_day_keeps_its_name_and_is_the_newer_one():
    before = only(of_duty(make_duty(), TODAY), version=7)
    moved = of_duty(make_duty(due_on=date(2026, 12, 4)), TODAY)
    after = only(moved, at=CHANGED + timedelta(hours=1), version=8)
    assert before["uid"] == after["uid"]
    assert before["uid"].endswith("@renkei.example.lg.jp")
    assert after["dtstart"].dt - before["dtstart"].dt == timedelta(days=4)
    assert after["sequence"] > before["sequence"]
    assert after["dtstamp"].dt > before["dtstamp"].dt
    assert after["last-modified"].dt == after["dtstamp"].dt


def test_different_things_and_different_houses_have_different_names():
    one, other = of_duty(make_duty(), TODAY), of_duty(make_duty(key="another"), TODAY)
    uids = {only(one)["uid"], only(other)["uid"], only(one, domain="elsewhere.example")["uid"]}
    assert len(uids) == 3
    assert only(one, base_url="https://renkei.imabetsu.example")["uid"] in uids


def test_a_meeting_stands_at_its_hours_in_tokyo():
    event = only(MEETING)
    tokyo = ZoneInfo("Asia/Tokyo")
    assert event["dtstart"].dt == datetime(2027, 1, 28, 14, tzinfo=tokyo)
    assert event["dtend"].dt == datetime(2027, 1, 28, 15, 30, tzinfo=tokyo)
    assert event["location"] == "青森市役所 本庁舎, 庁議室"
    [line] = components(write(MEETING), "VEVENT")
    assert line.one("DTSTART").parameters == {"TZID": "Asia/Tokyo"}
    assert line.one("DTSTART").value == "20270128T140000"
    [zone] = components(write(MEETING), "STANDARD")
    assert zone.one("TZOFFSETTO").value == "+0900"


def test_commas_semicolons_and_lines_are_escaped():
    duty = make_duty(name="農業研修,移住;「A\\B」\n二行目", detail="")
    [event] = components(write(of_duty(duty, TODAY)), "VEVENT")
    said = "農業研修\\,移住\\;「A\\\\B」\\n二行目の進捗を報告する"
    assert event.one("SUMMARY").value == said
    assert text(event.one("SUMMARY").value) == duty.title


def test_a_line_break_in_a_title_begins_no_line_of_its_own():
    for end in ("\r\n", "\r", "\n", "\x0b", "\x85", "\u2028"):
        title = f"会議{end}BEGIN:VALARM{end}TRIGGER:PT0S{end}END:VALARM"
        data = write(of_duty(make_duty(name=title, detail="", text=title), TODAY))
        assert faults(data) == [], repr(end)
        assert len(Calendar.from_ical(data).walk("VALARM")) == 0, repr(end)


# The library takes a stroke with a capital N for the end of a line.
WORDS = st.text(max_size=200).filter(lambda words: "\\N" not in words)


@given(title=WORDS, words=WORDS, place=WORDS, name=WORDS)
def test_whatever_the_words_the_feed_is_valid_and_says_them(title, words, place, name):
    assume(title)
    entry = FeedEntry("key", title, words, "/x", date(2026, 11, 30), date(2026, 12, 1), place)
    data = write(entry, name=name)
    assert faults(data) == []
    [event] = components(data, "VEVENT")
    kept = title.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in kept if c == "\n" or not ("\0" <= c < " " or "\x7f" <= c < "\xa0"))
    assert text(event.one("SUMMARY").value) == kept
    assert str(Calendar.from_ical(data).walk("VEVENT")[0]["summary"]) == kept


def test_the_same_data_make_the_same_bytes_and_the_mark_tells_what_is_said():
    assert write(*EVERYTHING) == write(*EVERYTHING)
    feed = make_feed(*EVERYTHING)
    assert feed.mark == make_feed(*EVERYTHING).mark
    others = (
        make_feed(MEETING),
        make_feed(of_duty(make_duty(), date(2026, 12, 1)), MEETING),
        make_feed(of_duty(make_duty(due_on=date(2026, 12, 4)), TODAY), MEETING),
        make_feed(*EVERYTHING, name="蓬田村 企画担当"),
        make_feed(*EVERYTHING, base_url="https://elsewhere.example"),
    )
    assert len({feed.mark, *(other.mark for other in others)}) == 1 + len(others)


def _line(data: bytes, name: bytes) -> bytes:
    """The first line of that name, unfolded or not."""
    return next(line for line in data.split(b"\r\n") if line.startswith(name))


PLANTED = {
    "lines that end as on Unix": lambda data: data.replace(b"\r\n", b"\n"),
    "a last line without end": lambda data: data.removesuffix(b"\r\n"),
    "lines folded nowhere": lambda data: data.replace(b"\r\n ", b""),
    "a character cut in two": lambda data: data.replace("る".encode(), b"\xe3\r\n \x82\x8b", 1),
    "an alarm": lambda data: data.replace(
        b"END:VEVENT", b"BEGIN:VALARM\r\nTRIGGER:PT0S\r\nEND:VALARM\r\nEND:VEVENT", 1
    ),
    "no zone": lambda data: data.replace(b"TZID:Asia/Tokyo", b"TZID:Tokyo Standard Time"),
    "no stamp": lambda data: data.replace(_line(data, b"DTSTAMP") + b"\r\n", b"", 1),
    "a stamp in no zone": lambda data: data.replace(b"060200Z", b"060200"),
    "no name": lambda data: data.replace(_line(data, b"UID") + b"\r\n", b"", 1),
    "one name for two": lambda data: data.replace(
        data.split(b"UID:")[1][:32], data.split(b"UID:")[2][:32]
    ),
    "no end": lambda data: data.replace(_line(data, b"DTEND") + b"\r\n", b"", 1),
    "an end that is its beginning": lambda data: data.replace(b"20261201", b"20261130"),
    "a day with an hour": lambda data: data.replace(b"20261130", b"20261130T000000"),
    "a comma": lambda data: data.replace(b"\\,", b","),
    "a duration as Python says it": lambda data: data.replace(b"TTL:PT6H", b"TTL:6:00:00"),
    "a component never ended": lambda data: data.replace(b"END:VEVENT\r\n", b"", 1),
    "a line that is none": lambda data: data.replace(b"CLASS:PRIVATE", b"CLASS", 1),
    "no method": lambda data: data.replace(b"METHOD:PUBLISH\r\n", b""),
    "nothing at all": lambda _: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
}


@pytest.mark.parametrize("what", PLANTED)
def test_the_strict_reader_finds_what_is_planted(what):
    good = write(*EVERYTHING)
    bad = PLANTED[what](good)
    assert bad != good
    assert faults(bad) != []
