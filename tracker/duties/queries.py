"""Gathers the duties that the features tell."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain

from flask import g
from sqlalchemy import select

from tracker.accounts import duties as hand_over
from tracker.accounts import queries as accounts
from tracker.cost_sharing import duties as costs
from tracker.cost_sharing import queries as cases
from tracker.kernel import duty as rules
from tracker.kernel.duty import Duty, Kind, some
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter, LetterState
from tracker.meetings import duties as article_5
from tracker.meetings import queries as meetings
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Members
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects import duties as progress
from tracker.projects import queries as projects


def all_duties(today: date) -> tuple[Duty, ...]:
    """Every duty of the area, done ones too, by their day, then in the order of the municipalities.

    A few set-based queries, once a version of the data.
    """
    if areas.area() is None:
        return ()
    return kept(("duties", today), None, lambda: _gather(today))


def _gather(today: date) -> tuple[Duty, ...]:
    year, members = FiscalYear.containing(today), areas.members()
    found = chain(
        progress.duties(
            projects.requested_reports(year), *projects.rounds_of(today), members, today
        ),
        article_5.duties(
            meetings.meeting_facts(year, today), meetings.invitations(year), members, today
        ),
        costs.duties(cases.in_hand(today), members, today),
        hand_over.duties(accounts.held_posts(), members, today),
        _undeliverable(members),
    )
    order = {slug: n for n, slug in enumerate(members.slugs)}
    return tuple(
        sorted(found, key=lambda one: (one.due_on, one.kind, order[one.municipality], one.key))
    )


def _undeliverable(members: Members) -> Iterable[Duty]:
    """Letters that did not arrive: the office corrects where they go."""
    rows = db.session.execute(
        select(Letter.id, Letter.to_name, Letter.next_attempt_at)
        .where(Letter.state == LetterState.UNDELIVERABLE)
        .order_by(Letter.id)
    ).all()
    if rows:
        first = rows[0]
        yield Duty(
            Kind.ADDRESS_UNDELIVERABLE,
            key=f"address_undeliverable:{first.id}",
            municipality=members.hub,
            is_hub=True,
            due_on=min(clock.day(row.next_attempt_at) for row in rows),
            url=f"/notices/{first.id}" if len(rows) == 1 else "/notices?state=undeliverable",
            remaining=len(rows),
            text=f"{some(row.to_name for row in rows)}あてのメールが届いていません。",
            known_since=first.next_attempt_at,
        )


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
            counts[duty.row.menu] += duty.remaining if duty.row.menu == "reports" else 1
        return counts

    return kept(("nav", actor, today), None, count)
