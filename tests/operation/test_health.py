"""`tracker doctor` and /healthz name each of thirteen faults, and nothing where there is none."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from tests import cast
from tests.cost_sharing.makers import act_of, make_draft
from tracker.attachments import uploads
from tracker.attachments.uploads import Sent
from tracker.cost_sharing.cases import actions as costs
from tracker.history.history import Subject
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.operation import commands
from tracker.operation.health import queries
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders.models import ClockState
from tracker.storage.database import insert_missing

TO = Recipient("post:1", "青森市", "office@aomori.example", None)


def _set_clock(**values: Any) -> None:
    insert_missing(ClockState, [{"id": 1}], ["id"])
    state = db.session.get(ClockState, 1)
    for name, value in values.items():
        setattr(state, name, value)
    db.session.commit()


def _statement(said: str) -> None:
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))
        else:
            names = "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='history'"
            for (name,) in connection.execute(text(names)).all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text(said))


def _gone(app: Flask) -> None:
    db.session.remove()
    db.engine.dispose()
    (app.config["HOME"] / "tracker.sqlite3").write_bytes(b"no database" * 1000)


def _mail(app: Flask) -> None:
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_COMMAND_SECONDS=2)
    app.extensions["mail"].server, app.extensions["mail"].port = "127.0.0.1", 1


def _altered(app: Flask) -> None:
    sent = [Sent("名簿.csv", "csv", b"1,2")]
    costs.attach(act_of("office"), make_draft(), sent, None, is_sealed=False)
    uploads.path_of(uploads.digest_of(b"1,2")).write_bytes(b"1,3")


FAULTS: Mapping[str, Callable[[Flask], object]] = {
    "database": _gone,
    "migrations": lambda app: _statement("UPDATE alembic_version SET version_num = '0001'"),
    "clock": lambda app: _set_clock(heartbeat_at=clock.now() - timedelta(hours=1)),
    "clock_skew": lambda app: _set_clock(watermark_at=clock.now() + timedelta(hours=1)),
    "base_url": lambda app: (
        app.config.update(IS_BASE_URL_SET=False),
        _statement("UPDATE area SET is_example = false"),
        _statement("UPDATE data_version SET number = number + 1"),
    ),
    "disk": lambda app: setattr(queries, "LEAST_FREE", 2**62),
    "file_modes": lambda app: app.config["HOME"].chmod(0o755),
    "key": lambda app: app.config.update(SECRET_KEY="another key, also long enough"),
    "fonts": lambda app: setattr(queries, "FONT_FILES", ("lost.ttf",)),
    "held_letters": lambda app: _set_clock(held_since=clock.now()),
    "mail": _mail,
    "mailbox": lambda app: app.config.update(
        IMAP_SERVER="127.0.0.1", IMAP_PORT=1, IMAP_TLS="none", MAIL_COMMAND_SECONDS=2
    ),
    "chain": lambda app: _statement("UPDATE history SET summary = 'x'"),
    "uploads": _altered,
}


def found(app: Flask) -> dict[str, str]:
    """What doctor names as JSON."""
    told = app.test_cli_runner().invoke(commands.doctor, ["--json"])
    rows = json.loads(told.output)
    assert [row["check"] for row in rows] == list(queries.CHECKS)
    assert told.exit_code == int(not all(row["ok"] for row in rows))
    return {row["check"]: row["words"] for row in rows if not row["ok"]}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FAULTS.keys() == queries.CHECKS.keys()
    monkeypatch.setattr(queries, "LEAST_FREE", 1)
    monkeypatch.setattr(queries, "FONT_FILES", queries.FONT_FILES)
    with app.app_context():
        with Act(None, cast.NOW).change("test.done", Subject("test", 1), "試した。"):
            letters.write("test", TO, "件名", "本文", key="one", at=cast.NOW)
        assert found(app) == {}
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    with app.app_context():
        FAULTS[fault](app)
        named = found(app)
    assert fault in named
    # Without a database most others cannot be asked.
    assert len(named) == 1 or fault == "database"
    answer = app.test_client().get("/healthz")
    if queries.CHECKS[fault].is_cheap:
        assert answer.status_code == 503 and answer.json["status"] == "failing"
        # How much is free on the disk changes meanwhile.
        assert [words[:20] for words in answer.json["words"]].count(named[fault][:20]) == 1
    else:
        assert answer.status_code == 200


def test_healthz_asks_little(app: Flask) -> None:
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert app.test_client().get("/healthz").status_code == 200
    assert len(asked) <= 10
