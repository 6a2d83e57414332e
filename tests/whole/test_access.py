"""Everybody finds exactly the doors that the permission table opens to them (trust.md P9, P18).

What is expected is read from `kernel.permissions.TABLE` and the marks of the views alone; which
municipality an object belongs to stands in `objects`. Every control plants a fault and sees it found.
"""

import re
import sys
from collections.abc import Iterable
from functools import wraps
from types import ModuleType

import pytest
from flask import Flask, Response, make_response
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import cast
from tests.sent import live_tokens
from tests.whole.clients import (
    LEAD,
    NOBODY,
    OFFICE,
    OFFICER,
    VISITORS,
    Door,
    House,
    Visitor,
)
from tests.whole.objects import OWNED, SECRETS, Target, unplaced
from tests.whole.seed import RECOVERY_CODES
from tracker.accounts.models import SecondFactor
from tracker.cost_sharing import blueprint as cost_sharing
from tracker.council import views as council
from tracker.kernel.permissions import Permission
from tracker.plumbing.access import guard
from tracker.plumbing.db import db
from tracker.questions import blueprint as questions
from tracker.sign_in.second_factor.actions import key_of
from tracker.sign_in.second_factor.rules import shown_key

READING = frozenset({"GET", "HEAD", "OPTIONS"})
# All that is open to people who are not signed in, and all they can change.
FOR_EVERYBODY = {
    "sign_in.sign_in",
    "sign_in.setup",
    "sign_in.second_step",
    "sign_in.set_by_code",
    "sign_in.set_password",
    "sign_in.forgotten",
    "sign_in.reset_password",
    "meetings.answer_by_link",
    "meetings.answered",
    "convening.answer_by_link",
    "convening.answered",
    "overview.calendar",
}
ANSWERS_TO_AN_EMPTY_FORM = {200, 302, 400, 404, 405, 409, 422}
# An area that stands is not set up again.
CLOSED = {"sign_in.setup"}
# Whoever may not know of a draft does not hear that it is there.
REFUSED = (
    {
        f"cost_sharing.{name}": {403, 404}
        for name in (
            "add_consultation",
            "attachments",
            "detach",
            "formula",
            "preview",
            "send",
            "strike_consultation",
            "withdraw",
        )
    }
    | {
        "cost_trials.trials": {403, 404},
    }
    | {
        f"questions.{name}": {403, 404}
        for name in (
            *("add_consultation", "apply", "confirm", "edit", "paper", "put", "settle", "show"),
            *("strike_consultation", "view", "withdraw"),
        )
    }
)


def is_open_to(house: House, visitor: Visitor, endpoint: str, target: Target) -> bool:
    """What the table and the mark of the view say of one door."""
    permission = _permission(house.app.view_functions[endpoint])
    is_open = permission is not None and visitor.may(permission, target.involved)
    return is_open and (target.only is None or str(visitor) in target.only)


def is_asked_for(house: House, visitor: Visitor, door: Door, number: int) -> bool:
    """Whether it is the visitor's turn: a third of those it is open to, and of those it is not."""
    readers = [one for one in VISITORS if is_open_to(house, one, door.endpoint, door.target)]
    if visitor in readers:
        return (readers.index(visitor) - number) % min(3, len(readers)) == 0
    others = [one for one in VISITORS if one not in readers]
    return (others.index(visitor) - number) % min(3, len(others)) == 0


# That somebody opened a paper for the first time is kept, and nothing else.
NOTES_OPENING = {"materials.file", "materials.changed", "materials.book"}


def faults(house: House, visitor: Visitor, *endpoints: str) -> list[str]:
    """Sentences about every door of those pages that is not as the table says, for one visitor."""
    return faults_at(house, visitor, house.doors(*endpoints))


def faults_at(house: House, visitor: Visitor, doors: Iterable[Door]) -> list[str]:
    """The same for some doors."""
    found, live = [], live_codes(house.app)
    for (endpoint, method, target, path), answer, was_changed in house.walk(visitor, doors):
        is_open = is_open_to(house, visitor, endpoint, target)
        wrong = [_wrong(answer, endpoint, visitor, is_open)]
        notes = is_open and endpoint in NOTES_OPENING
        if was_changed and not notes and (method in READING or not is_open):
            wrong.append("changed something in the database")
        wrong += [f"shows 「{words}」" for words in _betrayed(answer, endpoint, visitor)]
        wrong += [f"shows what opens {live[code]}" for code in _given_away(answer, path, live)]
        found += [f"{visitor}: {method} {path} ({endpoint}) {what}." for what in wrong if what]
    return found


def _wrong(answer: TestResponse, endpoint: str, visitor: Visitor, is_open: bool) -> str | None:
    """What is not as the table says about one answer, or None."""
    code, location = answer.status_code, answer.headers.get("Location", "")
    if not is_open:
        if visitor is NOBODY:
            return None if location.startswith("/login") else f"does not ask to sign in: {code}"
        return None if code in REFUSED.get(endpoint, {403}) else f"is not refused: {code}"
    if code in (401, 403) or (visitor is NOBODY and location.startswith("/login")):
        return f"is refused: {code}"
    if endpoint in CLOSED:
        return None if code == 404 else f"is open: {code}"
    is_reading = answer.request.method in READING
    expected = {200, 302} if is_reading else ANSWERS_TO_AN_EMPTY_FORM
    return None if code in expected else f"answers {code}"


def _betrayed(answer: TestResponse, endpoint: str, visitor: Visitor) -> list[str]:
    """The secrets of a page that its reader may not read."""
    # Whoever holds a secretary's link is that secretary.
    if endpoint in FOR_EVERYBODY:
        return []
    body = answer.get_data(as_text=True)
    return [
        secret.words
        for secret in SECRETS
        if secret.words in body and not secret.is_for(visitor.role, visitor.town)
    ]


def live_codes(app: Flask) -> dict[str, str]:
    """What opens a page to whoever has it -> what it opens; the row's number is no secret."""
    with app.app_context():
        found = {token.rpartition(".")[2]: str(link) for token, link in live_tokens().items()}
        for one in db.session.scalars(select(SecondFactor)):
            key = key_of(one.person_id, one.nonce)
            found |= dict.fromkeys((key, shown_key(key)), f"'second_factor' {one.person_id}")
        found |= dict.fromkeys(RECOVERY_CODES, "'recovery_code'")
        db.session.rollback()
    return found


def _given_away(answer: TestResponse, path: str, live: Iterable[str]) -> list[str]:
    """The links that an answer shows, other than to whoever came by that very link."""
    said = f"{answer.headers}{answer.get_data(as_text=True)}"
    return [code for code in live if code in said and code not in path]


def test_every_address_has_a_permission_and_a_place_in_the_table_of_objects(house: House) -> None:
    assert unplaced(house.app) == []
    marked = [getattr(view, "own", None) for view in house.app.view_functions.values()]
    assert any(marked) and len(marked) > 50


@pytest.mark.parametrize("visitor", VISITORS, ids=str)
def test_every_door_is_as_the_table_says(
    shared_out: list[tuple[House, list[str]]], visitor: Visitor
) -> None:
    wrong, met = [], 0
    is_whole = len(shared_out) == 1
    for house, endpoints in shared_out:
        doors = list(enumerate(house.doors(*endpoints)))
        asked = [one for no, one in doors if is_whole or is_asked_for(house, visitor, one, no)]
        wrong += faults_at(house, visitor, asked)
        met += len(doors)
    assert wrong == []
    assert met > 120


def test_each_door_is_tried_by_both_kinds_in_the_quick_run(house: House) -> None:
    for number, door in enumerate(house.doors()):
        readers = [one for one in VISITORS if is_open_to(house, one, door.endpoint, door.target)]
        asked = [one for one in VISITORS if is_asked_for(house, one, door, number)]
        let_in = [one for one in asked if one in readers]
        assert (len(readers) + 2) // 3 >= len(let_in) >= min(1, len(readers)), door
        # And refuses a third of the others, somebody always where there is anybody.
        assert 3 * (len(asked) - len(let_in)) >= len(VISITORS) - len(readers) - 2, door
        assert len(asked) > len(let_in) or len(readers) == len(VISITORS), door


def test_only_these_pages_are_open_without_signing_in(house: House) -> None:
    views = house.app.view_functions.items()
    is_public = {name for name, view in views if _permission(view) is Permission.PUBLIC}
    assert is_public == FOR_EVERYBODY


def test_reading_the_area_is_no_permission_to_change_it(house: House) -> None:
    changing = [
        f"{rule} ({rule.endpoint})"
        for rule in house.app.url_map.iter_rules()
        if set(rule.methods or ()) - READING
        and _permission(house.app.view_functions[rule.endpoint]) is Permission.READ_AREA
    ]
    assert changing == []


def _permission(view: object) -> Permission | None:
    return getattr(view, "permission", None)


def test_who_may_read_a_secret_finds_it(house: House) -> None:
    pages = (
        "accounts.handover",
        "cost_sharing.index",
        "council.index",
        "materials.index",
        "meetings.agenda",
        "meetings.show",
        "municipalities.calendar",
        "projects.report",
        "questions.index",
        "questions.show",
        "reminders.index",
    )
    shown = "".join(
        house.ask(visitor, "GET", path).get_data(as_text=True)
        for visitor in (OFFICE, OFFICER)
        for _endpoint, _method, _target, path in house.doors(*pages)
    )
    # Nobody among the visitors is of 蓬田村, whose draft and memo are its own.
    assert [one.words for one in SECRETS if one.words not in shown] == [
        "蓬田村の下書きの印",
        "蓬田村の引継ぎの印",
        "蓬田村の添付の印",
    ]


def test_every_change_asks_for_the_forms_own_token(house: House) -> None:
    house.app.config["WTF_CSRF_ENABLED"] = True
    asked = set()
    for endpoint, method, target, path in house.doors():
        permission = house.app.view_functions[endpoint].permission  # type: ignore[attr-defined]
        people = [one for one in VISITORS if one.may(permission, target.involved)]
        # Nobody here is between a password and a code: that page shows no form.
        if method in READING or not people or endpoint == "sign_in.second_step":
            continue
        answer = house.ask(people[-1], method, path, data={"csrf_token": "forged"})
        # Said on the form or, by a button, on its page; or the page itself is not theirs, or not there.
        assert answer.status_code in (302, 400, 403, 404, 409, 410), f"{method} {path}"
        assert not house.was_changed(), f"{method} {path}"
        asked.add(endpoint)
    assert len(asked) > 30


def test_reading_changes_nothing_but_when_a_session_was_seen_last(
    house: House, now: object
) -> None:
    before = house.rows()
    now.shift(600)  # type: ignore[attr-defined]
    for visitor in VISITORS:
        house.ask(visitor, "GET", "/measures")
    assert house.was_changed()
    for endpoint, method, _target, path in house.doors():
        if method == "GET":
            for visitor in (OFFICE, OFFICER):
                house.ask(visitor, method, path)
                assert not house.was_changed() or endpoint in NOTES_OPENING, path
    after = house.rows()
    assert after.pop("history") == before.pop("history")
    # Who opened which paper first when is kept by reading it, outside the record (`EXEMPT`): that
    # the towns have it is nothing that anybody decided.  Only these rows are added.
    assert set(after.pop("material_opening")) > set(before.pop("material_opening"))
    assert after == before
    assert sum(map(len, after.values())) > 200


def test_an_address_that_nobody_knows_asks_nobody_to_sign_in(house: House) -> None:
    assert [house.ask(one, "GET", "/nowhere").status_code for one in (NOBODY, OFFICE)] == [404] * 2


def test_a_municipality_in_a_form_is_no_way_round_the_table(house: House) -> None:
    entry = {
        "kind": "closure",
        "name": "開村記念日",
        "begins_on": "2026/12/3",
        "ends_on": "2026/12/3",
    }
    project = {
        "name": "新しい事業",
        "summary": "内容",
        "measure": "1",
        "lead_section": "企画課",
        "lead_post": "0",
        "since_year": "2026",
        "mark": "going",
        "part_aomori": "y",
        "indicator_decimals": "0",
    }
    for path, fields, name, visitor, own, other in (
        ("/admin/holidays/new", entry, "municipalities", OFFICER, "imabetsu", "yomogita"),
        ("/projects/new", project, "lead", LEAD, "aomori", "imabetsu"),
    ):
        refused = house.ask(visitor, "POST", path, data={**fields, name: other})
        assert (refused.status_code, house.was_changed()) == (422, False), path
        for who, slug in ((visitor, own), (OFFICE, other)):
            done = house.ask(who, "POST", path, data={**fields, name: slug})
            assert (done.status_code, house.was_changed()) == (302, True), f"{path} {who}"
            house.restore()


def test_confirming_all_at_once_confirms_only_what_the_reader_checks(house: House) -> None:
    lead = Visitor(LEAD.role, "imabetsu")
    count = (
        "SELECT lead.slug, count(*) FROM progress_report AS report"
        " JOIN project ON project.id = report.project_id"
        " JOIN municipality AS lead ON lead.id = project.lead_municipality_id"
        " WHERE report.state = 'submitted' GROUP BY lead.slug"
    )
    before = dict(house.live.execute(count).fetchall())
    # As if the form offered the reports of other leads too.
    offered = (
        "SELECT report.project_id || '-' || town.slug || '-seen', report.version"
        " FROM progress_report AS report JOIN municipality AS town"
        " ON town.id = report.municipality_id WHERE report.state = 'submitted'"
    )
    fields = {name: str(seen) for name, seen in house.live.execute(offered)}
    assert house.ask(lead, "POST", "/reports/2026-h1/inbox", data=fields).status_code == 302
    after = dict(house.live.execute(count).fetchall())
    assert before.pop("imabetsu") > after.pop("imabetsu", 0)
    assert after == before != {}


# --- a suite that cannot fail proves nothing: each control plants a fault ---------------------------


def test_a_view_without_a_permission_is_found_and_lets_nobody_in(app: Flask) -> None:
    app.add_url_rule("/planted", "planted", lambda: "here you are")
    app.add_url_rule("/planted/<int:plant_id>", "plant", guard(Permission.READ_AREA)(_hello))
    app.add_url_rule("/grown/<int:plant_id>", "grown", guard(Permission.EDIT_PROJECT)(_hallo))
    assert unplaced(app) == [
        "/planted has no permission: put @guard(Permission.…) on planted.",
        "/planted/<int:plant_id> has plant_id in its address: say in SHARED of "
        "tests/whole/objects.py which object to ask plant for.",
        "/grown/<int:plant_id> has plant_id in its address: say in OWNED of "
        "tests/whole/objects.py which object to ask grown for.",
    ]
    client = app.test_client()
    fields = {"email": cast.email("admin"), "password": cast.PASSWORD}
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/login", data=fields)
    assert client.get("/planted").status_code == 403


def _hello(plant_id: int) -> str:
    return f"plant {plant_id}"


def _hallo(plant_id: int) -> str:
    return f"plant {plant_id}"


def test_a_house_without_its_guard_is_found(house: House) -> None:
    watchers = house.app.before_request_funcs[None]
    keeper = next(one for one in watchers if one.__name__ == "check_access")
    at = watchers.index(keeper)
    watchers[at] = lambda: None
    try:
        assert len(faults(house, NOBODY, "agreements.index", "reminders.correct")) >= 2
    finally:
        watchers[at] = keeper
    assert faults(house, NOBODY, "agreements.index", "reminders.correct") == []


def test_an_address_of_a_councils_member_shown_to_everybody_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(house, OFFICER, "council.index") == []
    monkeypatch.setattr(council, "may", lambda *_: True)
    assert "chair@chamber.example" in "".join(faults(house, OFFICER, "council.index"))


def _views_with(name: str) -> list[ModuleType]:
    """The modules of pages that took that check from `plumbing.access`."""
    return [
        module
        for path, module in sys.modules.items()
        if re.fullmatch(r"tracker\..*(views|blueprint)", path) and hasattr(module, name)
    ]


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_each_check_of_the_municipality_is_missed_once_it_is_taken_out(
    house: House, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every OWNED page answers for some other municipality once its own check is gone."""
    for module in _views_with("may_check"):
        monkeypatch.setattr(module, "may_check", lambda _: True)
    for module in _views_with("require"):
        monkeypatch.setattr(module, "require", lambda *_: None)
    # An unsent case and a question of others are not even shown: their pages ask twice.
    monkeypatch.setattr(cost_sharing, "is_readable", lambda _: True)
    monkeypatch.setattr(questions, "may", lambda *_: True)
    for endpoint in OWNED:
        view = house.app.view_functions[endpoint]
        monkeypatch.setattr(view, "own", None)
    unnoticed = [
        endpoint
        for endpoint in list(OWNED)[::step]
        if not any(faults(house, visitor, endpoint) for visitor in VISITORS[:0:-1])
    ]
    assert unnoticed == []


def test_words_shown_to_too_many_are_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(house, OFFICER, "projects.report", "meetings.show") == []
    for module in _views_with("may"):
        if module.__name__.startswith(("tracker.projects.", "tracker.meetings.")):
            monkeypatch.setattr(module, "may", lambda *_: True)
    found = faults(house, OFFICER, "projects.report", "meetings.show")
    assert {sentence.partition("「")[2].partition("」")[0] for sentence in found} == {
        "蓬田村の下書きの印",
        "蓬田村の秘書の連絡の印",
        "蓬田村の添付の印",
    }


def test_a_page_that_shows_a_live_link_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = house.app.view_functions["meetings.show"]

    @wraps(view)
    def careless(**args: object) -> Response:
        shown = make_response(view(**args))
        shown.set_data(shown.get_data() + " ".join(live_tokens()).encode())
        return shown

    assert faults(house, OFFICER, "meetings.show") == []
    monkeypatch.setitem(house.app.view_functions, "meetings.show", careless)
    found = faults(house, OFFICER, "meetings.show")
    assert any("shows what opens PersonalLink(kind='poll'" in sentence for sentence in found)
