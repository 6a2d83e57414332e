"""A full database of the release before is upgraded, used, taken back and upgraded again."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade
from flask_migrate import upgrade as upgrade_to

from tests.app_fixtures import copy_of, make_app
from tests.pages import PageClient
from tests.whole import release
from tests.whole.release import Rows
from tests.whole.test_migrations import differences
from tracker.exposure.views import PUBLISHED_PASSWORD
from tracker.plumbing.db import db
from tracker.record import queries as record
from tracker.schema.actions import upgrade

LINK = re.compile(r"/p/[\w.-]{16,}")
# What does not come back: live links have died, a letter that held one is not sent any more.
DIED = {"letter": {"body", "state", "last_answer"}, "poll_invitation": {"nonce"}}
PAGES = ("/", "/measures?fy=2026", "/projects?fy=2026", "/reports/2026-h1", "/costs/2026-04")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application over the example as the release before kept it."""
    url, _ = copy_of(None, request.param, tmp_path / "older.sqlite3")
    app = make_app(url, tmp_path, DEMO_PASSWORD=PUBLISHED_PASSWORD)
    with app.app_context():
        upgrade_to(revision="0002")
        release.fill(db.engine, release.read())
        yield app
        db.session.remove()
        db.engine.dispose()


def told(rows: Rows) -> Rows:
    """The same without values that nobody has told."""
    counted = [one for one in rows["indicator_value"] if one["value"] is not None]
    return {**rows, "indicator_value": counted}


def changed(before: Rows, after: Rows) -> dict[str, set[str]]:
    """By table the columns that are not what they were."""
    found: dict[str, set[str]] = {}
    for table, many in before.items():
        assert (table, len(after[table])) == (table, len(many))
        for old, new in zip(many, after[table], strict=True):
            found.setdefault(table, set()).update(name for name in old if old[name] != new[name])
    return {table: columns for table, columns in found.items() if columns}


def test_a_full_database_of_the_release_before_keeps_what_stands_in_it(older: Flask) -> None:
    before = release.read()
    with_links = [one["id"] for one in before["letter"] if LINK.search(one["body"])]
    assert len(with_links) > 10
    upgrade()
    assert differences() == []
    after = release.rows(db.engine)
    # One entry more: the digests of the decisions that stood.
    *entries, kept = after["history"]
    assert (len(entries), kept["verb"]) == (len(before["history"]), "history.decisions_kept")
    assert record.verdict().problems == []
    db.session.rollback()
    assert yen_of(before) == sum(
        one["total_yen"] - one["subsidy_yen"]
        for one in after["project_cost"]
        if one["municipality_id"] is None
    )
    assert not any(LINK.search(one["body"]) for one in after["letter"])
    assert [one["share_yen"] for one in after["share"]] == [
        one["share_yen"] for one in before["share"]
    ]
    use(older)

    downgrade(revision="0002")
    back = release.rows(db.engine)
    back["history"].pop()
    # Signing in leaves its own books.
    for one in (*before["person"], *back["person"]):
        one["signed_in_at"] = None
    unsigned: dict[str, Any] = {"sign_in": []}
    assert changed(told({**before, **unsigned}), told({**back, **unsigned})) == DIED
    assert {
        one["id"] for one, now in zip(before["letter"], back["letter"], strict=True) if one != now
    } <= set(with_links)
    upgrade()
    assert differences() == []


def yen_of(rows: Rows) -> int:
    """What all cases divide, in yen."""
    return sum(one["total_yen"] - one["subsidy_yen"] for one in rows["cost_case"])


def use(app: Flask) -> None:
    """The office opens its main pages over what was upgraded."""
    client = PageClient(app)
    entered = {"email": "office@aomori.example", "password": PUBLISHED_PASSWORD}
    assert client.fill("/login", entered).status == 302
    for page in PAGES:
        client.get(page)
    assert "115,000円" in client.get("/costs/2026-04").text
