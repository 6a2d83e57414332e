"""Odd requests at every address: a sentence in Japanese with 4xx, or passed over; never a 5xx.

The addresses are those of the URL map, with one object of every kind in its place.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

import pytest
from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from tests.whole.clients import NOBODY, VISITORS, House, Visitor
from tests.whole.objects import targets
from tracker.exposure import checks

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
PASSED_OVER = {200, 302, 303, 304, 307, 308}
REFUSED = {400, 401, 403, 404, 405, 409, 410, 413, 415, 416, 422}
LARGE = str(10**30)
# In an address or behind its question mark, as they stand on the wire.
ODD = {
    "a year beyond all": "9999",
    "year 0": "0000",
    "0": "0",
    "negative": "-1",
    "a number beyond all": LARGE,
    "digits of another script": "%EF%BC%91%C2%B2",
    "a fraction": "1e999",
    "a zero byte": "%00",
    "a line's end": "%0d%0a",
    "a bell": "a%07b",
    "no UTF-8": "%ff%fe",
    "half a character": "%E3%81",
    "half a pair": "%ED%A0%80",
    "no escape": "%zz%",
    "turned round": "%E2%80%AEabc",
    "up and up": "..%2f..%2fetc",
    "a tag": "%3Cscript%3Ealert(1)%3C/script%3E",
    "a day in no year": "9999-12-31",
    "a half-year in no year": "9999-h2",
    "far too long": "a" * 6000,
    "nothing": "",
}
HEADERS: Mapping[str, Mapping[str, str]] = {
    "a broken cookie": {"Cookie": "renkei=\xff\xfe%00; =; ;renkei; remember_token=x|y"},
    "a long cookie": {"Cookie": "renkei=" + "a" * 8000},
    "a cookie of another shape": {"Cookie": 'renkei=".eJw.Zg.x"; renkei={"a":1}'},
    "no site": {"Origin": "http://[::1", "Referer": "http://[", "Sec-Fetch-Site": "none"},
    "a place of no shape": {"Referer": "http://[x]:port/%ff\xff", "Sec-Fetch-Site": "\xff"},
    "languages of no kind": {"Accept-Language": "\xff;q=x,,", "Accept": "*;;q=9e9"},
    "a browser of no kind": {"User-Agent": "\x80" * 3000, "X-Forwarded-For": "\xff, 999.1.1.1"},
    "conditions": {"If-Modified-Since": "Thu, 99", "If-None-Match": '"\xff', "Range": "bytes=9-1"},
    "a fragment": {"X-Fragment": "\xff"},
    "a host of no shape": {"Host": "[::1", "X-Forwarded-Host": "\xff"},
}
URLENCODED = "application/x-www-form-urlencoded"
LINE = b'--line\r\nContent-Disposition: form-data; name="'
BODIES: Mapping[str, tuple[str, bytes]] = {
    "JSON": ("application/json", b'{"name": '),
    "no type": ("", b"\xff\xfe\x00"),
    "a type of no shape": ("\xff/;;=", b"a=b"),
    "nothing": (URLENCODED, b""),
    "no UTF-8": (
        URLENCODED,
        b"name=%ff%fe&seen=%E3%81&once=%00&text=\xff&=&&reason=%ED%A0%80&%zz=%",
    ),
    "odd keys": (
        URLENCODED,
        b"once=" + b"k" * 90 + b"&days-99999999-on=1&days-x-on=2&steps--1-unit=3",
    ),
    "another charset": (f"{URLENCODED}; charset=klingon", b"name=a&once=b"),
    "too many fields": (URLENCODED, b"&".join(b"n%d=1" % one for one in range(3000))),
    "too many parts": (
        "multipart/form-data; boundary=line",
        b"".join(LINE + b'n%d"\r\n\r\n1\r\n' % one for one in range(1500)) + b"--line--\r\n",
    ),
    "no boundary": ("multipart/form-data", LINE + b'name"\r\n\r\nx\r\n--line--'),
    "another boundary": ("multipart/form-data; boundary=other", LINE + b'name"\r\n\r\nx'),
    "half a part": ("multipart/form-data; boundary=line", LINE + b"name\xff\r\n\r\nx\r\n--li"),
    "a file of no name": (
        "multipart/form-data; boundary=line",
        LINE + b'file"; filename="\xff\x00../"\r\nContent-Type: \xff\r\n\r\n\x00\r\n--line--\r\n',
    ),
}
# Searches by the words behind its question mark.
NEW_CASE = ("cost_sharing.new", "GET")
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get")


class Door(NamedTuple):
    """One method of one address, with an object in its place, and somebody who may use it."""

    endpoint: str
    method: str
    path: str
    visitor: Visitor
    args: Mapping[str, Any]


def doors(house: House) -> Iterator[Door]:
    """Each endpoint and method once; where nobody signs in, nobody has."""
    for endpoint, method, target, path in house.doors():
        permission = house.app.view_functions[endpoint].permission  # type: ignore[attr-defined]
        may = [one for one in VISITORS[::-1] if one.may(permission, target.involved)]
        if may and target == targets(endpoint, house.stock)[0]:
            who = NOBODY if endpoint in ("sign_in.sign_in", "sign_in.setup") else may[0]
            yield Door(endpoint, method, path, who, target.args)


class Noting(ImmutableMultiDict[str, str]):
    """What stands behind the question mark; remembers what it was asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *args, **kwargs)


def asked_behind(house: House, door: Door) -> list[str]:
    """What the page asks for behind its question mark."""
    plain = house.app.request_class
    house.app.request_class = type("Noted", (Request,), {"parameter_storage_class": Noting})
    Noting.asked.clear()
    try:
        ask(house, door, door.path, {})
    finally:
        house.app.request_class = plain
    return sorted(Noting.asked)


Names = Callable[[House, Door], Iterable[str]]


def requests(house: House, asked: Names) -> Iterator[tuple[Door, str, str, dict[str, Any]]]:
    """Every odd request: the door, what is odd, the address, and how it is asked."""
    for door in doors(house):
        rule = next(house.app.url_map.iter_rules(door.endpoint))
        for name in sorted(rule.arguments):
            is_number = isinstance(door.args[name], int)
            mark = 7654321 if is_number else "WORD"
            path = house.path(door.endpoint, {**door.args, name: mark})
            for what, odd in ODD.items():
                yield door, f"{name}: {what}", path.replace(str(mark), odd), {}
        bare = door.path.partition("?")[0]
        if door.method == "GET":
            for name in asked(house, door):
                for what, odd in ODD.items():
                    yield door, f"?{name}= {what}", f"{bare}?{name}={odd}", {}
            yield door, "signs", f"{bare}?&&=&%=&%00=%00&%ff[]=%&;;#", {}
            yield door, "a long question", f"{bare}?{'a=b&' * 4000}", {}
        else:
            for what, (kind, body) in BODIES.items():
                yield door, f"a body: {what}", door.path, {"content_type": kind, "data": body}
        for what, headers in HEADERS.items():
            yield door, what, door.path, {"headers": headers}
        for method in METHODS:
            yield door, f"the method {method}", door.path, {"method": method}


def ask(house: House, door: Door, path: str, more: Mapping[str, Any]) -> TestResponse:
    headers = {"Cookie": house.cookies[door.visitor]} if door.visitor.role else {}
    more = {**more, "headers": {**headers, **more.get("headers", {})}}
    return house.client.open(path, **{"method": door.method, **more})


def faults(answer: TestResponse) -> Iterator[str]:
    """What is wrong with an answer to something odd."""
    body = answer.get_data(as_text=True)
    if answer.status_code not in PASSED_OVER | REFUSED:
        yield f"answered {answer.status_code}"
    if "<script>alert" in body or "Traceback" in body:
        yield "came back unescaped"
    if (
        answer.status_code in REFUSED
        and not JAPANESE.search(body)
        and answer.request.method != "HEAD"
    ):
        yield f"{answer.status_code} says {body[:60]!r}"
    if any("\n" in value or "\r" in value for _, value in answer.headers):
        yield "breaks its own headers"


def wrong(houses: Sequence[House], step: int, asked: Names, first: int = 0) -> list[str]:
    """The sentences about every so many odd requests, the houses by turns."""
    said = []
    for number, (door, what, path, more) in enumerate(
        list(requests(houses[0], asked))[first::step]
    ):
        house = houses[number % len(houses)]
        answer = ask(house, door, path, more)
        said += [f"{door.method} {path[:80]} ({what}): {one}" for one in faults(answer)]
        house.settle()
    return said


def test_odd_requests_are_answered_in_plain_words(houses: list[House]) -> None:
    """Every 211th of some 12,000."""
    assert wrong(houses, 211, lambda _house, _door: ("page", "fy", "on")) == []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(4))
def test_every_odd_request_is(house: House, postgres_house: House, share: int) -> None:
    assert wrong([house, postgres_house], 4, asked_behind, share) == []


def test_a_zero_byte_reaches_no_database(houses: list[House]) -> None:
    [door] = [one for one in doors(houses[0]) if (one.endpoint, one.method) == NEW_CASE]
    for house in houses:
        answer = ask(house, door, f"{door.path.partition('?')[0]}?q=%00", {})
        assert (answer.status_code, list(faults(answer))) == (400, [])


def test_an_answer_that_breaks_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same house that reads a site's address without a look whether it is one."""
    monkeypatch.setattr(checks, "_site", lambda address: urlsplit(address).netloc)
    door = next(one for one in doors(house) if one.endpoint == "accounts.confirm_people")
    more = {"headers": HEADERS["no site"]}
    with pytest.raises(ValueError, match="Invalid IPv6 URL"):
        ask(house, door, door.path, more)
    monkeypatch.undo()
    answer = ask(house, door, door.path, more)
    assert (answer.status_code, list(faults(answer))) == (403, [])
