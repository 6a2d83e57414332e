"""Whatever is typed into any form: a plain sentence, nothing lost, nothing half-saved (product.md 12).

The forms are found on the pages themselves, so that a new one is asked the same questions.
"""

import re
import time
from datetime import time as time_of_day
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.app_fixtures import copy_database, make_app
from tests.meetings import makers as meetings
from tests.pages import Page, check
from tests.whole.bad_input import (
    MORE_NONSENSE,
    NONSENSE,
    PLAIN_TEXTS,
    Asked,
    Box,
    boxes,
    forms_of,
    judge,
    multipart,
    refusal,
    sent,
)
from tests.whole.clients import NOBODY, OFFICE, VISITORS, House
from tests.whole.objects import targets
from tracker.history import columns
from tracker.municipalities.models import Area
from tracker.plumbing import clock, forms
from tracker.plumbing.db import db

SHARES = 4


# In the quick run each form is given so many of the kinds, in turn; the slow run gives it all.
KINDS_A_FORM = 1


@pytest.fixture
def asked(house: House) -> list[Asked]:
    """The forms of the house that ask for something."""
    return [form for form in forms_of(house) if form.asks]


def test_the_forms_are_found(asked: list[Asked]) -> None:
    targets = {
        re.sub(r"(\d+\.)?[\w-]{30,}.*|\d+", "1", form.target.partition("?")[0]) for form in asked
    }
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
        "/handover",
        "/handover/posts/1",
    } <= targets
    assert sum(len(form.boxes) for form in asked) > 150


@pytest.mark.parametrize(
    "kinds",
    ["by turns", *(pytest.param(what, marks=pytest.mark.slow) for what in NONSENSE)],
)
def test_nonsense_in_every_box(house: House, asked: list[Asked], kinds: str) -> None:
    every = list(NONSENSE)
    wrong = []
    for turn, form in enumerate(asked):
        first = turn * KINDS_A_FORM
        in_turn = [every[(first + more) % len(every)] for more in range(KINDS_A_FORM)]
        for what in in_turn if kinds == "by turns" else [kinds]:
            for typed in form.fillings(NONSENSE[what]):
                wrong += judge(house, form, typed, what)
    assert wrong == [], "\n".join(wrong)


def test_nothing_in_any_box(house: House, asked: list[Asked]) -> None:
    wrong = []
    for form in asked:
        empty = {
            box.name: box.value if box.is_carried else ""
            for box in form.boxes
            if box.is_carried or box.kind in PLAIN_TEXTS
        }
        carried = {box.name: box.value for box in form.boxes if box.is_carried}
        for typed in (empty, carried):
            wrong += judge(house, form, typed, "empty")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    "share", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, SHARES))]
)
def test_one_box_wrong_among_good_ones(house: House, asked: list[Asked], share: int) -> None:
    """Each box in turn gets one kind of nonsense, the others hold what they may well take."""
    kinds = list(MORE_NONSENSE)
    turns = list(
        enumerate((form, box) for form in asked for box in form.boxes if not box.is_carried)
    )
    wrong = []
    for number, (form, box) in turns[share::SHARES]:
        what = kinds[number % len(kinds)]
        typed = {**form.plausible(), box.name: MORE_NONSENSE[what]}
        wrong += judge(house, form, typed, what)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("strange", ["9" * 41, pytest.param("-1", marks=pytest.mark.slow)])
def test_an_id_that_no_list_offers_is_refused_beside_it(
    house: House, asked: list[Asked], strange: str
) -> None:
    """What nobody could choose is not taken as 「なし」."""
    lists = [
        (form, box)
        for form in asked
        for box in form.boxes
        if box.kind == "select" and box.name in ("item", "project", "case")
    ]
    names = {(form.target.split("/")[1], box.name) for form, box in lists}
    assert {("questions", "project"), ("meetings", "item"), ("meetings", "case")} <= names
    wrong = []
    for form, box in lists:
        typed = {**form.plausible(), box.name: strange}
        answer = house.ask(form.visitor, "POST", form.target, data=typed)
        changed = house.settle()
        said = [one["href"] for one in Page(answer, []).all(".error-summary a")]
        if answer.status_code != 422 or changed or f"#{box.name}" not in said:
            wrong.append(f"{form.target} {box.name}: {answer.status_code} {said}")
    assert wrong == [], "\n".join(wrong)


def test_what_would_be_kept_or_said_wrongly_is_found(
    house: House, asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same house without its own words and without its look at characters, here and there."""
    cancel = next(form for form in asked if form.target.endswith("/cancel"))
    post = next(form for form in asked if form.target == "/admin/posts/new")
    monkeypatch.setattr(forms, "_SENTENCES", {})
    monkeypatch.setattr(forms, "_check_characters", lambda _form, _field: None)
    nothing = {box.name: "x" for box in post.boxes}
    assert any("Not a valid choice" in fault for fault in judge(house, post, nothing, "empty"))
    carried = {box.name: box.value for box in cancel.boxes if box.is_carried}
    zero = {**carried, "reason": NONSENSE["a zero byte"]}
    # What no form looked at is not kept all the same.
    assert judge(house, cancel, zero, "a zero byte") == []
    monkeypatch.setattr(columns, "check_lines", lambda _text, _field: None)
    faults = judge(house, cancel, zero, "a zero byte")
    assert any("instr" in fault for fault in faults)
    assert any("was taken" in fault for fault in faults)


@pytest.mark.slow
def test_postgresql_takes_nonsense_as_calmly(postgres_house: House) -> None:
    """What was taken is not put back here: it is enough that nothing breaks."""
    wrong = []
    for form in forms_of(postgres_house):
        for what in ("too long", "a zero byte", "hostile words"):
            for typed in list(form.fillings(NONSENSE[what]))[-1:]:
                code = postgres_house.ask(
                    form.visitor, "POST", form.target, **sent(typed, what)
                ).status_code
                wrong += [f"{form.target} ({what}): {code}"] * (code >= 500)
    assert wrong == [], "\n".join(wrong)


# --- set-up, addresses, files, links --------------------------------------------------------------


def test_the_first_page_of_all_refuses_in_plain_words(tmp_path: Path) -> None:
    app = make_app(copy_database("empty", "sqlite", tmp_path), tmp_path, WTF_CSRF_ENABLED=False)
    client = app.test_client()
    found = BeautifulSoup(client.get("/setup").get_data(as_text=True), "html.parser")
    form = Asked(NOBODY, "/setup", "/setup", boxes(found.select("main form")[0]))
    wrong = []
    for what, nonsense in {**MORE_NONSENSE, "empty": ""}.items():
        for typed in form.fillings(nonsense):
            answer = client.post("/setup", data=typed)
            wrong += [f"{what}: {answer.status_code}"] * (answer.status_code != 422)
            wrong += [f"{what}: {one}" for one in refusal(answer, form, typed, what)]
    assert wrong == [], "\n".join(wrong)
    with app.app_context():
        assert db.session.scalars(select(Area)).all() == []
        db.session.remove()
        db.engine.dispose()


# No question to the database comes of these: a number no row can have, a zero byte.
NOWHERE = (str(10**30), "%00")
ODD_NUMBERS = ("0", "%EF%BC%91", *NOWHERE)
ODD_WORDS = ("%F0%9F%8D%8E%3Cscript%3E", "a" * 3000, "9999-h1", *NOWHERE)


@pytest.mark.slow
def test_an_address_with_anything_in_it_is_not_found(house: House) -> None:
    wrong = []
    for endpoint, method, target, path in house.doors():
        permission = house.app.view_functions[endpoint].permission  # type: ignore[attr-defined]
        visitor = next(
            (one for one in VISITORS[::-1] if one.may(permission, target.involved)), None
        )
        rule = next(house.app.url_map.iter_rules(endpoint))
        if visitor is None or target != targets(endpoint, house.stock)[0]:
            continue
        for name in sorted(rule.arguments):
            is_number = isinstance(target.args[name], int)
            mark = 7654321 if is_number else "WORD"
            path = house.path(endpoint, {**target.args, name: mark})
            for odd in ODD_NUMBERS if is_number else ODD_WORDS:
                code = house.ask(visitor, method, path.replace(str(mark), odd)).status_code
                goes_nowhere = odd == "%00" or (is_number and odd in NOWHERE)
                # 409: a form that carries nothing it was opened with.
                fine = {404, 405} if goes_nowhere else {302, 403, 404, 409, 410, 422}
                if code not in fine:
                    wrong.append(f"{method} {path} with {odd[:40]}: {code}")
    assert wrong == [], "\n".join(wrong)


def upload(house: House, content: bytes, name: str) -> TestResponse:
    """Sends a file as a browser does."""
    body = multipart({f'name="file"; filename="{name}"': content})
    return house.ask(OFFICE, "POST", "/agreements/import", **body)


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
    assert list(refusal(answer, form, {}, "empty")) == []


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
    seen = Page(house.ask(NOBODY, "GET", path), []).fields()["seen"]
    first = {f"date_{house.stock.candidate}": "no", "comment": "あとから", "seen": seen}
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
        assert "新しいリンクに替わっています" in answer.get_data(as_text=True)
        check(Page(answer, []), path)


def test_a_link_that_was_taken_back_says_so(house: House) -> None:
    again = house.path(
        "meetings.renew_link", {"meeting_id": house.stock.polling, "municipality": "imabetsu"}
    )
    assert house.ask(OFFICE, "POST", again).status_code == 302
    answer = house.ask(NOBODY, "GET", f"/p/{house.stock.poll_token}")
    assert answer.status_code == 410
    check(Page(answer, []), "/p/…")
