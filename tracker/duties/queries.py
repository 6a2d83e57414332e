"""Gathers the facts of all features and shows the duties made from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from flask import g
from sqlalchemy import select

from tracker.accounts import facts as people
from tracker.cost_sharing import facts as costs
from tracker.duties import rules
from tracker.duties.duty import Duty, Facts, LetterFact
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter, LetterState
from tracker.meetings import facts as meetings
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects import facts as projects


def gather(today: date) -> Facts:
    """The facts of the fiscal year of that day, in a few set-based queries, read once a version."""
    return kept(("facts", today), None, lambda: _gather(today))


def _gather(today: date) -> Facts:
    year = FiscalYear.containing(today)
    hub = areas.hub()
    return Facts(
        hub=hub.slug,
        partners={town.slug: f"{hub.name}・{town.name}" for town in areas.partners()},
        reports=projects.reports(year),
        meetings=meetings.meetings(year, today),
        invitations=meetings.invitations(year),
        confirmations=costs.confirmations(today),
        undeliverable=_undeliverable(),
        asked=(
            *projects.rounds_to_open(today),
            *costs.work_of_the_year(today),
            *people.hand_over(today),
        ),
    )


def _undeliverable() -> Sequence[LetterFact]:
    rows = db.session.execute(
        select(Letter.id, Letter.to_name, Letter.subject, Letter.next_attempt_at)
        .where(Letter.state == LetterState.UNDELIVERABLE)
        .order_by(Letter.id)
    )
    return tuple(
        LetterFact(id_, name, subject, clock.day(at), at) for id_, name, subject, at in rows
    )


def all_duties(today: date) -> tuple[Duty, ...]:
    """Every duty of the area, done ones too, in order of their days."""
    if areas.area() is None:
        return ()
    return kept(("duties", today), None, lambda: rules.duties(gather(today), today))


def owed(actor: Actor, today: date) -> tuple[Duty, ...]:
    """What the actor must do now."""
    return rules.owed(all_duties(today), actor)


def nav_counts() -> Mapping[str, int]:
    """For the menu: how many things the person signed in must act on, by menu item.

    A duty counts once, reports each: the number people see is what is left to do.
    """
    actor: Actor = g.actor
    today = clock.today()

    def count() -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        for duty in owed(actor, today):
            counts[duty.nav_key] += duty.remaining if duty.nav_key == "reports" else 1
        return counts

    return kept(("nav", actor, today), None, count)
