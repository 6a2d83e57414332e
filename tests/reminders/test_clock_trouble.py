"""The clock gets over a database that is gone for a while."""

import logging

from tests.app_fixtures import opened
from tests.troubles import gone
from tracker.plumbing.db import db
from tracker.reminders.commands import look


def test_the_clock_writes_one_line_about_trouble_and_goes_on(database_url, tmp_path, caplog):
    with opened(database_url, tmp_path) as app:
        look(app)
        with app.app_context():
            url = db.engine.url
            if url.get_backend_name() == "sqlite":
                db.engine.dispose()
        caplog.clear()
        with gone(url):
            look(app)
            look(app)
        said = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert len(said) == 2 and not any(one.exc_info for one in said)
        assert not any("\n" in one.getMessage() for one in said)
        caplog.clear()
        look(app)
        assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
