"""Nothing typed is lost (contracts.md, "Trust"): every form of the house, sent with the token of
another session, into a fault of ours, and while the database is locked, full, read-only or gone.

Each comes back with every character and carries nothing out; sent once more it is carried out once.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import islice
from time import monotonic
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, before_render_template
from jinja2 import Template
from sqlalchemy import event
from werkzeug.test import TestResponse

from tests.app_fixtures import make_app
from tests.pages import Page
from tests.troubles import TROUBLES, engine_of, locked
from tests.whole.bad_input import JAPANESE, PLAIN_TEXTS, Asked, boxes, endpoint_of
from tests.whole.clients import NOBODY, OFFICE, House
from tests.whole.test_acts import FILLED, NO_ACT, rows, with_acts
from tests.whole.unsafe import BY_HAND, ONLY_EMPTY, unsafe, unsafe_endpoints
from tracker.failures.views import NAMED, NOT_NOW
from tracker.plumbing.db import db
from tracker.plumbing.forms import LEFT, OLD_TOKEN, PRESSED, TYPED
from tracker.plumbing.pages import SECRET

Fields = dict[str, Any]
# Of one request; the traceback of a fault of ours is none of them.
MOST_LOG_LINES = 2
OF_MACHINES = re.compile(r"planted|Traceback|Error|lock|disk|device|read-?only|sql|psycopg", re.I)


def filled(house: House, form: Asked) -> Fields:
    """A form as somebody would send it, each press of it under the same key."""
    return {**form.plausible(), **FILLED.get(endpoint_of(house, form.target), {}), "once": "key"}


def press(house: House, form: Asked, fields: Fields) -> TestResponse:
    return house.ask(form.visitor, "POST", form.target, data=fields)


def lost(form: Asked, fields: Fields, answer: TestResponse) -> list[str]:
    """What was sent and does not stand in any form of the answer."""
    html = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    there: dict[str, set[str]] = {}
    for one in html.select("main form[method=post]"):
        for box in boxes(one):
            there.setdefault(box.name, set()).add(box.value.replace("\r\n", "\n"))
        for tag in one.select("[type=checkbox][checked], [type=hidden]"):
            there.setdefault(str(tag["name"]), set()).add(str(tag.get("value", "y")))
    typed = {box.name: box for box in form.boxes if box.kind != "hidden"}
    wrong = []
    for name, sent in fields.items():
        for value in sent if isinstance(sent, list) else [sent]:
            is_secret = SECRET.search(name) is not None
            if name in typed and not is_secret and value not in there.get(name, set()):
                wrong.append(f"{form.target}: {name}={value!r} is lost")
    return wrong


def in_turn(
    houses: list[House], found_in: Callable[[House], list[Asked]] = with_acts
) -> Iterator[tuple[House, Asked]]:
    """Each form with the house it stands in, which is put back after it."""
    for turn, forms in enumerate(zip(*map(found_in, houses), strict=True)):
        place = turn % len(houses)
        yield houses[place], forms[place]
        houses[place].settle()


def test_a_form_with_the_token_of_another_session_comes_back(houses: list[House]) -> None:
    wrong, asked, buttons = [], 0, 0
    for house, form in in_turn(houses):
        house.app.config["WTF_CSRF_ENABLED"] = True
        other = Page(house.client.get("/login"), []).fields()["csrf_token"]
        # Other words than those that are stored, and than any that would be good.
        typed = {box.name: f"{box.value}・追記" for box in form.boxes if box.kind in PLAIN_TEXTS}
        before, fields = rows(house), {**filled(house, form), **typed, "csrf_token": other}
        answer = press(house, form, fields)
        asked += 1
        where = f"{form.visitor} {form.target}"
        # What asks for nothing that is typed may say so.
        old, pressed = (one[form.visitor is not NOBODY] for one in (OLD_TOKEN, PRESSED))
        said = [old % {"left": left} for left in (TYPED, TYPED + LEFT[-1], *LEFT, "")]
        if rows(house) != before:
            wrong.append(f"{where}: changed something")
        if answer.status_code == 302 and not form.asks:
            buttons += 1
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            answer = house.client.get(answer.location, headers={"Cookie": cookie})
        elif answer.status_code != 400:
            wrong.append(f"{where}: {answer.status_code}")
        told = answer.get_data(as_text=True)
        if not any(one in told for one in (said[:2] if typed else [*said, pressed])):
            wrong.append(f"{where}: does not say so")
        if form.asks:
            wrong += lost(form, fields, answer)
            assert typed == {} or lost(form, fields, house.ask(form.visitor, "GET", form.page))
        house.app.config["WTF_CSRF_ENABLED"] = False
    assert wrong == [], "\n".join(wrong)
    assert asked >= 50 and buttons >= 5, (asked, buttons)


def impatient(house: House) -> House:
    """The same house with a process in which writers wait a tenth of a second."""
    config = house.app.config
    app = make_app(config["SQLALCHEMY_DATABASE_URI"], config["HOME"], LOCK_MS=100)
    app.config["WTF_CSRF_ENABLED"] = False
    other = copy(house)
    other.app, other.client = app, app.test_client(use_cookies=False)
    return other


@contextmanager
def asked_on_error_pages(house: House) -> Iterator[list[str]]:
    """What the database was asked while the page of an error was made."""
    asked: list[str] = []
    failing: list[str] = []

    def begun(_app: Flask, template: Template, **_: Any) -> None:
        failing.extend([str(template.name)] * str(template.name).startswith("errors/"))

    def note(*args: Any) -> None:
        asked.extend(f"{failing[-1]}: {args[2:3]}" for _ in failing[-1:])

    engine = engine_of(house)
    names = ("before_cursor_execute", "begin", "do_connect")
    for name in names:
        event.listen(engine, name, note)
    try:
        with before_render_template.connected_to(begun, house.app):
            yield asked
    finally:
        for name in names:
            event.remove(engine, name, note)


def judge(
    house: House, form: Asked, trouble: str, log: pytest.LogCaptureFixture
) -> tuple[bool, list[str]]:
    """Whether a form met the trouble, and what is wrong with how it came through."""
    plant, code = TROUBLES[trouble]
    before, fields = house.rows(), filled(house, form)
    label = next((NAMED[name] for name in NAMED if name in fields), "片づける")
    if label not in NAMED.values():
        fields["pressed"] = label
    log.clear()
    with asked_on_error_pages(house) as asked, plant(house):
        answer = press(house, form, fields)
    if answer.status_code < 500:
        # It had nothing to write; a wrong password is counted.
        is_act = endpoint_of(house, form.target) not in NO_ACT
        return False, ["wrote something"] * (is_act and house.rows() != before)
    page, wrong = Page(answer, []), [f"an error's page asked the database: {one}" for one in asked]
    if answer.status_code != code:
        wrong.append(f"answered {answer.status_code}")
    left = TYPED if page.all("main li.kept-lines") else ""
    said = NOT_NOW % {"left": left, "pressed": label}
    if page.all("main form button")[-1].text != label:
        wrong.append("does not offer what was pressed")
    if said not in page.text or ("受付番号" in page.text) is not (code == 500):
        wrong.append("does not say so")
    if not JAPANESE.search(page.title) or OF_MACHINES.search(page.text):
        wrong.append("speaks of machines")
    logged = [one.getMessage() for one in log.records]
    if len("\n".join(logged).splitlines()) > MOST_LOG_LINES:
        wrong.append(f"wrote too much into the log: {said}")
    if code == 503 and any(one.exc_info for one in log.records):
        wrong.append("wrote a traceback of no fault of ours into the log")
    if house.rows() != before:
        wrong.append("changed something")
    wrong += lost(form, fields, answer)
    kept = page.fields()
    # Files are named on the page: a browser lets nobody but its person choose them again.
    files = {name for name, value in fields.items() if isinstance(value, tuple)}
    # The mark of a kept form that `unsafe` makes up names none, and is dropped for that.
    lacking = fields.keys() - kept.keys() - files - {"kept", "pressed"}
    wrong += [f"{name} is lost" for name in sorted(lacking) if not SECRET.search(name)]
    wrong += [f"{name} is not named" for name in files if fields[name][1] not in page.text]
    # A button that no page shows as it stands is refused, and says so where it leads.
    is_pressed = endpoint_of(house, form.target) not in {*NO_ACT, *BY_HAND}
    if not is_pressed or fields.keys() != kept.keys() - {"csrf_token"}:
        return True, wrong
    if any(isinstance(value, list | tuple) for value in fields.values()):
        return True, wrong
    first = press(house, form, kept)
    once = house.rows()
    second = press(house, form, kept)
    if first.status_code in (302, 303):
        if once == before:
            wrong.append("was not carried out when sent again")
        if house.rows() != once or second.status_code != 303:
            wrong.append(f"was done twice: {second.status_code}")
    elif first.status_code >= 500:
        wrong.append(f"did not get over it: {first.status_code}")
    return True, wrong


def test_every_unsafe_route_is_among_them(house: House) -> None:
    asked = {endpoint_of(house, one.target) for one in unsafe(house)}
    assert asked | ONLY_EMPTY == unsafe_endpoints(house)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_form_sent_into_trouble_is_kept_and_carried_out_once(
    houses: list[House], trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, met = [], 0
    others = [impatient(house) for house in houses]
    # The quick run has a sample, on either engine; of the last three troubles a smaller one.
    step = (15 if trouble in list(TROUBLES)[:2] else 27) if len(houses) > 1 else 1
    for house, form in islice(in_turn(others, unsafe), 0, None, step):
        is_met, said = judge(house, form, trouble, caplog)
        wrong += [f"{form.visitor} {form.target}: {one}" for one in said]
        met += is_met
    for other in others:
        with other.app.app_context():
            db.session.remove()
            db.engine.dispose()
    assert wrong == [], "\n".join(wrong)
    assert met >= 45 // step


def test_reading_waits_for_no_writer_and_gives_up_what_it_would_note(
    houses: list[House], now: Any
) -> None:
    now.shift(600)
    for house in houses:
        before = house.rows()
        with locked(house):
            begun = monotonic()
            answers = [house.ask(OFFICE, "GET", path).status_code for path in ("/", "/measures")]
            took = monotonic() - begun
        assert (answers, house.rows()) == ([200, 200], before)
        # A writer would wait five seconds.
        assert took < house.app.config["LOCK_MS"] / 1000
        assert not house.was_changed()
        house.ask(OFFICE, "GET", "/")
        assert house.was_changed()
        house.restore()
