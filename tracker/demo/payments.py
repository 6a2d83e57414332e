"""How the example's cost cases are paid: in instalments, otherwise, and claimed for the grant."""

from dataclasses import replace

from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.models import CostCase
from tracker.demo.costs import RECONCILED, case_of
from tracker.demo.moment import HUB, Moment, actor, day_of
from tracker.grants import actions as grants
from tracker.grants.rules import LedgerLine
from tracker.kernel.permissions import Role
from tracker.municipalities import queries as areas
from tracker.payments import actions, queries
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentRow
from tracker.payments.rules import DivideBy, ShiftTo, Terms
from tracker.plumbing import clock
from tracker.plumbing.changes import Act

ELIGIBLE = "連携協約に基づく連携事業の経費で、圏域全体のために支出するため。"
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


def claim(m: Moment) -> None:
    """The hub claims a part of what it bears of the first case's project for the special grant."""
    case, hub = costs.of(case_of(m, 1), clock.day(m.at)), areas.hub()
    line = LedgerLine(
        case.project, hub.name, case.share_yen(hub), 0, 0, 0, 1_000_000, (), True, ELIGIBLE, True
    )
    grants.claim(_act(m), case.project_id, m.year, hub, line, "支出命令書・請求書（農林課で保管）")


def _act(m: Moment) -> Act:
    return Act(actor(Role.OFFICE, HUB), m.at)


def _parts(case: CostCase, part: int) -> list[Instalment]:
    return [
        one for one in queries.instalments(InstalmentRow.case_id == case.id) if one.number == part
    ]
