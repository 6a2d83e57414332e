"""A process that sends one request to the application, again and again, each time to be killed.

Called as `python -m tests.whole.kills.worker`.  The first line it reads is {"now", "apps"}, the time
and the settings of each application by its name; each further line is an order, {"app", "path",
"cookie", "data", "at", "seconds", "naive"}.  Without `at` and `seconds` the request is carried out
in this process, which warms it, and the answer names every moment at which the process could have
died.  With `at` a child carries it out and ends by SIGKILL at that moment; with `seconds` it is
killed after so long.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import Engine, event

from tracker.app import create_app
from tracker.history import history
from tracker.plumbing.db import db


class Moments:
    """Counts before every statement, and before and after every commit; dies at one of them."""

    def __init__(self, engine: Engine) -> None:
        self.passed: list[str] = []
        self.last: int | None = None
        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.tick("before the commit")
            commit(connection)
            self.tick("after the commit")

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
        event.listen(engine, "begin", lambda _: self.tick("BEGIN"))
        event.listen(engine, "before_cursor_execute", lambda *args: self.tick(args[2]))

    def tick(self, statement: str) -> None:
        """One more moment; the last of this process, if it was to be that."""
        self.passed.append(" ".join(statement.split())[:80])
        if len(self.passed) == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def commit_too_early() -> None:
    """The control: what is recorded is committed at once, whatever follows."""
    record = history.record

    def recorded(*args: Any, **fields: Any) -> Any:
        made = record(*args, **fields)
        db.session.commit()
        return made

    history.record = recorded


def send(app: Flask, order: dict[str, Any]) -> dict[str, Any]:
    """The request, carried out here."""
    # What the request before it kept would spare it some of the moments that were counted.
    app.extensions["memo"] = {}
    headers = {"Cookie": order["cookie"]} if order["cookie"] else {}
    client = app.test_client(use_cookies=False)
    answer = client.post(order["path"], data=order["data"], headers=headers)
    return {"status": answer.status_code, "location": answer.location}


def obey(app: Flask, moments: Moments, order: dict[str, Any]) -> dict[str, Any]:
    """One order; what became of it."""
    moments.passed, begun = [], time.monotonic()
    if order["at"] is None and order["seconds"] is None:
        done = send(app, order)
        with app.app_context():
            # A child may use no connection of its parent.
            db.engine.dispose()
        return {**done, "moments": moments.passed, "seconds": time.monotonic() - begun}
    child = os.fork()
    if child == 0:
        try:
            if order["naive"]:
                commit_too_early()
            moments.last = order["at"]
            send(app, order)
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    if order["seconds"] is not None:
        time.sleep(order["seconds"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status)}


def main() -> None:
    """Obeys until the orders end."""
    told = json.loads(sys.stdin.readline())
    apps = {}
    with time_machine.travel(told["now"], tick=True) as now:
        for name, settings in told["apps"].items():
            app = create_app({**settings, "HOME": Path(settings["HOME"])})
            app.config["WTF_CSRF_ENABLED"] = False
            with app.app_context():
                apps[name] = app, Moments(db.engine)
        for line in sys.stdin:
            order = json.loads(line)
            # Who was last seen when is written down after some minutes: not in half of the runs.
            now.move_to(told["now"])
            print(json.dumps(obey(*apps[order["app"]], order)), flush=True)


if __name__ == "__main__":
    main()
