"""Kills a process in the middle of a request, and looks at what became of the act."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests import cast
from tests.app_fixtures import SETTINGS
from tests.whole.bad_input import Asked, endpoint_of
from tests.whole.clients import House, Rows
from tests.whole.test_acts import FILLED
from tests.whole.unsafe import unsafe
from tracker.history import history
from tracker.plumbing.db import db

KILLED = -9
# Who is signed in and what was tried: these commit by themselves (contracts.md, "Acts").
OWN_COMMIT = {"sign_in", "sign_in_event", "sign_in_delay"}
Shape = Counter[tuple[str, str, tuple[str, ...]]]


@dataclass(frozen=True)
class Writing:
    """A request that writes: the form as somebody finds it, and what is filled in."""

    name: str
    form: Asked
    fields: dict[str, Any]


# The request -> the endpoint it goes to, and what is filled in beside what a form may well take.
WRITING: dict[str, tuple[str, dict[str, Any]]] = {
    "a cost case is saved": ("cost_sharing.formula", {}),
    "a cost case is consulted": ("cost_sharing.add_consultation", {}),
    "a cost case is sent": ("cost_sharing.send", {}),
    "a cost case is confirmed": ("cost_sharing.confirm", {}),
    "a cost case is withdrawn": ("cost_sharing.withdraw", {}),
    "a report is drafted": ("projects.write", {}),
    "a report is submitted": ("projects.check", {}),
    "a report is confirmed": ("projects.confirm", {}),
    "a report is returned": ("projects.return_to", {"question": "人数を確かめてください。"}),
    "a round is opened": ("projects.new_round", {}),
    "a round is closed": ("projects.close", {}),
    "a meeting's days are asked for": ("meetings.new", {}),
    "a poll is answered by link": ("meetings.answer_by_link", {}),
    "a meeting's day is fixed": ("meetings.fix", {}),
    "attendance is written down": ("meetings.attendance", {}),
    "a meeting is regarded as held": ("annual_duty.view_as_held", {}),
    "a post is handed over": ("accounts.hand_over", {}),
    "an invitation is accepted": ("sign_in.set_password", {}),
    "a password is set anew": ("sign_in.reset_password", {}),
    "an account is closed": ("accounts.set_active", {}),
    "a question about an agreement is answered": ("agreements.answer", {}),
    "a letter's text is changed": ("letter_texts.text", {}),
    "a reminder's days are changed": ("reminders.schedule", {}),
}
# Money, a report with its letter, an account with its letter.
SAMPLE = (
    ("a cost case is confirmed", "sqlite"),
    ("a report is returned", "postgresql"),
    ("a post is handed over", "sqlite"),
)


def writing(house: House, name: str) -> Writing:
    """One of the requests as somebody would send it."""
    endpoint, more = WRITING[name]
    found = [one for one in unsafe(house) if endpoint_of(house, one.target) == endpoint]
    form = max(found, key=lambda one: len(one.boxes))
    fields = {**form.plausible(), **FILLED.get(endpoint, {}), **more, "once": "key"}
    return Writing(name, form, fields)


def everything(house: House) -> Rows:
    """All that stands in every table but those that commit by themselves."""
    return {place: row for place, row in house.everything().items() if place[0] not in OWN_COMMIT}


def shape(before: Rows, after: Rows) -> Shape:
    """What was added, taken out and changed, column by column; keys and values may differ."""
    told: Shape = Counter()
    for place in before.keys() | after.keys():
        old, new = before.get(place, {}), after.get(place, {})
        if old != new:
            what = "changed" if old and new else "added" if new else "taken out"
            names = sorted(new.keys() | old.keys())
            told[place[0], what, tuple(one for one in names if old.get(one) != new.get(one))] += 1
    return told


class Killer:
    """A warm process beside some houses, which forks for each request that is to be killed."""

    def __init__(self, houses: Mapping[str, House]) -> None:
        self.houses = houses
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.whole.kills.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        apps = {engine: _settings(house) for engine, house in houses.items()}
        self._tell({"now": cast.NOW.isoformat(), "apps": apps})

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def send(
        self,
        engine: str,
        one: Writing,
        *,
        at: int | None = None,
        seconds: float | None = None,
        naive: bool = False,
    ) -> dict[str, Any]:
        """Sends the request; killed at a moment or after a time, or carried out."""
        cookies = self.houses[engine].cookies
        cookie = cookies[one.form.visitor] if one.form.visitor.role else ""
        order = {"app": engine, "path": one.form.target, "cookie": cookie, "data": one.fields}
        self._tell({**order, "at": at, "seconds": seconds, "naive": naive})
        assert self._process.stdout
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()


def _settings(house: House) -> dict[str, Any]:
    with house.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    home = str(house.app.config["HOME"])
    return {**SETTINGS, "SQLALCHEMY_DATABASE_URI": url, "HOME": home}


class Case:
    """One request with what it does when nothing happens to it."""

    def __init__(self, killer: Killer, engine: str, name: str) -> None:
        self.house, self.send = killer.houses[engine], partial(killer.send, engine)
        self.one = writing(self.house, name)
        self.before = everything(self.house)
        done = self.send(self.one)
        self.whole, self.moments = shape(self.before, everything(self.house)), done["moments"]
        self.status, self.location = done["status"], done["location"]
        self.seconds: float = done["seconds"]
        self.house.restore()
        assert self.status == 302 and self.whole, (name, done)

    @property
    def last_commit(self) -> int:
        """The number of the moment before what was done is committed."""
        found = [no for no, said in enumerate(self.moments, 1) if said == "before the commit"]
        return found[-1]

    def judge(self, *, presses: bool = True, **kill: Any) -> tuple[str, list[str]]:
        """Kills the request: what is left of it, "nothing", "all" or "half", and what is wrong."""
        killed = self.send(self.one, **kill)["status"] == KILLED
        left = "nothing"
        if self.house.was_changed():
            left = self._left()
        wrong = ["a half"] * (left == "half")
        if not killed and kill.get("at") is not None:
            wrong.append("was not killed")
        if presses:
            wrong += self._press_again(left)
        if presses or left != "nothing":
            wrong += ["the chain is broken"] * self._is_chain_broken()
            self.house.restore()
        at = kill.get("at", 0)
        where = f"{kill} {self.moments[at - 1 : at]}"
        return left, [f"{self.one.name}, killed {where}: {said}" for said in wrong]

    def _left(self) -> str:
        told = shape(self.before, everything(self.house))
        return "all" if told == self.whole else "half" if told else "nothing"

    def _press_again(self, left: str) -> list[str]:
        """The same press, in another process, as somebody would who saw no answer."""
        form = self.one.form
        answer = self.house.ask(form.visitor, "POST", form.target, data=self.one.fields)
        wanted = 303 if left == "all" else 302
        wrong = []
        if answer.status_code != wanted:
            wrong.append(f"pressed again it answered {answer.status_code}, not {wanted}")
        if shape(self.before, everything(self.house)) != self.whole:
            wrong.append("pressed again it was not done exactly once")
        return wrong

    def _is_chain_broken(self) -> bool:
        with self.house.app.app_context():
            broken = history.verify() is not None
            db.session.remove()
        return broken
