"""Workers that look at the same outbox at the same moment, round after round.

Called as `python -m tests.mail.faults.racers real|naive WORKERS ROUNDS`; settings come from
the environment.  The naive ones are the control: they look, send, and mark.
"""

import multiprocessing
import os
import sys
from multiprocessing.synchronize import Barrier

from flask import Flask

from tests.mail.faults.worker import send_unsent
from tracker.app import create_app
from tracker.mail import delivery, letters
from tracker.mail.letters import Recipient
from tracker.plumbing import clock
from tracker.plumbing.db import db

RECIPIENTS = 3


def fill(number: int) -> None:
    """Three letters are due."""
    for person in range(RECIPIENTS):
        letters.write(
            "reminder",
            Recipient(f"person:{person}", "企画担当", f"officer{person}@imabetsu.example", None),
            "【あと3日】上期の進捗報告のお願い",
            "期限まで、あと3日です。\n",
            key=f"race:{number}:{person}",
            at=clock.now(),
        )
    db.session.commit()


def race(app: Flask, kind: str, rounds: int, first: bool, barrier: Barrier) -> None:
    """One worker: all start a round together, and nobody begins the next before all are done."""
    with app.app_context():
        for number in range(rounds):
            if first:
                fill(number)
            barrier.wait(60)
            if kind == "real":
                delivery.deliver()
            else:
                send_unsent(app, marks_first=False)
            barrier.wait(60)
        db.session.remove()
        db.engine.dispose()


def main(kind: str, workers: int, rounds: int) -> None:
    """Starts the workers; exits with 1 when one of them failed."""
    app = create_app()
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(workers)
    workers = [
        fork.Process(target=race, args=(app, kind, rounds, place == 0, barrier))
        for place in range(workers)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    sys.exit(any(one.exitcode for one in workers))


if __name__ == "__main__":
    assert os.environ["TRACKER_MAIL_SERVER"]
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
