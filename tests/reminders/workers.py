"""Worker processes that look at the same day at the same moment.

Called as `python -m tests.reminders.workers real|naive`; settings come from the environment.  The
naive ones are the control: they look, send and then mark, as software without a lease does.
"""

import multiprocessing
import sys
from datetime import date
from multiprocessing.synchronize import Barrier

from flask import Flask
from sqlalchemy import select

from tests.mail.faults.worker import send_unsent
from tracker.app import create_app
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions

DAY = date(2026, 11, 27)
WORKERS = 4


def work(app: Flask, kind: str, gate: Barrier) -> None:
    """Gets ready, waits until all are, works."""
    with app.app_context(), clock.moved_to(clock.at(DAY, actions.rules.HOUR.replace(second=5))):
        if kind == "naive":
            # Planned before the gate, so that only the sending races.
            actions.plan(clock.now())
        db.session.execute(select(1))
        db.session.rollback()
        gate.wait(60)
        if kind == "real":
            actions.run_once()
        else:
            send_unsent(app, marks_first=False)
        db.session.remove()
        db.engine.dispose()


def main(kind: str) -> None:
    """Starts the workers; exits with 1 when one of them failed."""
    app = create_app()
    # Forking spares each the start of Python and the imports.
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(WORKERS)
    workers = [fork.Process(target=work, args=(app, kind, gate)) for _ in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    sys.exit(any(one.exitcode for one in workers))


if __name__ == "__main__":
    main(sys.argv[1])
