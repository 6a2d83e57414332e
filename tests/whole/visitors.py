"""A furnished house with its visitors: everybody is signed in once, every change is undone."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import cast
from tests.whole.furnishing import HUB, TOWN, Stock, furnish
from tests.whole.objects import Target, targets
from tracker.kernel.permissions import Permission, Reach, Role, reach
from tracker.plumbing.db import db

# Both come by themselves: HEAD runs the view of GET, OPTIONS runs none.
BY_THEMSELVES = frozenset({"HEAD", "OPTIONS"})


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


class AnyHouse:
    """The application furnished, on whichever database, with everybody signed in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client(use_cookies=False)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            self.stock: Stock = furnish()
        self.cookies = {visitor: self._sign_in(visitor) for visitor in VISITORS if visitor.role}

    def _sign_in(self, visitor: Visitor) -> str:
        fields = {"email": cast.email(visitor.role or "", visitor.town), "password": cast.PASSWORD}
        answer = self.client.post("/login", data=fields)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return answer.headers["Set-Cookie"].partition(";")[0]

    def ask(self, visitor: Visitor, method: str, path: str, **more: Any) -> TestResponse:
        """One request of a visitor whose cookies nothing changes, from a page just opened."""
        if method == "POST" and isinstance(more.get("data", {}), dict):
            more["data"] = {"once": secrets.token_hex(8), **more.get("data", {})}
        headers = {"Cookie": self.cookies[visitor]} if visitor.role else {}
        return self.client.open(path, method=method, headers=headers, **more)

    def path(self, endpoint: str, args: dict[str, Any]) -> str:
        """The address of a page; arguments it does not know go behind the question mark."""
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **args)

    def doors(self, *endpoints: str) -> Iterator[tuple[str, str, Target, str]]:
        """Every method of every address with every object: endpoint, method, object, path."""
        for rule in sorted(self.app.url_map.iter_rules(), key=str):
            if rule.endpoint == "static" or (endpoints and rule.endpoint not in endpoints):
                continue
            for target in targets(rule.endpoint, self.stock):
                path = self.path(rule.endpoint, target.args)
                for method in sorted(set(rule.methods or ()) - BY_THEMSELVES):
                    yield rule.endpoint, method, target, path

    def close(self) -> None:
        """Lets go of the database."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


class House(AnyHouse):
    """The same over a SQLite file that can be put back in a moment."""

    def __init__(self, app: Flask, path: Path) -> None:
        super().__init__(app)
        self.live = sqlite3.connect(path)
        self.saved = sqlite3.connect(":memory:")
        self.live.backup(self.saved)
        self.seen = self._version()

    def _version(self) -> int:
        return int(self.live.execute("PRAGMA data_version").fetchone()[0])

    def was_changed(self) -> bool:
        """Whether anything at all was committed since this was asked last."""
        before, self.seen = self.seen, self._version()
        return before != self.seen

    def restore(self) -> None:
        """Puts every row back, and lets the process forget what it kept of them."""
        self.saved.backup(self.live)
        self.app.extensions.pop("memo", None)
        self.was_changed()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that stands in every table but the sign-ins' last-seen time."""
        names = self.live.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {name: self.live.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}
        columns = [row[1] for row in self.live.execute("PRAGMA table_info(sign_in)")]
        seen = columns.index("last_seen_at")
        found["sign_in"] = [row[:seen] + row[seen + 1 :] for row in found["sign_in"]]
        return found

    def close(self) -> None:
        """Lets go of both connections too."""
        self.live.close()
        self.saved.close()
        super().close()


H = TypeVar("H", bound=AnyHouse)


@contextmanager
def furnished(make: Callable[[], H]) -> Iterator[H]:
    """A house, built just before the tests begin."""
    # A cookie signed later than a test begins would not be good yet.
    with time_machine.travel(cast.NOW - timedelta(minutes=1), tick=True):
        house = make()
    yield house
    house.close()
