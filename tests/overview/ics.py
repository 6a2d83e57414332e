"""Reads a calendar line by line, as a strict reader does, without the library that wrote it.

What is asked: RFC 5545 sections 3.1 (lines), 3.3 (values), 3.6 (components), and what Outlook
asks beyond it: a zone for every hour, a value that is a duration where one is named.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 75
LINE = re.compile(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]+))*):(.*)', re.DOTALL)
DURATION = re.compile(r"-?P(?:\d+W|\d+D(?:T.+)?|T(?:\d+H)?(?:\d+M)?(?:\d+S)?)")
TEXTS = {"PRODID", "X-WR-CALNAME", "SUMMARY", "DESCRIPTION", "LOCATION", "UID"}
# How often each may stand in its component: at least, at most.
ONCE, PERHAPS = (1, 1), (0, 1)
PROPERTIES = {
    "VCALENDAR": {
        "PRODID": ONCE,
        "VERSION": ONCE,
        "METHOD": ONCE,
        "CALSCALE": PERHAPS,
        "X-WR-CALNAME": ONCE,
        "X-WR-TIMEZONE": PERHAPS,
        "REFRESH-INTERVAL": ONCE,
        "X-PUBLISHED-TTL": ONCE,
    },
    "VTIMEZONE": {"TZID": ONCE, "COMMENT": PERHAPS},
    "STANDARD": {"DTSTART": ONCE, "TZOFFSETFROM": ONCE, "TZOFFSETTO": ONCE, "TZNAME": PERHAPS},
    "VEVENT": {
        "UID": ONCE,
        "DTSTAMP": ONCE,
        "DTSTART": ONCE,
        "DTEND": ONCE,
        "SUMMARY": ONCE,
        "SEQUENCE": PERHAPS,
        "LAST-MODIFIED": PERHAPS,
        "DESCRIPTION": PERHAPS,
        "LOCATION": PERHAPS,
        "URL": PERHAPS,
        "CLASS": PERHAPS,
        "TRANSP": PERHAPS,
        "X-MICROSOFT-CDO-BUSYSTATUS": PERHAPS,
    },
}
WITHIN = {"VTIMEZONE": "VCALENDAR", "STANDARD": "VTIMEZONE", "VEVENT": "VCALENDAR"}
UTC = re.compile(r"\d{8}T\d{6}Z")


class Property(NamedTuple):
    """One line: its name, what stands behind the semicolons, its value as written."""

    name: str
    parameters: dict[str, str]
    value: str


class Component(NamedTuple):
    """What stands between BEGIN and END."""

    kind: str
    properties: list[Property]

    def one(self, name: str) -> Property:
        """The property of that name, an empty one where there is none."""
        nothing = Property(name, {}, "")
        return next((one for one in self.properties if one.name == name), nothing)


def faults(data: bytes) -> list[str]:
    """Sentences about everything a strict reader would refuse."""
    return [*_lines(data), *_read(data)]


def components(data: bytes, kind: str) -> list[Component]:
    """Those of one kind, in their order."""
    found: list[Component] = []
    list(_components(_unfolded(data), found))
    return [one for one in found if one.kind == kind]


def text(value: str) -> str:
    """A TEXT value as it was meant."""
    signs = {"n": "\n", "N": "\n"}
    return re.sub(r"\\(.)", lambda found: signs.get(found[1], found[1]), value)


def _lines(data: bytes) -> Iterator[str]:
    if not data.endswith(b"\r\n"):
        yield "the last line does not end"
    for line in data.split(b"\r\n"):
        if len(line) > LONGEST:
            yield f"{len(line)} octets: {line[:30]!r}"
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            yield f"a control sign: {line[:30]!r}"
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            yield f"a character cut in two: {line[-10:]!r}"


def _unfolded(data: bytes) -> list[str]:
    joined = data.removesuffix(b"\r\n").replace(b"\r\n ", b"").replace(b"\r\n\t", b"")
    return joined.decode("utf-8", "replace").split("\r\n")


def _read(data: bytes) -> Iterator[str]:
    found: list[Component] = []
    yield from _components(_unfolded(data), found)
    zones = {one.one("TZID").value for one in found if one.kind == "VTIMEZONE"}
    if len(found) < 2:
        yield "a calendar without components"
    uids = [one.one("UID").value for one in found if one.kind == "VEVENT"]
    if len(uids) > len(set(uids)):
        yield "a UID twice"
    for component in found:
        yield from _counts(component)
        for one in component.properties:
            yield from _value(one)
        if component.kind == "VEVENT":
            yield from _span(component, zones)


def _components(lines: list[str], found: list[Component]) -> Iterator[str]:
    open_ones: list[Component] = []
    for line in lines:
        fits = LINE.fullmatch(line)
        if fits is None:
            yield f"no property: {line[:30]!r}"
            continue
        pairs = (pair.split("=", 1) for pair in fits[2].split(";")[1:])
        one = Property(fits[1], {name: value.strip('"') for name, value in pairs}, fits[3])
        if one.name == "BEGIN":
            where = open_ones[-1].kind if open_ones else None
            if one.value not in PROPERTIES or where != WITHIN.get(one.value):
                yield f"{one.value} within {where}"
            open_ones.append(Component(one.value, []))
            found.append(open_ones[-1])
        elif one.name == "END":
            if not open_ones or open_ones.pop().kind != one.value:
                yield f"{one.value} ends where it did not begin"
        elif open_ones:
            open_ones[-1].properties.append(one)
        else:
            yield f"{one.name} outside"
    if open_ones:
        yield f"{open_ones[-1].kind} does not end"


def _counts(component: Component) -> Iterator[str]:
    names = [one.name for one in component.properties]
    known = PROPERTIES.get(component.kind, {})
    for name in sorted({*names, *known}):
        least, most = known.get(name, (0, 0))
        if not least <= names.count(name) <= most:
            yield f"{names.count(name)} times {name} in {component.kind}"


def _value(one: Property) -> Iterator[str]:
    if one.name in TEXTS and re.search(r"[\\;,]", re.sub(r"\\[\\;,nN]", "", one.value)):
        yield f"{one.name} is not escaped"
    if one.name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL") and not DURATION.fullmatch(one.value):
        yield f"{one.name} is no duration: {one.value}"
    if one.name in ("DTSTAMP", "LAST-MODIFIED") and not UTC.fullmatch(one.value):
        yield f"{one.name} is not UTC: {one.value}"
    if one.name == "VERSION" and one.value != "2.0":
        yield f"version {one.value}"
    if one.name == "SEQUENCE" and not (one.value.isdecimal() and int(one.value) < 2**31):
        yield f"sequence {one.value}"
    if one.name == "URL" and not re.fullmatch(r"https?://[!-~]+", one.value):
        yield f"no address: {one.value!r}"


def _span(event: Component, zones: set[str]) -> Iterator[str]:
    begins, ends = event.one("DTSTART"), event.one("DTEND")
    if begins.parameters != ends.parameters:
        yield "it begins and ends in different kinds of time"
    if begins.parameters.get("VALUE") == "DATE":
        fits = re.compile(r"\d{8}")
    elif begins.parameters.get("TZID") in zones:
        fits = re.compile(r"\d{8}T\d{6}")
    else:
        fits = UTC
    if not (fits.fullmatch(begins.value) and fits.fullmatch(ends.value)):
        yield f"no time of its kind: {begins.value} to {ends.value}"
    elif begins.value >= ends.value:
        yield "it ends before it begins"
