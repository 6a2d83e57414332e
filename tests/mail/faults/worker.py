"""A process that runs passes of the clock, each in a process of its own, some to be killed.

Called as `python -m tests.mail.faults.worker`; settings come from the environment.  Reads
one JSON order a line, {"kind", "minutes", "point", "number", "seconds", "many"}, forks, waits for the
child and answers {"status", "seconds"}.  Forking spares the start of Python and the imports.

`real` is the product's own pass.  The naive kinds are the controls: `naive_after` marks a
letter when it was sent, `naive_before` when it is about to be; `naive_links` makes a new link
at each attempt.
"""

import json
import os
import signal
import sys
import time
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Connection, select, update
from sqlalchemy.orm import undefer

from tests.mail.faults.points import PLANT
from tracker.app import create_app
from tracker.mail import delivery, links, mime
from tracker.mail.letters import Letter, LetterState
from tracker.mail.smtp import SmtpTransport
from tracker.meetings.models import MeetingSeat
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions

DAY = date(2026, 11, 27)


def send_unsent(app: Flask, marks_first: bool) -> None:
    """The naive way: looks for unsent letters and sends each; no lease, no phase."""
    query = select(Letter).where(Letter.state == LetterState.QUEUED).order_by(Letter.id)
    # They leave the session, where what is deferred could not be loaded any more.
    unsent = db.session.scalars(query.options(undefer(Letter.calendar))).all()
    transport = SmtpTransport(app.extensions["mail"])

    def mark(letter: Letter) -> None:
        db.session.execute(
            update(Letter).where(Letter.id == letter.id).values(state=LetterState.SENT)
        )
        db.session.commit()

    db.session.expunge_all()
    db.session.rollback()
    for letter in unsent:
        if marks_first:
            mark(letter)
        transport.hand_over(letter, lambda: None)
        if not marks_first:
            mark(letter)
    transport.close()


def renew_at_each_attempt() -> None:
    """The naive way with links: only a digest is stored, so that each attempt needs a new one."""
    filled = links.filled

    def renewed(on: Connection, *args: Any) -> str | None:
        on.execute(update(MeetingSeat).values(nonce=links.new_nonce()))
        return filled(on, *args)

    links.filled = renewed


def run(app: Flask, order: dict[str, object]) -> None:
    """One pass, `minutes` after the letters fell due."""
    # A connection for each letter, or one for all.
    delivery.LETTERS_A_CONNECTION = 1 if order.get("many") else 25
    if order.get("point"):
        PLANT[str(order["point"])](int(str(order["number"])))
    at = clock.at(DAY, actions.rules.HOUR.replace(second=5))
    with app.app_context(), clock.moved_to(at + timedelta(minutes=int(str(order["minutes"])))):
        if order["kind"] == "naive_links":
            renew_at_each_attempt()
        if order["kind"] in ("real", "naive_links"):
            actions.run_once()
        else:
            actions.plan(clock.now())
            send_unsent(app, order["kind"] == "naive_before")


def obey(app: Flask, order: dict[str, object]) -> dict[str, object]:
    """Forks, lets the child run and kills it after `seconds`, if given."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            run(app, order)
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    if order.get("seconds") is not None:
        time.sleep(float(str(order["seconds"])))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - begun,
    }


def main() -> None:
    """Obeys until the orders end."""
    app = create_app()
    # Imported by nobody yet, but by every child: once is enough.
    assert mime and delivery
    for line in sys.stdin:
        print(json.dumps(obey(app, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
