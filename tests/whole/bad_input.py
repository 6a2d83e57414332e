"""The forms of the house, what they are fed with, and what their answers must be like."""

import os
import pickle
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from sqlalchemy import BigInteger, Integer, String
from werkzeug.test import TestResponse

from tests.app_fixtures import made_once
from tests.pages import Page, check
from tests.services import FOLDER
from tests.whole.clients import (
    ADMIN,
    LEAD,
    NOBODY,
    OFFICE,
    OFFICER,
    VISITORS,
    House,
    Visitor,
)
from tracker.plumbing.db import db

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = f"🍎🏳{SCRIPT}; DROP TABLE person; -- {{{{ 7*7 }}}}{{% for %}}"
# In every box at once ...
NONSENSE = {
    "too long": "長" * 10_000,
    "a zero byte": "今別町\x00終わり",
    "hostile words": HOSTILE,
    "a control character": "今別町\x07終わり",
    "words turned round": "今別町\u2066\u202e終わり",
    "a negative number": "-1",
    "a huge number": "9" * 41,
    "an impossible day": "2026/02/30",
}
# ... and, with these too, in one box among good ones.
MORE_NONSENSE = {
    **NONSENSE,
    "digits of another script": "१२²",
    "a day in no era": "令和99年13月45日",
    "not a number": "NaN",
    "an unseen character": "今別\u200b町\u3164終わり",
    "one of this machine alone": "今別町\ue000終わり",
}
# What no form may take, however free its text.
NEVER_TAKEN = {"too long", "a zero byte", "a control character", "words turned round"}
# What an answer of HTML cannot hold.
NOT_SHOWN = {"a zero byte", "a control character"}
# A wrong password counts, whatever else is wrong (contracts.md, "Delays at sign-in").
COUNTS_WRONG_TRIES = {
    "sign_in.change_password",
    "sign_in.recovery_codes",
    "sign_in.second_factor",
    "sign_in.second_step",
    "sign_in.set_by_code",
    "sign_in.sign_in",
    "sign_in.turn_second_factor_off",
}
PLAIN_TEXTS = ("text", "email", "search", "tel", "textarea")
# What a box is filled with where only another one is to be wrong.
PLAUSIBLE = (
    (re.compile(r"(^|_|-)on$"), "2026/12/11"),
    (re.compile(r"begins$"), "14:00"),
    (re.compile(r"ends$"), "15:30"),
    (re.compile("email"), "somebody@imabetsu.example"),
    (re.compile("password"), "a long enough password"),
    (re.compile(r"value_|_yen|total|subsidy|target|budget|actual"), "1000"),
    (re.compile(r"weight|ratio|fixed_|percent"), ""),
)


@dataclass(frozen=True)
class Box:
    """One control of a form: its name, its kind, what it holds and what it offers."""

    name: str
    kind: str
    value: str = ""
    offers: tuple[str, ...] = ()

    @property
    def is_carried(self) -> bool:
        """What the page itself carries along of the row it shows: nobody types it."""
        return self.name.endswith("seen")

    @property
    def plausible(self) -> str:
        """Something this box may well take."""
        if self.value or self.kind in ("hidden", "checkbox"):
            return self.value
        if self.offers:
            return next((one for one in self.offers if one), "")
        return next((text for fits, text in PLAUSIBLE if fits.search(self.name)), "文字")


@dataclass(frozen=True)
class Asked:
    """A form as somebody finds it: who, on which page, where it goes, what it asks."""

    visitor: Visitor
    page: str
    target: str
    boxes: tuple[Box, ...]

    @property
    def asks(self) -> bool:
        """Whether there is anything to fill in; else it is a bare button."""
        return any(box.kind != "hidden" for box in self.boxes)

    def plausible(self) -> dict[str, str]:
        """Every box filled in with something it may well take."""
        return {box.name: box.plausible for box in self.boxes if box.plausible}

    def fillings(self, nonsense: str) -> Iterator[dict[str, str]]:
        """Everything wrong; then only what is written, the choices being right."""
        yield {box.name: box.value if box.is_carried else nonsense for box in self.boxes}
        written = {box.name: nonsense for box in self.boxes if box.kind in PLAIN_TEXTS}
        if written:
            yield {**self.plausible(), **written}


def boxes(form: Tag) -> tuple[Box, ...]:
    """What a person can fill in, and what a page carries along."""
    found: dict[str, Box] = {}
    for tag in form.select("input[name], select[name], textarea[name]"):
        name, kind = str(tag["name"]), str(tag.get("type", "text"))
        if name in ("csrf_token", "once") or kind in ("file", "submit"):
            continue
        before = found.get(name)
        if tag.name == "textarea":
            found[name] = Box(name, "textarea", re.sub(r"^\r?\n", "", tag.get_text()))
        elif tag.name == "select":
            offers = tuple(str(one.get("value", one.get_text())) for one in tag.select("option"))
            chosen = tag.select("option[selected]")
            found[name] = Box(name, "select", str(chosen[0]["value"]) if chosen else "", offers)
        elif kind in ("radio", "checkbox"):
            mine = str(tag.get("value", "y"))
            offers = (*(before.offers if before else ()), mine)
            held = mine if tag.has_attr("checked") else before.value if before else ""
            found[name] = Box(name, kind, held, offers)
        else:
            found[name] = Box(name, kind, str(tag.get("value", "")))
    return tuple(found.values())


@cache
def forms_of(house: House) -> list[Asked]:
    """Every form of the pages, bare buttons too, once for each address it goes to.

    Looked for by the test process that asks first; the engine's other houses have the same.
    """
    with house.app.app_context():
        name = f"forms-{db.engine.name}"

    def find() -> str:
        path = Path(os.environ[FOLDER]) / f"{name}.pickle"
        path.write_bytes(pickle.dumps(_find_forms(house)))
        return str(path)

    found: list[Asked] = pickle.loads(Path(made_once(name, find)).read_bytes())
    return found


def _find_forms(house: House) -> list[Asked]:
    found: dict[tuple[str, frozenset[str]], Asked] = {}
    order = (OFFICE, ADMIN, LEAD, OFFICER, *VISITORS)
    for endpoint, method, target, path in house.doors():
        permission = house.app.view_functions[endpoint].permission  # type: ignore[attr-defined]
        who = [one for one in order if one.may(permission, target.involved)]
        if method != "GET" or not who:
            continue
        visitor = NOBODY if endpoint == "sign_in.sign_in" else who[0]
        answer = house.ask(visitor, "GET", path)
        if answer.mimetype != "text/html":
            continue
        html = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
        for form in html.select("main form[method=post]"):
            asked = Asked(visitor, path, str(form.get("action") or path), boxes(form))
            names = frozenset(re.sub(r"\d+", "", box.name) for box in asked.boxes)
            found.setdefault((endpoint_of(house, asked.target), names), asked)
    return list(found.values())


def endpoint_of(house: House, path: str) -> str:
    adapter = house.app.url_map.bind("localhost")
    return str(adapter.match(path.partition("?")[0], method="POST")[0])


def too_much_for_postgresql(house: House) -> list[str]:
    """SQLite takes what PostgreSQL would refuse: texts too long, numbers too large, zero bytes."""
    wrong = []
    for table in db.metadata.tables.values():
        for column in table.columns:
            limit = getattr(column.type, "length", None)
            if isinstance(column.type, String):
                tests = [f"instr({column.name!r}, char(0))".replace("'", '"')]
                tests += [f'length("{column.name}") > {limit}'] * bool(limit)
            elif isinstance(column.type, Integer):
                bits = 63 if isinstance(column.type, BigInteger) else 31
                tests = [f'abs("{column.name}") >= {1 << bits}'] if bits < 63 else []
            else:
                continue
            for test in tests:
                said = f'SELECT count(*) FROM "{table.name}" WHERE {test}'
                if house.live.execute(said).fetchone()[0]:
                    wrong.append(f"{table.name}.{column.name}: {test}")
    return wrong


def sent(typed: Mapping[str, str], what: str) -> dict[str, Any]:
    """The form as it goes out; long texts in the way that is read more quickly."""
    parts = {f'name="{name}"': text.encode() for name, text in typed.items()}
    return multipart(parts) if what == "too long" else {"data": typed}


def multipart(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """A body of several parts, as a browser writes it, from a page just opened."""
    parts = {**parts, 'name="once"': secrets.token_hex(8).encode()}
    body = b"".join(
        f"--line\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts.items()
    )
    return {"data": body + b"--line--\r\n", "content_type": "multipart/form-data; boundary=line"}


def judge(house: House, form: Asked, typed: Mapping[str, str], what: str) -> list[str]:
    """Sentences about what is wrong with the answer to one form, which is sent and undone."""
    answer = house.ask(form.visitor, "POST", form.target, **sent(typed, what))
    was_changed = house.was_changed()
    wrong = too_much_for_postgresql(house) if was_changed else []
    body = answer.get_data(as_text=True)
    if answer.status_code == 302:
        body = house.ask(form.visitor, "GET", answer.location).get_data(as_text=True)
        if what in NEVER_TAKEN and any(form_takes_it(form, typed)):
            wrong.append("was taken")
    elif answer.status_code == 422:
        wrong += refusal(answer, form, typed, what)
        may_count = endpoint_of(house, form.target) in COUNTS_WRONG_TRIES
        wrong += ["was refused but changed something"] * (was_changed and not may_count)
    elif answer.status_code != 200 or was_changed:
        wrong.append(f"answered {answer.status_code}")
    if SCRIPT in body or "<script>alert" in body or "Traceback" in body:
        wrong.append("came back unescaped")
    house.settle()
    return [f"{form.visitor} {form.target} ({what}): {one}" for one in wrong]


def form_takes_it(form: Asked, typed: Mapping[str, str]) -> Iterator[bool]:
    """Whether each box that was typed into is one for words."""
    for box in form.boxes:
        if box.name in typed and typed[box.name] in NONSENSE.values():
            yield box.kind in PLAIN_TEXTS


JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
MACHINE = re.compile(
    r"Invalid|Not a valid|required|coerce|Error|Exception|None|field", re.IGNORECASE
)


def refusal(
    answer: TestResponse, form: Asked, typed: Mapping[str, str], what: str
) -> Iterator[str]:
    """What is wrong with a page that refuses."""
    page = Page(answer, [])
    if what in ("hostile words", "empty"):
        try:
            check(page, form.target)
        except AssertionError as error:
            yield str(error).partition("\n")[0]
    said = [one.get_text(strip=True) for one in page.all(".error-summary li")]
    if not said:
        yield "says nothing"
    for sentence in said:
        if not JAPANESE.search(sentence) or not sentence.endswith("。") or MACHINE.search(sentence):
            yield f"says {sentence[:80]!r}"
    kept = {box.name: box for one in page.all("main form[method=post]") for box in boxes(one)}
    for box in form.boxes:
        is_typed = box.kind in PLAIN_TEXTS and box.name in typed and what not in NOT_SHOWN
        if is_typed and (box.name not in kept or kept[box.name].value != typed[box.name]):
            yield f"lost what was typed into {box.name}"
