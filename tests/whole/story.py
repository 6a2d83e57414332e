"""What a year needs to be told: a clock that runs on open days, people, and their mail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import time_machine
from flask import Flask

from tests import cast
from tests.pages import PageClient
from tracker.accounts import queries as accounts
from tracker.duties import queries as duties
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Actor
from tracker.office_days import office_days
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions as reminders


class Story:
    """The application, the clock of the tests, and the folder letters are written to."""

    def __init__(self, app: Flask, traveller: time_machine.Traveller, begins: date) -> None:
        self.app, self.traveller = app, traveller
        self.today = begins - timedelta(days=1)
        self._arrived: dict[str, EmailMessage] = {}

    @contextmanager
    def day(self, month: int, day: int, hour: int = 10) -> Iterator[datetime]:
        """That hour of the next such day: the clock has looked on every open morning until then.

        What is done inside happens in one application context; then the clock looks again.
        """
        following = date(self.today.year, month, day)
        if following < self.today:
            following = date(self.today.year + 1, month, day)
        while self.today < following:
            self.today += timedelta(days=1)
            if office_days.is_open(self.today):
                self.look(time(9, 1))
        at = clock.at(self.today, time(hour))
        self.traveller.move_to(at)
        with self.app.app_context():
            yield at
            db.session.remove()
        self.look(time(hour, 1))

    def look(self, hour: time) -> None:
        """One pass of the clock, which is wound once a day here, and after every deed."""
        self.traveller.move_to(clock.at(self.today, hour))
        with self.app.app_context():
            reminders.run_once()
            db.session.remove()
        # The folder is a mailbox that nothing stays in for long.
        for path in (Path(self.app.config["HOME"]) / "outbox").glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            self._arrived[path.name] = mail

    def browse(self) -> PageClient:
        """Somebody at the door, who has not signed in."""
        return PageClient(self.app)

    def mail(self, address: str | None = None) -> list[EmailMessage]:
        """Every letter that went out (to that address), oldest first."""
        found = [mail for _, mail in sorted(self._arrived.items())]
        return [one for one in found if address is None or address in str(one["To"])]

    def subjects(self, address: str, word: str = "") -> list[str]:
        """The subjects of the letters to an address that hold a word."""
        return [str(one["Subject"]) for one in self.mail(address) if word in str(one["Subject"])]

    def last_letter(self, address: str) -> str:
        """The words of the last letter to an address."""
        return self.mail(address)[-1].get_content()

    def path_in(self, letter: str, begins: str) -> str:
        """The page a letter leads to: the one address in it that begins so."""
        base = self.app.config["BASE_URL"]
        [path] = re.findall(rf"{re.escape(base)}({re.escape(begins)}\S*)", letter)
        return str(path)


def actor(role: str, slug: str = "aomori") -> Actor:
    """Who holds a role in a municipality."""
    return accounts.actor_of(cast.email(role, slug))


def owed(role: str, slug: str = "aomori") -> dict[Kind, Duty]:
    """What somebody must do now, by kind."""
    return {duty.kind: duty for duty in duties.owed(actor(role, slug), clock.today())}
