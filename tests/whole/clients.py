"""A furnished house with its visitors: everybody is signed in once, every change is undone."""

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import cast
from tests.pages import Page
from tests.put_back import PutBack
from tests.whole.objects import Target, targets
from tests.whole.seed import HUB, TOWN, Stock, furnish
from tracker.history.columns import as_json
from tracker.kernel.permissions import Permission, Reach, Role, reach
from tracker.plumbing.db import db

# Table and key -> its row.
Rows = dict[tuple[str, str], dict[str, Any]]

# Both come by themselves: HEAD runs the view of GET, OPTIONS runs none.
BY_THEMSELVES = frozenset({"HEAD", "OPTIONS"})


class Readable(Response):
    """An answer whose words can be looked for, also where it is a file of another kind."""

    def get_data(self, as_text: bool = False) -> Any:
        """The bytes, or the text; what is no text shows as marks."""
        found = super().get_data()
        return found.decode(errors="replace") if as_text else found


@dataclass(frozen=True)
class Visitor:
    """Somebody at the door: nobody known, or the account with a role in a municipality."""

    role: Role | None = None
    town: str = ""

    def __str__(self) -> str:
        return f"{self.role}@{self.town}" if self.role else "nobody"

    def may(self, permission: Permission, involved: frozenset[str] | None) -> bool:
        """What the table alone says; `involved` None is asked of the role only."""
        if permission is Permission.PUBLIC:
            return True
        far = reach(self.role, permission) if self.role else None
        return far is Reach.ANY or (
            far is Reach.OWN and (involved is None or self.town in involved)
        )


NOBODY = Visitor()
OFFICE, LEAD = Visitor(Role.OFFICE, HUB), Visitor(Role.LEAD, HUB)
OFFICER = Visitor(Role.OFFICER, TOWN)
ADMIN = Visitor(Role.ADMIN, HUB)
VISITORS = (
    NOBODY,
    OFFICE,
    LEAD,
    Visitor(Role.CONFIRMER, HUB),
    Visitor(Role.READER, HUB),
    ADMIN,
    OFFICER,
    Visitor(Role.CONFIRMER, TOWN),
    Visitor(Role.LEAD, TOWN),
)


class Door(NamedTuple):
    """One method of one address with one object."""

    endpoint: str
    method: str
    target: Target
    path: str


class Met(NamedTuple):
    """What became of one request: whether it changed anything is asked before it is undone."""

    door: Door
    answer: TestResponse
    was_changed: bool


class House:
    """The application with one object of every kind and everybody signed in; all of it is put back."""

    def __init__(self, app: Flask, stock: Stock, cookies: Mapping[Visitor, str]) -> None:
        self.app, self.stock, self.cookies = app, stock, cookies
        self.client: FlaskClient = FlaskClient(app, Readable, use_cookies=False)
        self.is_touched = False
        self._read: Rows | None = None
        self._first: Rows | None = None

    def _is_written(self) -> bool:
        """Whether anything at all was committed since this was asked last."""
        raise NotImplementedError

    def was_changed(self) -> bool:
        """The same, and remembered until everything is put back."""
        found = self._is_written()
        if found:
            self.is_touched, self._read = True, None
        return found

    def put_back(self) -> None:
        """Every row as it was at the beginning."""
        raise NotImplementedError

    def restore(self) -> None:
        """Puts every row back, and lets the process forget what it kept of them."""
        self.put_back()
        self.app.extensions["memo"] = {}
        self.kept: dict[Any, Any] = {}
        self._is_written()
        self.is_touched, self._read = False, self._first

    def ask(self, visitor: Visitor, method: str, path: str, **more: Any) -> TestResponse:
        """One request of a visitor whose cookies nothing changes; a form comes with its key."""
        headers = {"Cookie": self.cookies[visitor]} if visitor.role else {}
        data = more.pop("data", None)
        if method == "POST" and not isinstance(data, bytes):
            data = {"once": secrets.token_hex(8), **(data or {})}
        return self.client.open(path, method=method, headers=headers, data=data, **more)

    def send(
        self, visitor: Visitor, page: str, target: str, data: Mapping[str, str]
    ) -> TestResponse:
        """Opens a page, fills in its form that goes to an address, and sends it."""
        opened = Page(self.ask(visitor, "GET", page), [])
        forms = opened.all("main form[method=post]")
        number = [str(form.get("action") or page) for form in forms].index(target)
        return self.ask(visitor, "POST", target, data={**opened.fields(number), **data})

    def path(self, endpoint: str, args: dict[str, Any]) -> str:
        """The address of a page; arguments it does not know go behind the question mark."""
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **args)

    def doors(self, *endpoints: str) -> Iterator[Door]:
        """Every method of every address with every object."""
        for rule in sorted(self.app.url_map.iter_rules(), key=str):
            if rule.endpoint == "static" or (endpoints and rule.endpoint not in endpoints):
                continue
            for target in targets(rule.endpoint, self.stock):
                path = self.path(rule.endpoint, target.args)
                for method in sorted(set(rule.methods or ()) - BY_THEMSELVES):
                    yield Door(rule.endpoint, method, target, path)

    def walk(self, visitor: Visitor, doors: Iterable[Door]) -> Iterator[Met]:
        """The doors as somebody meets them, each with everything in its place."""
        self.restore()
        for door in doors:
            answer = self.ask(visitor, door.method, door.path)
            yield Met(door, answer, self.settle())

    def settle(self) -> bool:
        """Puts every row back if a request changed one, and what was kept of the rows with it."""
        self.was_changed()
        was_touched = self.is_touched
        if was_touched:
            kept = self.kept
            self.restore()
            self.app.extensions["memo"] = self.kept = kept
        self.kept = dict(self.app.extensions["memo"])
        return was_touched

    def everything(self) -> Rows:
        """All that stands, by table and key; read again only after something was committed."""
        self.was_changed()
        if self._read is None:
            self._read = {}
            with self.app.app_context(), db.engine.connect() as connection:
                for table in db.metadata.sorted_tables:
                    for row in connection.execute(select(table)).mappings():
                        key = "-".join(str(as_json(row[one.name])) for one in table.primary_key)
                        self._read[table.name, key] = dict(row)
            if not self.is_touched:
                self._first = self._read
        return self._read

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The same by table, without the sign-ins' last-seen time."""
        found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in db.metadata.tables}
        for (table, _key), row in self.everything().items():
            found[table].append(tuple(row[one] for one in row if one != "last_seen_at"))
        return found

    def close(self) -> None:
        """Lets go of the database."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


class SqliteHouse(House):
    """On a SQLite file, which a backup puts back in a moment."""

    def __init__(self, app: Flask, stock: Stock, cookies: Mapping[Visitor, str]) -> None:
        super().__init__(app, stock, cookies)
        with app.app_context():
            self.live = sqlite3.connect(str(db.engine.url.database))
        self.saved = sqlite3.connect(":memory:")
        self.live.backup(self.saved)
        self.version = self._version()

    def _version(self) -> int:
        return int(self.live.execute("PRAGMA data_version").fetchone()[0])

    def _is_written(self) -> bool:
        """Whether anything at all was committed since this was asked last."""
        before, self.version = self.version, self._version()
        return before != self.version

    def put_back(self) -> None:
        """Every row as it was at the beginning."""
        self.saved.backup(self.live)

    def close(self) -> None:
        """Lets go of both connections too."""
        self.live.close()
        self.saved.close()
        super().close()


class PostgresHouse(House):
    """On PostgreSQL, where triggers name the tables that were written to and a copy refills them."""

    def __init__(self, app: Flask, stock: Stock, cookies: Mapping[Visitor, str]) -> None:
        super().__init__(app, stock, cookies)
        with app.app_context():
            url = db.engine.url.set(drivername="postgresql").render_as_string()
        self.saved = PutBack(psycopg.connect(url, autocommit=True))

    def _is_written(self) -> bool:
        """Whether any row was written since this was asked last."""
        return self.saved.was_changed()

    def put_back(self) -> None:
        """Every row as it was at the beginning; neither triggers nor foreign keys ask about it."""
        assert self.saved.rows()

    def close(self) -> None:
        """Lets go of the connection too."""
        self.saved.live.close()
        super().close()


def fill(app: Flask) -> tuple[Stock, dict[Visitor, str]]:
    """Fills the cast's area and signs everybody in: what was made, and their cookies."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        stock = furnish()
    client = app.test_client(use_cookies=False)
    return stock, {one: _sign_in(client, one) for one in VISITORS if one.role}


def _sign_in(client: FlaskClient, visitor: Visitor) -> str:
    fields = {"email": cast.email(visitor.role or "", visitor.town), "password": cast.PASSWORD}
    answer = client.post("/login", data=fields)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    cookies = answer.headers.getlist("Set-Cookie")
    return next(one.partition(";")[0] for one in cookies if one.startswith("renkei="))
