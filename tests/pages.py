"""A client that checks every page it fetches, and counts the queries it took."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import lxml.html
from bs4 import BeautifulSoup, Tag
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import login_user
from sqlalchemy import event
from werkzeug.test import TestResponse

from tests import cast
from tracker.accounts import queries as accounts
from tracker.kernel.permissions import Role
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.sign_in.models import SignInStep
from tracker.sign_in.password.actions import NOWHERE, open_session
from tracker.sign_in.password.views import SignedIn

# A page's queries, sign-in included, whatever the rows (contracts.md, "Acts, conflicts, keys").
MOST_QUERIES = 10


class Page:
    """One answer: its status, its HTML and how many queries it took.

    Read twice over: `tree` by a quick parser, for what is asked of every page, and `html`, for the
    tests that look at one, only when they do.
    """

    def __init__(self, response: TestResponse, queries: list[str]) -> None:
        self.response, self.queries = response, queries
        self.status = response.status_code
        self.location = response.headers.get("Location", "")
        # A paper or an attachment is no page.
        is_text = (response.mimetype or "").startswith("text/")
        self.said = response.get_data(as_text=True) if is_text else ""

    @cached_property
    def html(self) -> BeautifulSoup:
        return BeautifulSoup(self.said, "html.parser")

    @cached_property
    def tree(self) -> Any:
        return lxml.html.document_fromstring(self.said)

    @property
    def text(self) -> str:
        """What a reader sees, white space folded."""
        if self.response.mimetype != "text/html" or not self.said.strip():
            return re.sub(r"\s+", " ", self.html.get_text(" ", strip=True))
        shown = self.tree.xpath("//body//text()[not(ancestor::script or ancestor::template)]")
        return " ".join(" ".join(shown).split())

    @property
    def title(self) -> str:
        """The page's h1."""
        return self.one("h1").get_text(strip=True)

    def one(self, selector: str) -> Tag:
        """The one element that fits; fails when there are none or several."""
        found = self.html.select(selector)
        assert len(found) == 1, f"{len(found)} elements for {selector!r}"
        return found[0]

    def all(self, selector: str) -> list[Tag]:
        """All elements that fit."""
        return list(self.html.select(selector))

    def link(self, label: str) -> str:
        """The address behind the one link with that label."""
        found = [a for a in self.html.select("a") if a.get_text(strip=True) == label]
        assert found, f"no link {label!r}"
        return str(found[0]["href"])

    def fields(self, number: int = -1) -> dict[str, Any]:
        """The values a browser would send for a form of main (default: the last one)."""
        form = self.tree.xpath("//main//form[@method='post']")[number]
        values: dict[str, Any] = {}
        for box in form.iter("input", "select", "textarea"):
            name, kind = box.get("name"), box.get("type", "")
            if name is None or kind in ("submit", "file"):
                continue
            if kind in ("checkbox", "radio"):
                if "checked" in box.attrib:
                    values.setdefault(name, []).append(box.get("value", "y"))
            elif box.tag == "select":
                chosen = box.xpath(".//option[@selected]") or box.xpath(".//option[1]")
                if chosen:
                    values[name] = chosen[0].get("value", chosen[0].text_content())
            elif box.tag == "textarea":
                values[name] = box.text_content().removeprefix("\r").removeprefix("\n")
            else:
                values[name] = box.get("value", "")
        return values


class PageClient:
    """Somebody at a browser: signs in, fetches, fills in; every page is checked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()

    def enter(self, role: Role | str, slug: str = "aomori") -> "PageClient":
        """Is signed in as the account with that role in that municipality, by no page."""
        with self.app.test_request_context():
            person = accounts.find_person(cast.email(role, slug))
            assert person
            token = open_session(person, SignInStep.SIGNED_IN, at=clock.now(), origin=NOWHERE)
            found = accounts.signed_in(token, clock.now())
            assert found
            login_user(SignedIn(token, found[0]))
            begun = dict(session)
        with self.client.session_transaction() as held:
            held.update(begun)
        return self

    def sign_in(self, role: Role | str, slug: str = "aomori") -> "PageClient":
        """Signs in by the page as the account with that role in that municipality."""
        page = self.get("/login")
        page = self.post(
            "/login",
            {**page.fields(), "email": cast.email(role, slug), "password": cast.PASSWORD},
        )
        assert page.status == 302, page.text
        return self

    def get(self, path: str, status: int | None = 200, most_queries: int = MOST_QUERIES) -> Page:
        """Fetches a page and checks it; `status` is what is expected (None: any but an error)."""
        page = self._ask("GET", path)
        fits = page.status == status if status else page.status < 400
        assert fits, f"{path}: {page.status} {page.location} {page.text[:600]}"
        if page.status < 300 and page.response.mimetype == "text/html":
            check(page, path)
            queries = page.queries
            if len(queries) > most_queries:
                # What all pages share is read once per data version: count without it.
                queries = self._ask("GET", path).queries
            assert len(queries) <= most_queries, (
                f"{path} took {len(queries)} queries:\n" + "\n".join(queries)
            )
        return page

    def piece(self, path: str) -> Page:
        """Fetches a piece of a page, as a script does."""
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, Any], **more: Any) -> Page:
        """Sends a form as a browser would (the caller passes the page's own csrf_token).

        A caller that sends no key stands for a page just opened, which has one of its own.
        """
        fields = {"once": secrets.token_hex(8), **fields}
        page = self._ask("POST", path, data=fields, **more)
        if page.response.mimetype == "text/html" and page.status in (200, 409, 422):
            check(page, path)
        return page

    def fill(self, path: str, changes: dict[str, Any], to: str | None = None) -> Page:
        """Opens the page, fills in its (last) form and sends it."""
        page = self.get(path)
        form = page.tree.xpath("//main//form[@method='post']")[-1]
        target = to or form.get("action") or path
        return self.post(target, {**page.fields(), **changes})

    def follow(self, page: Page) -> Page:
        """Goes where a redirect points."""
        assert page.status in (302, 303), page.text
        return self.get(page.location)

    def _ask(self, method: str, path: str, **more: Any) -> Page:
        with counting() as queries:
            response = self.client.open(path, method=method, **more)
        with self.app.app_context():
            assert not db.session.new and not db.session.dirty, f"{path} left work uncommitted"
        assert b"Traceback (most recent call last)" not in response.data
        return Page(response, queries)


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements run inside, transaction marks left out."""
    from sqlalchemy import Engine

    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "PRAGMA")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def check(page: Page, path: str) -> None:
    """What every page of the house promises."""
    tree, find, where = page.tree, page.tree.xpath, f"on {path}"
    assert tree.tag == "html" and tree.get("lang") == "ja", where
    (h1,) = ("".join(one.itertext()).strip() for one in find("//h1"))
    title = "".join(find("//head/title/text()")).strip()
    assert title.removeprefix("入力の確認 – ").startswith(h1 + "｜"), f"{title!r} / {h1!r} {where}"
    ids = find("//@id")
    assert len(ids) == len(set(ids)), f"an id twice {where}: {sorted(ids)}"
    for form in find("//form"):
        if form.get("method", "").lower() == "post":
            assert form.xpath(".//input[@name='csrf_token']"), f"a form without CSRF token {where}"
            assert form.xpath(".//input[@name='once']") or form.get("action", "").endswith(
                "/logout"
            ), f"a form without its one-time key {where}"
    labelled = set(find("//label/@for"))
    for box in find("//input | //select | //textarea"):
        assert (
            box.get("type") in ("hidden", "submit")
            or box.get("id") in labelled
            or box.get("aria-label")
            or box.get("aria-labelledby")
            or box.xpath("ancestor::label")
        ), f"{lxml.html.tostring(box, encoding='unicode')} {where}"
    for names in find("//@aria-describedby"):
        for name in names.split():
            assert name in ids, f"aria-describedby {name!r} leads nowhere {where}"
    assert not find("//@style | //style"), f"inline style {where}"
    assert not find("//script[not(@src)]"), f"inline script {where}"
    assert not re.search(r"\bNone\b|Undefined|<tracker\.|<input", page.text), f"raw value {where}"
    for target in find("//@href | //@src"):
        outside = target.startswith(("http:", "https:", "//"))
        assert not outside, f"outside address {where}: {target}"
    assert "default-src 'self'" in page.response.headers["Content-Security-Policy"], where
