"""How the example's cost cases are paid: in instalments, and what is settled otherwise."""

from dataclasses import replace

from tracker.cost_sharing.models import CostCase
from tracker.demo.costs import RECONCILED, case_of
from tracker.demo.moment import HUB, Moment, actor, day_of
from tracker.kernel.permissions import Role
from tracker.payments import actions, queries
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentRow
from tracker.payments.rules import DivideBy, ShiftTo, Terms
from tracker.plumbing import clock
from tracker.plumbing.changes import Act

OTHERWISE = "差額が小さいため、翌年度の負担金と合わせて精算する。"


def plan(m: Moment, number: int, *days: tuple[int, int]) -> None:
    """The office divides a case into equal instalments, by these days (month, day) of the year."""
    wanted = [day_of(m.year, *day) for day in days]
    terms = Terms(DivideBy.EQUAL, ShiftTo.BEFORE, wanted, unit=1000)
    actions.plan(_act(m), case_of(m, number), terms)


def pay_otherwise(m: Moment) -> None:
    """What last year's reconciliations ask is not paid by itself."""
    if not m.is_first:
        last = replace(m, year=m.year.previous)
        for number in RECONCILED:
            terms = Terms(DivideBy.NONE, ShiftTo.BEFORE, [], reason=OTHERWISE)
            actions.plan(_act(m), case_of(last, number), terms)


def notify(m: Moment, number: int, part: int, document: str) -> None:
    """The office sends everybody the notice of an instalment."""
    case = case_of(m, number)
    towns = [one.town for one in _parts(case, part)]
    found = queries.plan(case.id)
    assert found
    actions.notify(_act(m), found, part, towns, clock.day(m.at), document, None, "")


def pay(m: Moment, number: int, part: int, *slugs: str) -> None:
    """These municipalities say that they have paid (none named: all)."""
    for one in _parts(case_of(m, number), part):
        if not slugs or one.town.slug in slugs:
            by = Act(actor(Role.OFFICER, one.town.slug), m.at)
            actions.state_paid(by, one, clock.day(m.at))


def receive(m: Moment, number: int, part: int) -> None:
    """The office records what all of them have paid."""
    for one in _parts(case_of(m, number), part):
        actions.receive(_act(m), one, clock.day(m.at), one.left_yen)


def _act(m: Moment) -> Act:
    return Act(actor(Role.OFFICE, HUB), m.at)


def _parts(case: CostCase, part: int) -> list[Instalment]:
    return [
        one for one in queries.instalments(InstalmentRow.case_id == case.id) if one.number == part
    ]
