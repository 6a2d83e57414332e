"""Brings the database to the form that this version of the product needs."""

from flask import current_app

from tracker.plumbing.db import db, reading
from tracker.schema import append_only


def upgrade() -> None:
    """Brings the database to the newest form; nothing happens when it is there already.

    Triggers that somebody took out (schema/append_only.py) are put in again.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from flask_migrate import upgrade as run

    config = current_app.extensions["migrate"].migrate.get_config()
    with db.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_heads()
    if set(now) != set(ScriptDirectory.from_config(config).get_heads()):
        run()
        return
    with reading(), db.engine.connect() as connection:
        if append_only.is_installed(connection):
            return
    with db.engine.begin() as connection:
        append_only.install(connection)
