"""Gathers the duties that the features tell."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from itertools import chain

from flask import g

from tracker.accounts import duties as people
from tracker.accounts import queries as accounts
from tracker.annual_duty import duties as article_5
from tracker.annual_duty import queries as annual
from tracker.convening import duties as convening
from tracker.cost_sharing import duties as costs
from tracker.cost_sharing import queries as cases
from tracker.council import duties as advising
from tracker.council import queries as council
from tracker.decisions import duties as deciding
from tracker.decisions import queries as decisions
from tracker.duty import duty as rules
from tracker.duty.duty import Duty
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Role
from tracker.mail import duties as mail
from tracker.mail import letters
from tracker.meetings import duties as meeting
from tracker.meetings import queries as meetings
from tracker.meetings.minutes import queries as minutes
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Members
from tracker.payments import duties as paying
from tracker.payments import queries as payments
from tracker.plumbing import clock
from tracker.plumbing.memo import kept
from tracker.projects import duties as reports
from tracker.projects import queries as projects
from tracker.questions import duties as article_6
from tracker.questions import queries as questions


def _reports(members: Members, today: date) -> Iterable[Duty]:
    requested = projects.requested_reports(FiscalYear.containing(today))
    planned, opened = projects.rounds_of(today)
    return chain(
        reports.duties(requested, planned, opened, members, accounts.staff(), today),
        reports.to_close(opened, requested, members),
    )


def _meetings(members: Members, today: date) -> Iterable[Duty]:
    year = FiscalYear.containing(today)
    found = meetings.meetings(year.previous)
    owed = annual.article_five_owed(year, today, found)
    notice_days = areas.lead_times().notice_days
    return chain(
        article_5.duties(owed, members, today, annual.last_days_of(year)),
        meeting.duties(found, members, today, areas.contact(), notice_days),
        meeting.proposal_duties(found, members),
        meeting.minutes_duties(minutes.unminuted(found), members),
        convening.duties(found, members, today, areas.contact()),
    )


def _decisions(members: Members, _today: date) -> Iterable[Duty]:
    return deciding.duties(decisions.in_hand(), members)


def _council(members: Members, today: date) -> Iterable[Duty]:
    # An area without a council is spared the queries whenever something changes.
    if not accounts.in_use().has_council:
        return ()
    return chain(
        advising.duties(council.members(), members, today),
        advising.opinion_duties(council.unanswered(), members),
    )


def _costs(members: Members, today: date) -> Iterable[Duty]:
    return costs.duties(cases.in_hand(today), members, accounts.staff(), today)


def _questions(members: Members, today: date) -> Iterable[Duty]:
    return article_6.duties(questions.in_hand(), members, today)


def _payments(members: Members, today: date) -> Iterable[Duty]:
    waiting = [case for case, _owed in payments.unplanned(today)]
    return paying.duties(payments.in_hand(today).instalments, waiting, members, today)


def _people(members: Members, today: date) -> Iterable[Duty]:
    found, names = accounts.in_use(), {town.slug: town.name for town in areas.towns()}
    admins = frozenset(one.person_id for one in found.staff if one.role is Role.ADMIN)
    unseen = () if found.is_looked_at else accounts.unseen_changes()
    return chain(
        people.duties(found.posts, members, today),
        people.look_duties(unseen, members),
        people.name_duties(found.shared_names, admins, members, today),
        people.vacancy_duties(found.staff, names, admins, members, today),
    )


def _letters(members: Members, _today: date) -> Iterable[Duty]:
    waiting = letters.waiting_for_a_person()
    lost = [one for one in waiting if not one.is_held]
    held = [one for one in waiting if one.is_held]
    return chain(mail.duties(lost, members.office), mail.held_duties(held, members.office))


# Who tells duties, and the rooms whose tables are read for them: the others may change freely.
TELLERS = (
    (_reports, (*projects.ROOMS, "accounts")),
    (_meetings, ("meetings", "annual_duty", "agreements", "municipalities")),
    (_council, (*council.ROOMS, "meetings", "municipalities")),
    (_costs, ("cost_sharing", "projects", "agreements", "accounts", "municipalities")),
    (_questions, questions.ROOMS),
    (_decisions, decisions.ROOMS),
    (_payments, payments.ROOMS),
    (_people, ("accounts", "municipalities")),
    (_letters, ("mail", "municipalities")),
)


def all_duties(today: date) -> tuple[Duty, ...]:
    """Every duty of the area, done ones too, by their day, then in the order of the municipalities.

    A few set-based queries, for each feature once a version of what it reads.
    """
    if areas.area() is None:
        return ()
    return kept(("duties", today), None, lambda: _gather(today))


def _gather(today: date) -> tuple[Duty, ...]:
    members = areas.members()

    def told(by: Callable[[Members, date], Iterable[Duty]]) -> tuple[Duty, ...]:
        return tuple(by(members, today))

    found = chain.from_iterable(
        kept((by.__name__, "duties", today), rooms, partial(told, by)) for by, rooms in TELLERS
    )
    order = {slug: n for n, slug in enumerate(members.slugs)}
    return tuple(
        sorted(found, key=lambda it: (it.due_on, it.kind, order[it.owner.municipality], it.key))
    )


def owed(actor: Actor, today: date) -> tuple[Duty, ...]:
    """What the actor must do, now and later in the year."""
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
            if rules.is_ahead(duty, today):
                continue
            counts[duty.rule.menu] += duty.remaining if duty.rule.menu == "reports" else 1
        return counts

    return kept(("nav", actor, today), None, count)
