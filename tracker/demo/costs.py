"""The example's cost cases (Article 4(2)): three agreed early in the year, one in November.

In May those about money are reconciled with what was spent in the year that is over.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import Proposal, ProposedPart
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.cost_sharing.work.rules import WorkRow, amount_of
from tracker.demo.moment import HUB, Moment, actor, open_day
from tracker.demo.plans import SPENT_PERMILLE
from tracker.figures import queries as bases
from tracker.figures.rules import FigureKind
from tracker.kernel.permissions import Role
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import LARGEST_REMAINDER, Rounding

EVERYBODY = ("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町")
ONLINE = "担当者打合せ（オンライン）"
DOWN_TO_1000 = Rounding(1000, RoundingMode.DOWN)


class ExampleCase(NamedTuple):
    """What is shared: yen by equal parts and population, by weights, or work.

    rows: who does what, how much and of which unit.
    """

    project: str
    title: str
    gist: str
    total_yen: int = 0
    subsidy_yen: int = 0
    equal_percent: int | None = None
    weights: Mapping[str, int] | None = None
    work: str = ""
    rows: tuple[tuple[str, str, str, str], ...] = ()
    stage: Stage = Stage.FIXED

    @property
    def reconciled(self) -> "ExampleCase":
        """The same with what was spent of the total."""
        return self._replace(
            title=f"{self.title}（精算）",
            gist="決算額をもとに、取り決めたとおりの割合で精算することで意見が一致。",
            total_yen=self.total_yen * SPENT_PERMILLE // 1000,
            stage=Stage.RECONCILIATION,
        )


# By their number within the year.
_CASES: Mapping[int, ExampleCase] = {
    1: ExampleCase(
        "農業研修事業",
        "農業研修事業の費用負担",
        "前年度と同じく、均等割を50％とすることで意見が一致。",
        8_420_000,
        3_000_000,
        equal_percent=50,
    ),
    2: ExampleCase(
        "図書館相互利用事業",
        "図書館相互利用の事務の分担",
        "費用は分担せず、事務を各市町村で受け持つことで意見が一致。",
        work="利用案内は青森市が作成し、各町村が配布する。",
        rows=(
            ("青森市", "資料の搬送", "24", "回"),
            *((name, "貸出しと返却の受付", "12", "月") for name in EVERYBODY),
        ),
    ),
    3: ExampleCase(
        "消費生活相談広域利用事業（例示）",
        "消費生活相談の広域利用の費用負担",
        "相談件数の実績をもとに、割合を定めることで意見が一致。",
        2_400_000,
        weights={"青森市": 16, "平内町": 1, "今別町": 1, "蓬田村": 1, "外ヶ浜町": 1},
    ),
    4: ExampleCase(
        "新しい働き方担い手誘致・東青地域移住促進事業",
        "東青地域移住促進事業の費用負担",
        "均等割を20％とすることで5市町村の意見が一致。",
        3_620_000,
        1_120_000,
        equal_percent=20,
    ),
}
RECONCILED = (5, 6, 7)
_MONEY = (one.reconciled for one in _CASES.values() if one.total_yen)
CASES: Mapping[int, ExampleCase] = {**_CASES, **dict(zip(RECONCILED, _MONEY, strict=True))}


def draft(m: Moment, number: int) -> None:
    """The office drafts the case with its formula."""
    example, act = CASES[number], Act(actor(Role.OFFICE), m.at)
    project = db.session.scalars(select(Project).where(Project.name == example.project)).one()
    proposal = _proposal(example)
    case = actions.start_case(
        act,
        project.id,
        m.year,
        CaseKind.MONEY if proposal.parts else CaseKind.WORK,
        proposal.stage,
        example.title,
        example.total_yen,
        example.subsidy_yen,
        is_example=True,
    )
    formula.save_formula(act, case, proposal)


def talk(m: Moment, number: int, gist: str = "", place: str = ONLINE) -> None:
    """Article 4(2): each time the parties talk it over."""
    consultations.add_consultation(
        Act(actor(Role.OFFICE), m.at),
        case_of(m, number),
        clock.day(m.at),
        place,
        "5市町村の担当者",
        gist or CASES[number].gist,
    )


def send(m: Moment, number: int, month: int, day: int) -> None:
    """The office asks both sides of every pair; the hub's own confirmer answers at once."""
    due_on = open_day(m.year, month, day)
    actions.send(Act(actor(Role.OFFICE), m.at), case_of(m, number), due_on)
    confirm(m, number, "aomori")


def propose(m: Moment, number: int, month: int, day: int) -> None:
    """Drafted, talked over and sent on one day, to be answered by another."""
    draft(m, number)
    talk(m, number)
    send(m, number, month, day)


def change(m: Moment, number: int, more_yen: int, reason: str) -> None:
    """The office adds to an amount already sent, and asks everybody again by the same day."""
    example, case = CASES[number], case_of(m, number)
    assert case.reply_due_on
    proposal = _proposal(example._replace(total_yen=example.total_yen + more_yen))
    again = formula.AskAgain(reason, case.reply_due_on)
    formula.save_formula(Act(actor(Role.OFFICE), m.at), case, proposal, again=again)
    confirm(m, number, HUB)


def confirm(m: Moment, number: int, *slugs: str) -> None:
    """These municipalities confirm."""
    for slug in slugs:
        answers.confirm(Act(actor(Role.CONFIRMER, slug), m.at), case_of(m, number))


def confirm_all(m: Moment, number: int) -> None:
    """All partners confirm: the case is agreed."""
    confirm(m, number, *(town.slug for town in areas.partners()))


def reconcile(m: Moment, month: int, day: int) -> None:
    """Last year's money by what was spent, to be answered by that day of this year."""
    if not m.is_first:
        last = replace(m, year=m.year.previous)
        for number in RECONCILED:
            draft(last, number)
            talk(last, number)
            due_on = open_day(m.year, month, day)
            actions.send(Act(actor(Role.OFFICE), m.at), case_of(last, number), due_on)
            confirm(last, number, HUB)


def confirm_reconciled(m: Moment) -> None:
    """All partners confirm the reconciliations."""
    if not m.is_first:
        last = replace(m, year=m.year.previous)
        for number in RECONCILED:
            confirm_all(last, number)


def case_of(m: Moment, number: int) -> CostCase:
    """The case of the year with that number."""
    return db.session.scalars(
        select(CostCase).where(CostCase.fiscal_year == m.year.year, CostCase.number == number)
    ).one()


def _proposal(example: ExampleCase) -> Proposal:
    parts, towns = _parts(example), {town.name: town for town in areas.towns()}
    return Proposal(
        title=example.title,
        stage=example.stage,
        participants=EVERYBODY,
        total_yen=example.total_yen,
        subsidy_yen=example.subsidy_yen,
        parts=parts,
        rounding=DOWN_TO_1000,
        remainder=LARGEST_REMAINDER if example.weights else EVERYBODY[0],
        work=example.work,
        rows=tuple(
            WorkRow(towns[name], what, amount_of(promised), unit)
            for name, what, promised, unit in example.rows
        ),
    )


def _parts(example: ExampleCase) -> tuple[ProposedPart, ...]:
    whole = Decimal(100)
    if example.weights:
        return (ProposedPart(PartKind.RATIO, whole, values=example.weights),)
    if example.equal_percent is None:
        return ()
    census = bases.series(FigureKind.POPULATION)[0]
    equal = Decimal(example.equal_percent)
    return (
        ProposedPart(PartKind.EQUAL, equal),
        ProposedPart(PartKind.POPULATION, whole - equal, series_id=census.id),
    )
