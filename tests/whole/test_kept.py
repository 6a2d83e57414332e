"""Nothing typed is lost (contracts.md, "Trust"): every form of the house, sent with the token of
another session, while the database is locked, and into a fault of ours.

Each comes back with every character and carries nothing out; sent once more it is carried out once.
"""

from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from tests.pages import Page
from tests.whole.bad_input import PLAIN_TEXTS, Asked, boxes, endpoint_of
from tests.whole.clients import NOBODY, House
from tests.whole.test_acts import FILLED, rows, with_acts
from tracker.plumbing.forms import OLD_TOKEN
from tracker.plumbing.pages import _SECRET

Fields = dict[str, Any]


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
            if box.kind == "checkbox":
                checked = one.select(f'[name="{box.name}"][checked]')
                there[box.name] |= {str(tag.get("value", "y")) for tag in checked}
    typed = {box.name: box for box in form.boxes if box.kind != "hidden"}
    wrong = []
    for name, sent in fields.items():
        for value in sent if isinstance(sent, list) else [sent]:
            is_secret = _SECRET.search(name) is not None
            if name in typed and not is_secret and value not in there.get(name, set()):
                wrong.append(f"{form.visitor} {form.target}: {name}={value!r} is lost")
    return wrong


def in_turn(houses: list[House]) -> Iterator[tuple[House, Asked]]:
    """Each form with the house it stands in, which is put back after it."""
    for turn, forms in enumerate(zip(*map(with_acts, houses), strict=True)):
        place = turn % len(houses)
        yield houses[place], forms[place]
        houses[place].restore()


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
        said = OLD_TOKEN[form.visitor is not NOBODY]
        if rows(house) != before:
            wrong.append(f"{where}: changed something")
        if answer.status_code == 302 and not form.asks:
            buttons += 1
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            answer = house.client.get(answer.location, headers={"Cookie": cookie})
        elif answer.status_code != 400:
            wrong.append(f"{where}: {answer.status_code}")
        if said not in answer.get_data(as_text=True):
            wrong.append(f"{where}: does not say so")
        if form.asks:
            wrong += lost(form, fields, answer)
            assert typed == {} or lost(form, fields, house.ask(form.visitor, "GET", form.page))
        house.app.config["WTF_CSRF_ENABLED"] = False
    assert wrong == [], "\n".join(wrong)
    assert asked >= 50 and buttons >= 5, (asked, buttons)
