"""A worker process of the four-workers test: waits at the gate, then sends what is due.

Called as: python -m tests.reminders.workers real|naive GATE-FILE.  The naive one is the control:
it looks, sends and then marks, as software without a lease does.
"""

import os
import pathlib
import sys
import time
from datetime import date

from sqlalchemy import select

from tests.mail.faults.worker import send_unsent
from tracker.app import create_app
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions

DAY = date(2026, 11, 27)


def main(kind: str, gate: pathlib.Path) -> None:
    """Gets ready, says so, waits for the gate, works."""
    app = create_app()
    with app.app_context(), clock.moved_to(clock.at(DAY, actions.rules.HOUR.replace(second=5))):
        if kind == "naive":
            # Planned before the gate, so that only the sending races.
            actions.plan(clock.now())
        db.session.execute(select(1))
        db.session.rollback()
        gate.with_name(f"ready-{os.getpid()}").touch()
        while not gate.exists():
            time.sleep(0.002)
        if kind == "real":
            actions.run_once()
        else:
            send_unsent(app, marks_first=False)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
