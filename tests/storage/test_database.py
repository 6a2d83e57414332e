"""A process that froze inside a transaction holds nobody up for long (PostgreSQL)."""

import time

import pytest
from sqlalchemy import text

from tests.app_fixtures import make_app
from tracker.plumbing import clock
from tracker.reminders import actions
from tracker.reminders.models import ClockState
from tracker.storage import database

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_a_session_frozen_in_a_transaction_is_ended_and_the_pass_goes_on(
    database_url, tmp_path, monkeypatch
):
    app = make_app(database_url, tmp_path)
    with app.app_context():
        actions.plan(clock.now())
        # Only from here on: the first pass prepares every statement, slowly on a busy machine.
        database.db.session.remove()
        database.db.engine.dispose()
        monkeypatch.setattr(database, "IDLE_SECONDS", 1)
        frozen = database.db.engine.connect()
        frozen.execute(text("SELECT * FROM clock_state FOR UPDATE"))
        begun = time.monotonic()
        actions.plan(clock.now())
        assert 0.5 < time.monotonic() - begun < app.config["LOCK_MS"] / 1000
        with pytest.raises(Exception, match="idle-in-transaction|closed"):
            frozen.execute(text("SELECT 1"))
        frozen.invalidate()
        frozen.close()
        assert database.db.session.get(ClockState, 1).heartbeat_at
        database.db.session.remove()
        database.db.engine.dispose()
