"""Whatever is typed into any form: a plain sentence, nothing lost, nothing half-saved (product.md 12).

The forms are found on the pages themselves, so that a new one is asked the same questions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import BigInteger, Integer, String
from werkzeug.test import TestResponse

from tests.pages import Page, check
from tests.whole.visitors import ADMIN, LEAD, NOBODY, OFFICE, OFFICER, VISITORS, House, Visitor
from tracker.plumbing.db import db

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
NONSENSE = {
    "too long": "長" * 10_000,
    "emoji": "🍎👨‍👩‍👧",
    "a zero byte": "今別町\x00終わり",
    "right to left": "\u202eoff\u2066side\u200f",
    "a script": SCRIPT,
    "SQL": "'; DROP TABLE person; --",
    "a template": "{{ 7*7 }}{% for %}",
    "a negative number": "-1",
    "a huge number": "9" * 41,
    "a number of another script": "१२",
    "a superscript": "²",
    "an impossible day": "2026/02/30",
    "a day in no era": "令和99年13月45日",
    "a broken percentage": "NaN",
}
# What no form may take, however free its text.
NEVER_TAKEN = {"too long", "a zero byte"}
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

    def plausible(self) -> dict[str, str]:
        """Every box filled in with something it may well take."""
        return {box.name: box.plausible for box in self.boxes if box.plausible}

    def fillings(self, nonsense: str) -> Iterator[dict[str, str]]:
        """Everything wrong; then only what is written, the choices being right."""
        yield {box.name: nonsense for box in self.boxes}
        written = {box.name: nonsense for box in self.boxes if box.kind in PLAIN_TEXTS}
        if written:
            yield {**self.plausible(), **written}


def boxes(form: Tag) -> tuple[Box, ...]:
    """What a person can fill in, and what a page carries along."""
    found: dict[str, Box] = {}
    for tag in form.select("input[name], select[name], textarea[name]"):
        name, kind = str(tag["name"]), str(tag.get("type", "text"))
        if name == "csrf_token" or kind in ("file", "submit"):
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
def find_forms(house: House) -> list[Asked]:
    """Every form that asks for something, once for each address it goes to."""
    found: dict[tuple[str, frozenset[str]], Asked] = {}
    order = (OFFICE, ADMIN, LEAD, OFFICER, *VISITORS)
    for endpoint, method, target, path in house.doors():
        permission = house.app.view_functions[endpoint].permission  # type: ignore[attr-defined]
        who = [one for one in order if one.may(permission, target.involved)]
        if method != "GET" or not who:
            continue
        visitor = NOBODY if endpoint == "accounts.sign_in" else who[0]
        html = BeautifulSoup(house.ask(visitor, "GET", path).get_data(as_text=True), "html.parser")
        for form in html.select("main form[method=post]"):
            asked = Asked(visitor, path, str(form.get("action") or path), boxes(form))
            if any(box.kind != "hidden" for box in asked.boxes):
                names = frozenset(re.sub(r"\d+", "", box.name) for box in asked.boxes)
                found.setdefault((_endpoint(house, asked.target), names), asked)
    return list(found.values())


def _endpoint(house: House, path: str) -> str:
    adapter = house.app.url_map.bind("localhost")
    return str(adapter.match(path.partition("?")[0], method="POST")[0])


@pytest.fixture
def asked(house: House) -> list[Asked]:
    """The forms of the house; looked for once."""
    return find_forms(house)


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


def judge(house: House, form: Asked, typed: Mapping[str, str], what: str) -> list[str]:
    """Sentences about what is wrong with the answer to one form, which is sent and undone."""
    answer = house.ask(form.visitor, "POST", form.target, data=typed)
    was_changed = house.was_changed()
    wrong = too_much_for_postgresql(house) if was_changed else []
    body = answer.get_data(as_text=True)
    if answer.status_code == 302:
        body = house.ask(form.visitor, "GET", answer.location).get_data(as_text=True)
        if what in NEVER_TAKEN and any(form_takes_it(form, typed)):
            wrong.append("was taken")
    elif answer.status_code == 422:
        wrong += _refusal(answer, form, typed, what)
        wrong += ["was refused but changed something"] * was_changed
    elif answer.status_code != 200 or was_changed:
        wrong.append(f"answered {answer.status_code}")
    if SCRIPT in body or "<script>alert" in body or "Traceback" in body:
        wrong.append("came back unescaped")
    if was_changed:
        house.restore()
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


def _refusal(
    answer: TestResponse, form: Asked, typed: Mapping[str, str], what: str
) -> Iterator[str]:
    """What is wrong with a page that refuses."""
    page = Page(answer, [])
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
        is_typed = box.kind in PLAIN_TEXTS and box.name in typed and what != "a zero byte"
        if is_typed and (box.name not in kept or kept[box.name].value != typed[box.name]):
            yield f"lost what was typed into {box.name}"


def test_the_forms_are_found(asked: list[Asked]) -> None:
    targets = {re.sub(r"\d+|[\w-]{30,}.*", "1", form.target.partition("?")[0]) for form in asked}
    assert len(asked) >= 25
    assert {
        "/login",
        "/admin/bases/new",
        "/admin/holidays/new",
        "/admin/posts/new",
        "/agreements/import",
        "/projects/new",
        "/reports/new",
        "/meetings/new",
        "/costs/new",
        "/p/1",
    } <= targets
    assert sum(len(form.boxes) for form in asked) > 150


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_in_every_box(house: House, asked: list[Asked], what: str) -> None:
    wrong = [
        fault
        for form in asked
        for typed in form.fillings(NONSENSE[what])
        for fault in judge(house, form, typed, what)
    ]
    assert wrong == [], "\n".join(wrong)


def test_nothing_in_any_box(house: House, asked: list[Asked]) -> None:
    wrong = []
    for form in asked:
        empty = {box.name: "" for box in form.boxes if box.kind in PLAIN_TEXTS}
        for typed in (empty, {}):
            wrong += judge(house, form, typed, "empty")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("share", range(4))
def test_one_box_wrong_among_good_ones(house: House, asked: list[Asked], share: int) -> None:
    """Each box in turn gets two kinds of nonsense, the others hold what they may well take."""
    kinds = list(NONSENSE)
    wrong = []
    turns = [(form, box) for form in asked for box in form.boxes]
    for number, (form, box) in enumerate(turns):
        if number % 4 != share:
            continue
        for what in (kinds[number % len(kinds)], kinds[(number * 5 + 3) % len(kinds)]):
            typed = {**form.plausible(), box.name: NONSENSE[what]}
            wrong += judge(house, form, typed, f"{what} in {box.name}")
    assert wrong == [], "\n".join(wrong)
