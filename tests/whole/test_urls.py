"""Every address that a page, a letter or a line of code names leads somewhere."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest
from flask import Flask
from jinja2 import nodes
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.whole.clients import OFFICE, OFFICER, House, Visitor
from tracker.app import FEATURES
from tracker.sections.rules import NAV, SECTIONS

ROOT = Path(__file__).parents[2]
# The macro that pages through a list takes the name of its page.
PAGER = "pager"


def _named_in_templates(app: Flask) -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, endpoint, and the arguments given (None: more than the parser can see)."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        place = str(path.relative_to(ROOT / "templates"))
        for call in app.jinja_env.parse(path.read_text("utf-8")).find_all(nodes.Call):
            name = call.node.name if isinstance(call.node, nodes.Name) else ""
            at = {"url_for": 0, PAGER: 1}.get(name)
            if at is None or not isinstance(call.args[at], nodes.Const):
                continue
            given = {pair.key for pair in call.kwargs} | ({"page"} if name == PAGER else set())
            yield place, call.args[at].value, None if call.dyn_kwargs else given


def _named_in_code() -> Iterator[tuple[str, str, set[str] | None]]:
    for path in sorted((ROOT / "tracker").rglob("*.py")):
        place = str(path.relative_to(ROOT / "tracker"))
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "url_for"):
                continue
            if isinstance(call.args[0], ast.Constant):
                names = [pair.arg for pair in call.keywords]
                yield place, call.args[0].value, None if None in names else {*map(str, names)}


def missing(app: Flask, named: Iterator[tuple[str, str, set[str] | None]]) -> tuple[list[str], int]:
    """Sentences about names without a page or without what its address needs; how many there are."""
    rules: dict[str, list[Any]] = {}
    for rule in app.url_map.iter_rules():
        rules.setdefault(rule.endpoint, []).append(rule)
    wrong, count = [], 0
    for place, name, given in named:
        count += 1
        endpoint = place.partition("/")[0] + name if name.startswith(".") else name
        if endpoint not in rules:
            wrong.append(f"{place} names {endpoint}, which is no page")
        elif given is not None and not any(rule.arguments <= given for rule in rules[endpoint]):
            wrong.append(f"{place} names {endpoint} with {sorted(given)} only")
    return wrong, count


def test_every_page_named_in_a_template_exists(app: Flask) -> None:
    wrong, count = missing(app, _named_in_templates(app))
    assert wrong == []
    assert count > 100


def test_every_page_named_in_the_code_exists(app: Flask) -> None:
    wrong, count = missing(app, _named_in_code())
    assert wrong == []
    assert count > 50


def test_a_name_without_a_page_is_found(app: Flask) -> None:
    planted = iter(
        [
            ("costs/show.html", "overview.nowhere", set[str]()),
            ("cost_sharing/show.html", ".show", set[str]()),
            ("cost_sharing/show.html", ".show", {"no"}),
            ("cost_sharing/show.html", ".index", {"fy"}),
        ]
    )
    wrong, _ = missing(app, planted)
    assert wrong == [
        "costs/show.html names overview.nowhere, which is no page",
        "cost_sharing/show.html names cost_sharing.show with [] only",
    ]


def test_every_item_of_the_menu_has_its_page(app: Flask) -> None:
    assert {
        name for one in SECTIONS.values() for name in (one.endpoint, *one.more)
    } <= app.view_functions.keys()
    with app.test_request_context():
        assert [app.url_for(SECTIONS[key].endpoint) for key in NAV] == [
            "/",
            "/measures",
            "/reports",
            "/meetings",
            "/costs",
            "/questions",
            "/notices",
        ]


def leads(app: Flask, path: str, method: str = "GET") -> bool:
    """Whether somebody answers there."""
    try:
        app.url_map.bind("localhost").match(path, method=method)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def test_every_feature_has_its_pages(app: Flask) -> None:
    assert set(app.blueprints) == set(FEATURES)


def _written_addresses() -> Iterator[tuple[str, str]]:
    """Addresses written out in the code, routes left out; what is filled in becomes a 1."""
    for path in sorted((ROOT / "tracker").rglob("*.py")):
        nodes_of = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        within = {id(part) for one in nodes_of for part in getattr(one, "values", ())}
        for node in nodes_of:
            if id(node) in within or not isinstance(node, ast.Constant | ast.JoinedStr):
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(
                str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "1"
                for part in parts
            )
            if re.match(r"/[a-z]+(/|$)", text) and "<" not in text:
                yield str(path.relative_to(ROOT)), text


def test_every_address_written_in_the_code_leads_somewhere(app: Flask) -> None:
    found = list(_written_addresses())
    assert len(found) > 10
    # One that ends with a stroke is a beginning, completed by the database.
    assert [
        (place, text)
        for place, text in found
        for address in (text.partition("?")[0] + "1" * text.endswith("/"),)
        if not leads(app, address) and not leads(app, address, "POST")
        # Answered before any address is looked up.
        if text != "/healthz"
    ] == []


@pytest.mark.parametrize(
    "visitor", [OFFICE, pytest.param(OFFICER, marks=pytest.mark.slow)], ids=str
)
def test_no_page_offers_a_link_or_a_form_that_its_reader_cannot_use(
    house: House, visitor: Visitor
) -> None:
    wrong, links, opened = [], {}, set()
    for endpoint, method, _target, path in house.doors():
        answer = house.ask(visitor, "GET", path) if method == "GET" else None
        if answer is None or answer.status_code != 200:
            continue
        opened.add(path)
        if endpoint == "sign_in.sign_in" or answer.mimetype != "text/html":
            continue
        html = lxml.html.document_fromstring(answer.get_data(as_text=True))
        ids = set(html.xpath("//@id"))
        for tag in html.xpath("//a[@href] | //link[@href] | //script[@src] | //form"):
            target = tag.get("href") or tag.get("src") or tag.get("action") or path
            parts = urlsplit(target)
            if target.startswith("#") and target[1:] not in ids:
                wrong.append(f"{path}: {target} is not on the page")
            way = "POST" if tag.get("method", "").lower() == "post" else "GET"
            if not target.startswith("#") and not leads(house.app, unquote(parts.path), way):
                wrong.append(f"{path}: {way} {target} leads nowhere")
            if tag.tag == "a" and not target.startswith("#"):
                links.setdefault(target.partition("#")[0], path)
    assert wrong == []
    assert len(links) > 30
    assert _closed(house, visitor, {to: at for to, at in links.items() if to not in opened}) == []


def _closed(house: House, visitor: Visitor, links: Mapping[str, str]) -> list[str]:
    """The links that do not open for whoever was shown them."""
    codes = {link: house.ask(visitor, "GET", link).status_code for link in links}
    return [
        f"{links[link]} offers {link}: {code}"
        for link, code in codes.items()
        if code not in (200, 302)
    ]
