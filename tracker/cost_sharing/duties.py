"""What Article 4(2) asks: cases to start, to send, to confirm, to answer, to reconcile.

Nothing carries over from year to year by itself.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time

from tracker.accounts.rules import StaffMember
from tracker.amounts.yen import yen
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import SENT, UNSENT, CaseState, Stage
from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, Owner, grouped, some
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members, Town
from tracker.office_days import office_days


def duties(
    cases: Sequence[Case], members: Members, staff: Collection[StaffMember], today: date
) -> Iterable[Duty]:
    """The parties' confirmations, the drafters' next steps, and the office's in the year of `today`.

    `cases` are those of this year and the last, and older ones that wait for somebody; `staff` are
    all who sign in: of them is whoever drafted a case.
    """
    year = FiscalYear.containing(today)
    yield from _to_confirm(cases, members, year, today)
    yield from _to_start(cases, year, members)
    yield from _to_send(cases, members, staff)
    yield from (_to_answer(one, members, staff) for one in cases if one.state is CaseState.RETURNED)
    yield from _to_reconcile(cases, year, members)


def to_reconcile(cases: Iterable[Case]) -> list[Case]:
    """Of the cases of a year: of each project whose last word on money is agreed, but 概算 or 確定."""
    stages = list(Stage)
    live = sorted(
        (case for case in cases if case.is_money and case.state in (*UNSENT, *SENT)),
        key=lambda case: (stages.index(case.stage), case.state is CaseState.AGREED),
    )
    return [
        case
        for case in {case.project_id: case for case in live}.values()
        if case.state is CaseState.AGREED and case.stage is not Stage.RECONCILIATION
    ]


def _to_confirm(
    cases: Iterable[Case], members: Members, year: FiscalYear, today: date
) -> Iterable[Duty]:
    """Each party confirms, for each agreement it is a party to."""
    for case in cases:
        for side, answers in case.requests(year).items():
            said = _proposed(case, side, len(answers))
            yield Duty(
                Kind.COST_UNCONFIRMED,
                members.party(side.slug),
                key=f"cost_unconfirmed:{case.no.path}:{side.slug}",
                due_on=case.reply_due_on or today,
                url=f"{case.no.path}/confirm",
                remaining=answers.count(False),
                total=len(answers),
                name=case.title,
                text=_("%(case)s　%(said)s第4条第2項の協議です。", case=case.title, said=said),
                # Of the day a case was sent no hour is kept: by its end everybody had heard.
                known_since=tokyo.at(case.sent_on, time.max) if case.sent_on else None,
            )


def _proposed(case: Case, side: Town, pairs: int) -> str:
    if not case.is_money:
        said = _("%(kind)sの案。", kind=case.kind.label)
        return _("%(count)s町村との%(said)s", count=pairs, said=said) if side.is_hub else said
    amount = _("対象額 %(amount_yen)s", amount_yen=yen(case.amount_yen))
    if side.is_hub:
        return _("%(count)s町村との負担案（%(amount)s）。", count=pairs, amount=amount)
    return _(
        "負担案 %(share_yen)s（%(amount)s）。", share_yen=yen(case.share_yen(side)), amount=amount
    )


def _to_start(cases: Iterable[Case], year: FiscalYear, members: Members) -> Iterable[Duty]:
    """Projects shared last year that go on; one that was withdrawn this year was thought of."""
    begun = {case.project_id for case in cases if case.no.fiscal_year == year.year}
    waiting = {
        case.project_id: case.project
        for case in cases
        if case.no.fiscal_year == year.previous.year
        and case.state in SENT
        and case.goes_on
        and case.project_id not in begun
    }
    if waiting:
        yield _of_projects(
            Kind.COST_UNSTARTED,
            waiting,
            year,
            members,
            due_on=_start_due(year),
            said=_(
                "は、前年度に負担を取り決めた事業です。"
                "取決めは引き継がれないため、今年度の協議を始めます（協約第4条第2項）。"
            ),
            known_since=tokyo.at(year.begins, time.min),
        )


def _drafter(case: Case, members: Members, staff: Collection[StaffMember]) -> Owner:
    """The post that takes a case further: it is nobody else's to send or to change.

    Whoever drafted it last; gone meanwhile, the section that leads the project, else the office.
    """
    by_last = [one for one in staff if one.person_id == case.drafter_id]
    by_lead = [one for one in staff if one.post_id == case.lead_post_id]
    may = (Role.LEAD, Role.OFFICE)
    office = [one for one in staff if (one.role, one.municipality) == (Role.OFFICE, members.hub)]
    found = next((one for one in (*by_last, *by_lead, *office) if one.role in may), None)
    if found is None:
        return members.office
    persons = (one.person_id for one in staff if one.post_id == found.post_id)
    return members.owner(found.municipality, found.post_id, persons)


def _to_send(
    cases: Iterable[Case], members: Members, staff: Collection[StaffMember]
) -> Iterable[Duty]:
    """What is drafted waits for its drafter: a section's draft is nobody else's to send."""
    waiting = ((case, _drafter(case, members, staff)) for case in cases if case.state in UNSENT)
    for (number, slug, post_id), found in grouped(
        waiting, lambda row: (row[0].no.fiscal_year, row[1].municipality, row[1].post_id or 0)
    ):
        year, own = FiscalYear(number), [row[0] for row in found]
        yield Duty(
            Kind.COST_UNSENT,
            found[0][1],
            key=f"cost_unsent:{number}:{slug}:{post_id}",
            due_on=_send_due(year),
            url=own[0].no.path if len(own) == 1 else f"/costs?fy={number}",
            name=_("%(year)sの費用負担の案", year=year.label),
            text=_(
                "%(names)sは、まだ双方に確認をお願いしていません。",
                names=some(case.title for case in own),
            ),
            remaining=len(own),
            known_since=min((one.consulted_at for one in own if one.consulted_at), default=None),
        )


def _to_answer(case: Case, members: Members, staff: Collection[StaffMember]) -> Duty:
    """An opinion waits for whoever drafted the case, until the amounts change or it is withdrawn."""
    at = case.returned_at
    first = tokyo.day(at) if at else case.reply_due_on or _send_due(case.no.year)
    return Duty(
        Kind.COST_RETURNED,
        _drafter(case, members, staff),
        key=f"cost_returned:{case.no.path}:{case.revision}",
        due_on=office_days.add(first, CHECK_WITHIN_OFFICE_DAYS),
        url=case.no.path,
        name=case.title,
        text=_(
            "負担案に意見が届いています。協議して案を直すか、そのまま確認をお願いするかを決めます"
            "（協約第4条第2項）。"
        ),
        known_since=at,
    )


def _to_reconcile(cases: Iterable[Case], this: FiscalYear, members: Members) -> Iterable[Duty]:
    """Projects of last year that wait for it: one leads to its press, several to the year's list."""
    year = this.previous
    found = to_reconcile(case for case in cases if case.no.fiscal_year == year.year)
    waiting = {case.project_id: case.project for case in found}
    if waiting:
        yield _of_projects(
            Kind.COST_UNRECONCILED,
            waiting,
            year,
            members,
            due_on=_reconcile_due(year),
            said=_("の額は、まだ精算していません。決算額で計算し直し、差額を確かめます。"),
            url=f"{found[0].no.path}/next" if len(waiting) == 1 else f"/costs?fy={year.year}",
            known_since=tokyo.at(this.begins, time.min),
        )


def _of_projects(
    kind: Kind,
    waiting: dict[int, str],
    year: FiscalYear,
    members: Members,
    *,
    due_on: date,
    said: str,
    known_since: datetime,
    url: str | None = None,
) -> Duty:
    """One thing to do for all projects waiting, by id; `url` leads elsewhere than to a new case."""
    only = f"&project={next(iter(waiting))}" if len(waiting) == 1 else ""
    return Duty(
        kind,
        members.office,
        key=f"{kind}:{year.year}:{members.hub}",
        due_on=due_on,
        url=url or f"/costs/new?fy={year.year}{only}",
        name=_("%(year)sの費用負担", year=year.label),
        text=some(waiting.values()) + said,
        remaining=len(waiting),
        known_since=known_since,
    )


def _start_due(year: FiscalYear) -> date:
    """31 January or the open day before: time to draft, talk and confirm within the year."""
    return office_days.on_or_before(date(year.year + 1, 1, 31))


def _send_due(year: FiscalYear) -> date:
    """The last open day of February: the parties still have March to confirm."""
    return office_days.add(date(year.year + 1, 3, 1), -1)


def _reconcile_due(year: FiscalYear) -> date:
    """31 May after the year, when 出納整理期間 ends, or the open day before."""
    return office_days.on_or_before(date(year.year + 1, 5, 31))
