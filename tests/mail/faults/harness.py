"""Runs worker processes against one database and one mail server, and looks at what became of it."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from tests.app_fixtures import SETTINGS
from tests.services import SmtpServer
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.mail.links import LetterSecret
from tracker.plumbing.db import db
from tracker.reminders.models import ClockState, LetterItem
from tracker.schema import append_only

# Past the lease of 15 minutes.
LATER = 20
EVERYBODY = {
    f"officer@{town}.example" for town in ("hiranai", "imabetsu", "yomogita", "sotogahama")
}


def environment_for(
    url: str, home: Path, server: SmtpServer, key: str = SETTINGS["SECRET_KEY"]
) -> dict[str, str]:
    """The environment of a process that works on this database with this mail server."""
    return {
        **os.environ,
        "TRACKER_HOME": str(home),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_SECRET_KEY": key,
        "TRACKER_MAIL_SERVER": server.host,
        "TRACKER_MAIL_PORT": str(server.port),
    }


@dataclass(frozen=True)
class Outcome:
    """What the recipients and the database says after the recovery."""

    received: Counter[str]
    message_ids: dict[str, set[str]]
    letters: dict[str, tuple[LetterState, bool]]

    @property
    def missing(self) -> set[str]:
        """Who got nothing."""
        return EVERYBODY - set(self.received)

    @property
    def doubled(self) -> set[str]:
        """Who got more than one."""
        return {address for address, count in self.received.items() if count > 1}

    @property
    def flagged(self) -> set[str]:
        """Whose letter says that it may be there twice."""
        return {
            address
            for address, (state, is_flagged) in self.letters.items()
            if is_flagged and state in (LetterState.RESENT, LetterState.UNDELIVERABLE)
        }


class Harness:
    """Everybody's reminder is due; `run` starts passes, `outcome` looks at what arrived."""

    def __init__(
        self,
        app: Flask,
        url: str,
        home: Path,
        server: SmtpServer,
        key: str = SETTINGS["SECRET_KEY"],
    ) -> None:
        self._app = app
        self._server = server
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mail.faults.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment_for(url, home, server, key),
        )

    def close(self) -> None:
        """Ends the workers' parent."""
        self._process.communicate()

    def clear(self) -> None:
        """As if nothing had ever been planned or sent."""
        self._server.messages.clear()
        self._server.recipients.clear()
        append_only.lift(db.session.connection())
        for table in (SendAttempt, LetterItem, LetterSecret, Letter, ClockState):
            db.session.execute(delete(table))
        db.session.commit()

    def run(self, kind: str = "real", minutes: int = 0, **order: Any) -> tuple[int, float]:
        """One pass in a process of its own: its exit code (-9 when killed) and seconds."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"kind": kind, "minutes": minutes, **order}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["status"], answer["seconds"]

    def on_the_way(self) -> set[str]:
        """Whose text may be on its way, as the database has it right now."""
        query = select(Letter.to_email).where(
            Letter.state == LetterState.SENDING, Letter.phase == "data"
        )
        found = set(db.session.scalars(query))
        db.session.rollback()
        return found

    def outcome(self) -> Outcome:
        """What arrived by now, and what the database says."""
        message_ids: dict[str, set[str]] = {}
        for address, message in zip(self._server.recipients, self._server.messages, strict=True):
            message_ids.setdefault(address, set()).add(message["Message-ID"])
        rows = db.session.execute(select(Letter.to_email, Letter.state, Letter.maybe_duplicate))
        known = {address: (state, is_flagged) for address, state, is_flagged in rows}
        db.session.rollback()
        return Outcome(Counter(self._server.recipients), message_ids, known)
