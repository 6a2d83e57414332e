"""What is owed, by whom, by when, and is it done: derived from facts, never typed twice.

Features tell facts; the home page, the lists, the reminders and the commands are views of
the duties made here (architecture.md section 1).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from tracker.duties import meetings
from tracker.duties.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, Facts, Item, Kind
from tracker.kernel import office_days
from tracker.kernel.asked import Asked, some
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.yen import yen
from tracker.projects.rules import REPORTED, ReportFact, ReportState, shown

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])


_OFFICE, _OFFICER = frozenset({Role.OFFICE}), frozenset({Role.OFFICER})
_BOTH = _OFFICER | {Role.CONFIRMER}


class Row(NamedTuple):
    """To whom its letters go, who finds it at home, its title ({subject}, {n} left), its button."""

    to_role: Role
    shown_to: frozenset[Role]
    title: str
    action: str


# What features merely tell (kernel.asked).  No feature tells yet of results, minutes, decisions,
# instalments and questions.  An officer's part is the office's where the hub itself is asked.
TABLE: Mapping[Kind, Row] = {
    Kind.ROUND_UNOPENED: Row(Role.OFFICE, _OFFICE, "{subject}をお願いする", "お願いを送る"),
    Kind.RESULTS_UNPUBLISHED: Row(Role.OFFICE, _OFFICE, "{subject}を公表する", "内容を確かめる"),
    Kind.MINUTES_UNCIRCULATED: Row(Role.OFFICE, _OFFICE, "{subject}を送る", "議事録を開く"),
    Kind.MINUTES_UNCONFIRMED: Row(Role.OFFICER, _BOTH, "{subject}を確認する", "内容を確認する"),
    Kind.DECISION_OPEN: Row(Role.OFFICER, _OFFICER, "{subject}の状況を知らせる", "状況を知らせる"),
    Kind.COST_UNSTARTED: Row(Role.OFFICE, _OFFICE, "{subject}の協議を始める　{n}件", "案を作る"),
    Kind.COST_UNSENT: Row(Role.OFFICE, _OFFICE, "{subject}を送る　{n}件", "開く"),
    Kind.COST_UNRECONCILED: Row(Role.OFFICE, _OFFICE, "{subject}を精算する　{n}件", "案を作る"),
    Kind.INSTALMENT_DUE: Row(Role.OFFICER, _OFFICER, "{subject}を納める", "金額を確かめる"),
    Kind.QUESTION_OPEN: Row(Role.OFFICER, _BOTH, "{subject}に回答する", "開く"),
    Kind.PERSON_UNCONFIRMED: Row(Role.OFFICER, _OFFICER, "担当者を確認する", "確認する"),
    Kind.HANDOVER_UNWRITTEN: Row(Role.OFFICER, _OFFICER, "引継ぎメモを書く", "書く"),
}


def duties(facts: Facts, today: date) -> tuple[Duty, ...]:
    """All duties, done ones too, by their day, then in the order of the municipalities."""
    found = [
        *_reports_to_write(facts),
        *_reports_to_check(facts),
        *meetings.polls(facts),
        *meetings.stages(facts, today),
        *meetings.views(facts),
        *_costs(facts),
        *_letters(facts),
        *(_told(facts, one) for one in facts.asked),
    ]
    order = {slug: n for n, slug in enumerate((facts.hub, *facts.partners))}
    return tuple(
        sorted(
            found,
            key=lambda duty: (duty.due_on, duty.kind, order.get(duty.municipality, 0), duty.key),
        )
    )


def owed(all_duties: Iterable[Duty], actor: Actor) -> tuple[Duty, ...]:
    """What the actor must do now."""
    return tuple(duty for duty in all_duties if not duty.is_done and duty.is_for(actor))


def _reports_to_write(facts: Facts) -> Iterable[Duty]:
    """Art. 3: each municipality reports on the projects it takes part in.

    In the municipality that leads a project its own section reports; elsewhere the officer.
    """

    def writer(fact: ReportFact) -> tuple[str, str, int]:
        leads = fact.municipality_slug == fact.lead_municipality
        return fact.round_path, fact.municipality_slug, (leads and fact.lead_post_id) or 0

    for (round_path, slug, post_id), reports in _grouped(
        (fact for fact in facts.reports if not fact.round_closed), writer
    ):
        first = reports[0]
        open_ones = [fact for fact in reports if fact.state not in REPORTED]
        by_lead = slug == facts.hub
        duty = Duty(
            key=f"report_unsubmitted:{first.period}:{slug}:{post_id}",
            kind=Kind.REPORT_UNSUBMITTED,
            municipality=slug,
            to_role="lead" if by_lead else "officer",
            to_post_id=post_id or None,
            shown_to=frozenset({Role.LEAD} if by_lead else {Role.OFFICER}),
            due_on=first.due_on,
            is_done=not open_ones,
            url=round_path,
            remaining=len(open_ones),
            total=len(reports),
            title=f"{first.period.half_label}（{first.period.span_label}）の進捗を報告する",
            text=(
                f"{len(reports)}事業のうち、残り{len(open_ones)}事業です。"
                "前回の内容を写してあります。変わったところだけ直してください（1事業 約2分）。"
            ),
            action="順に進める",
            subject=f"{first.period.half_label}の進捗報告",
            items=tuple(_report_item(fact) for fact in sorted(open_ones, key=_urgency)),
            known_since=first.opened_at,
        )
        came_back = [fact for fact in open_ones if fact.state is ReportState.RETURNED]
        yield _returned(duty, came_back) if came_back and came_back == open_ones else duty


def _returned(duty: Duty, reports: list[ReportFact]) -> Duty:
    """Where nothing is owed but what came back, that has its own days to be mended in."""
    last = max(fact.returned_on or fact.due_on for fact in reports)
    names = some(fact.project for fact in reports)
    return replace(
        duty,
        key=duty.key.replace(Kind.REPORT_UNSUBMITTED, Kind.REPORT_RETURNED),
        kind=Kind.REPORT_RETURNED,
        due_on=max(duty.due_on, office_days.add(last, CHECK_WITHIN_OFFICE_DAYS)),
        title=f"差し戻された進捗報告を直す　{len(reports)}件",
        text=f"{names}の報告に、確認のお願いが届いています。直して、もう一度提出してください。",
        action="直して出す",
        subject=f"差し戻された{duty.subject}",
        known_since=max((one.returned_at for one in reports if one.returned_at), default=None),
    )


def _urgency(fact: ReportFact) -> int:
    """What came back with a question is asked for first, then what was begun."""
    return {ReportState.RETURNED: 0, ReportState.DRAFT: 1}.get(fact.state, 2)


def _report_item(fact: ReportFact) -> Item:
    state = shown(fact.state, fact.due_on, fact.due_on)
    action = {ReportState.RETURNED: "直して出す", ReportState.DRAFT: "続きから"}
    return Item(
        fact.project, fact.report_path, state.kind, state.label, action.get(fact.state, "始める")
    )


def _reports_to_check(facts: Facts) -> Iterable[Duty]:
    for (round_path, lead, post_id), reports in _grouped(
        (fact for fact in facts.reports if fact.state is ReportState.SUBMITTED),
        lambda fact: (fact.round_path, fact.lead_municipality, fact.lead_post_id or 0),
    ):
        submitted = min(fact.submitted_on or fact.due_on for fact in reports)
        n = len(reports)
        yield Duty(
            key=f"report_unchecked:{reports[0].period}:{lead}:{post_id}",
            kind=Kind.REPORT_UNCHECKED,
            municipality=lead,
            to_role="lead",
            to_post_id=post_id or None,
            shown_to=frozenset({Role.LEAD, Role.OFFICE}),
            due_on=office_days.add(submitted, CHECK_WITHIN_OFFICE_DAYS),
            is_done=False,
            url=f"{round_path}/inbox",
            remaining=n,
            title=f"進捗報告を確認する　{n}件",
            text=f"{some(fact.project for fact in reports)}の報告が届いています。",
            action="確認する",
            subject=f"進捗報告の確認（{n}件）",
            known_since=min(
                (one.submitted_at for one in reports if one.submitted_at), default=None
            ),
        )


def _costs(facts: Facts) -> Iterable[Duty]:
    """Art. 4(2): each party confirms, for each agreement it is a party to."""
    for (case_path, slug), sides in _grouped(
        facts.confirmations, lambda fact: (fact.case_path, fact.municipality)
    ):
        first = sides[0]
        waiting = [side for side in sides if not side.confirmed]
        amount = f"対象額 {yen(first.amount_yen)}"
        text = (
            f"{first.case_title}　{len(sides)}町村との負担案（{amount}）。"
            if slug == facts.hub
            else f"{first.case_title}　負担案 {yen(first.share_yen)}（{amount}）。"
        )
        yield Duty(
            key=f"cost_unconfirmed:{case_path}:{slug}",
            kind=Kind.COST_UNCONFIRMED,
            municipality=slug,
            agreement=facts.partners.get(slug),
            to_role="confirmer",
            shown_to=frozenset({Role.CONFIRMER}),
            due_on=first.due_on,
            is_done=not waiting,
            url=f"{case_path}/confirm",
            remaining=len(waiting),
            total=len(sides),
            title="費用負担の案を確認する",
            text=text + "第4条第2項の協議です。",
            action="内容を確認する",
            subject=f"{first.case_title}（案）の御確認",
            known_since=first.known_since,
        )


def _letters(facts: Facts) -> Iterable[Duty]:
    if not facts.undeliverable:
        return
    n = len(facts.undeliverable)
    yield Duty(
        key=f"address_undeliverable:{facts.undeliverable[0].letter_id}",
        kind=Kind.ADDRESS_UNDELIVERABLE,
        municipality=facts.hub,
        to_role="office",
        shown_to=frozenset({Role.OFFICE}),
        due_on=min(fact.failed_on for fact in facts.undeliverable),
        is_done=False,
        url=f"/notices/{facts.undeliverable[0].letter_id}"
        if n == 1
        else "/notices?state=undeliverable",
        remaining=n,
        title=f"届かなかったメール{n}件の宛先を直す",
        text=f"{some(fact.to_name for fact in facts.undeliverable)}あてのメールが届いていません。",
        action="宛先を直す",
        subject=f"届かなかったメール（{n}件）",
        known_since=facts.undeliverable[0].failed_at,
    )


def _told(facts: Facts, asked: Asked) -> Duty:
    """A duty of the table's kinds, as the feature told it."""
    kind = Kind(asked.kind)
    row = TABLE[kind]
    here = {Role.OFFICER: Role.OFFICE} if asked.municipality == facts.hub else {}
    return Duty(
        key=f"{kind}:{asked.about}:{asked.municipality}",
        kind=kind,
        municipality=asked.municipality,
        agreement=asked.agreement,
        to_role=here.get(row.to_role, row.to_role),
        to_post_id=asked.post_id,
        shown_to=frozenset(here.get(role, role) for role in row.shown_to),
        due_on=asked.due_on,
        is_done=asked.is_done,
        url=asked.url,
        remaining=0 if asked.is_done else asked.remaining,
        total=asked.total,
        title=row.title.format(subject=asked.subject, n=asked.remaining),
        text=asked.text,
        action=row.action,
        subject=asked.subject,
        known_since=asked.known_since,
    )


def _grouped(facts: Iterable[T], key: Callable[[T], K]) -> Iterable[tuple[K, list[T]]]:
    return ((found, list(group)) for found, group in groupby(sorted(facts, key=key), key))
