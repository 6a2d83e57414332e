"""Whatever is typed into any form: a plain sentence, nothing lost, nothing half-saved (product.md 12).

The forms are found on the pages themselves, so that a new one is asked the same questions.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time as time_of_day
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Request
from sqlalchemy import BigInteger, Integer, String, select
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from tests.app_fixtures import make_app
from tests.meetings import makers as meetings
from tests.pages import Page, check
from tests.whole.objects import targets
from tests.whole.visitors import ADMIN, LEAD, NOBODY, OFFICE, OFFICER, VISITORS, House, Visitor
from tracker.municipalities.models import Area
from tracker.plumbing import clock
from tracker.plumbing.db import db, upgrade

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = f"🍎👨‍👩‍👧\u202eoff\u2066{SCRIPT}; DROP TABLE person; -- {{{{ 7*7 }}}}{{% for %}}"
# In every box at once ...
NONSENSE = {
    "too long": "長" * 10_000,
    "a zero byte": "今別町\x00終わり",
    "hostile words": HOSTILE,
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
}
# What no form may take, however free its text.
NEVER_TAKEN = {"too long", "a zero byte"}
SHARES = 4
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


@pytest.mark.parametrize("share", range(SHARES))
def test_one_box_wrong_among_good_ones(house: House, asked: list[Asked], share: int) -> None:
    """Each box in turn gets one kind of nonsense, the others hold what they may well take."""
    kinds = list(MORE_NONSENSE)
    turns = list(enumerate((form, box) for form in asked for box in form.boxes))
    wrong = []
    for number, (form, box) in turns[share::SHARES]:
        what = kinds[number % len(kinds)]
        typed = {**form.plausible(), box.name: MORE_NONSENSE[what]}
        wrong += judge(house, form, typed, what)
    assert wrong == [], "\n".join(wrong)


# --- set-up, addresses, files, links --------------------------------------------------------------


def test_the_first_page_of_all_refuses_in_plain_words(tmp_path: Path) -> None:
    app = make_app(f"sqlite:///{tmp_path / 'new.sqlite3'}", tmp_path, WTF_CSRF_ENABLED=False)
    with app.app_context():
        upgrade()
    client = app.test_client()
    found = BeautifulSoup(client.get("/setup").get_data(as_text=True), "html.parser")
    form = Asked(NOBODY, "/setup", "/setup", boxes(found.select("main form")[0]))
    wrong = []
    for what, nonsense in {**MORE_NONSENSE, "empty": ""}.items():
        for typed in form.fillings(nonsense):
            answer = client.post("/setup", data=typed)
            wrong += [f"{what}: {answer.status_code}"] * (answer.status_code != 422)
            wrong += [f"{what}: {one}" for one in _refusal(answer, form, typed, what)]
    assert wrong == [], "\n".join(wrong)
    with app.app_context():
        assert db.session.scalars(select(Area)).all() == []
        db.session.remove()
        db.engine.dispose()


NOWHERE = {"%00", str(10**30), str(2**31)}
ODD_NUMBERS = ("0", str(2**31), str(10**30), "%EF%BC%91", "-1")
ODD_WORDS = (
    "%00",
    "%F0%9F%8D%8E",
    "a" * 3000,
    "%3Cscript%3E",
    "2026-13",
    "9999-h1",
    "0-00",
    "%E2%80%AE",
)


def test_an_address_with_anything_in_it_is_not_found(house: House) -> None:
    wrong = []
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint == "static" or not rule.arguments:
            continue
        target = targets(rule.endpoint, house.stock)[0]
        permission = house.app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        visitor = next(one for one in VISITORS[::-1] if one.may(permission, target.involved))
        for name in sorted(rule.arguments):
            is_number = isinstance(target.args[name], int)
            for odd in ODD_NUMBERS if is_number else ODD_WORDS:
                path = house.path(
                    rule.endpoint, {**target.args, name: 7654321 if is_number else "WORD"}
                )
                path = path.replace("7654321" if is_number else "WORD", odd)
                for method in sorted(set(rule.methods or ()) & {"GET", "POST"}):
                    code = house.ask(visitor, method, path).status_code
                    # A zero byte must not come as far as a question to the database.
                    fine = {404, 405} if odd in NOWHERE else {302, 403, 404, 410, 422}
                    if code not in fine:
                        wrong.append(f"{method} {path[:80]}: {code}")
    assert wrong == [], "\n".join(wrong)


class Noting(ImmutableMultiDict[str, str]):
    """What stands behind the question mark; remembers what it was asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *args, **kwargs)


def test_anything_behind_the_question_mark_is_read_or_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = type("Noted", (Request,), {"parameter_storage_class": Noting})
    monkeypatch.setattr(house.app, "request_class", noting)
    wrong, pairs = [], 0
    for endpoint, method, _target, path in house.doors():
        if method != "GET":
            continue
        Noting.asked.clear()
        house.ask(OFFICE, "GET", path)
        for name in sorted(Noting.asked):
            pairs += 1
            for odd in (*ODD_NUMBERS, "%00", "%3Cscript%3Ealert", "", "2026", "9999", "%C2%B2"):
                answer = house.ask(OFFICE, "GET", f"{path.partition('?')[0]}?{name}={odd}")
                body = answer.get_data(as_text=True)
                if answer.status_code not in (200, 302, 403, 404) or "<script>alert" in body:
                    wrong.append(f"{endpoint} {name}={odd}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert pairs > 15


def upload(house: House, content: bytes, name: str) -> TestResponse:
    """Sends a file as a browser does."""
    head = f'--line\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--line--\r\n"
    kind = "multipart/form-data; boundary=line"
    return house.ask(OFFICE, "POST", "/agreements/import", data=body, content_type=kind)


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "協約.txt"),
        (b"\r\n \xe3\x80\x80\r\n", "空白だけ.txt"),
        (PNG * 100, "協約.txt"),
        (b"\x00" * 2000, "協約.txt"),
        (bytes(range(256)) * 40, "協約.txt"),
        ("あ".encode() * 1_700_000, "5MBの1行.txt"),
        (("（" * 50_000).encode(), "括弧.txt"),
        (b"PK\x03\x04" + b"x" * 500, "協約.docx"),
        ("買物メモ\n牛乳\n".encode(), "メモ.txt"),
        (b"%PDF-1.7 " + b"x" * 500, "../../../etc/passwd"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_file_that_is_no_agreement_is_refused_in_plain_words(
    house: House, content: bytes, name: str
) -> None:
    form = Asked(OFFICE, "/agreements/import", "/agreements/import", (Box("pasted", "textarea"),))
    began = time.perf_counter()
    answer = upload(house, content, name)
    assert time.perf_counter() - began < 5
    assert (answer.status_code, house.was_changed()) == (422, False)
    assert list(_refusal(answer, form, {}, "empty")) == []


def test_a_file_beyond_all_measure_is_refused_at_the_door(house: House) -> None:
    answer = upload(house, b"x" * (13 * 1024 * 1024), "協約.txt")
    assert answer.status_code == 413
    assert "送られたファイルが大きすぎます" in answer.get_data(as_text=True)


def test_a_forged_link_opens_nothing_and_says_what_to_do(house: House) -> None:
    token = house.stock.poll_token
    for forged in (token[:-2], token[:-1] + "!", token + "A", "x", "W10.x", "..", "a" * 3000):
        for method in ("GET", "POST"):
            answer = house.ask(NOBODY, method, f"/p/{forged}", data={"date_1": "yes"})
            assert (answer.status_code, house.was_changed()) == (404, False), forged
            check(Page(answer, []), forged)
            assert "このリンクは使えません" in answer.get_data(as_text=True) or forged == ".."


def test_a_link_that_has_expired_says_so_and_takes_nothing(house: House, now: Any) -> None:
    path = f"/p/{house.stock.poll_token}"
    first = {f"date_{house.stock.candidate}": "no", "comment": "あとから"}
    # The day after the deadline it can still be read, and answers nothing.
    now.move_to(clock.at(meetings.DUE + timedelta(days=1), time_of_day(10)))
    assert house.ask(NOBODY, "GET", path).status_code == 200
    late = house.ask(NOBODY, "POST", path, data=first)
    assert (late.status_code, house.was_changed()) == (422, False)
    check(Page(late, []), path)
    # Eight days after it, nothing at all.
    now.move_to(clock.at(meetings.DUE + timedelta(days=8), time_of_day(10)))
    for method in ("GET", "POST"):
        answer = house.ask(NOBODY, method, path, data=first if method == "POST" else None)
        assert (answer.status_code, house.was_changed()) == (410, False)
        assert "期限が過ぎました" in answer.get_data(as_text=True)
        check(Page(answer, []), path)


def test_a_link_that_was_taken_back_says_so(house: House) -> None:
    again = house.path(
        "meetings.renew_link", {"meeting_id": house.stock.polling, "municipality": "imabetsu"}
    )
    assert house.ask(OFFICE, "POST", again).status_code == 302
    answer = house.ask(NOBODY, "GET", f"/p/{house.stock.poll_token}")
    assert answer.status_code == 410
    check(Page(answer, []), "/p/…")
