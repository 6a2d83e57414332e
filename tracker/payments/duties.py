"""What payment asks: a plan of what was agreed, notices, what is to be paid, and what arrived."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from tracker.amounts.yen import yen
from tracker.cost_sharing.case import Case
from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, grouped, some
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members
from tracker.office_days import office_days
from tracker.payments.instalment import Instalment

# A payer is told so long before its day (field.md section d, row 13).
NOTICE_BEFORE = timedelta(days=15)


def duties(
    found: Sequence[Instalment], unplanned: Sequence[Case], members: Members, today: date
) -> Iterable[Duty]:
    """The lead's until everybody is told; the payers' from then on until they say it is paid, and
    then the payee's.  One that nobody was told of is late for both sides once its day is over.

    `found` are instalments of agreed cases: those of replaced ones wait for a new plan.  `unplanned`
    are the agreed cases of which nobody has said how they are paid.
    """
    yield from _to_plan(unplanned, members)
    silent = [one for one in found if not (one.is_refund or one.is_marked or one.due_on < today)]
    by_number = grouped(silent, lambda one: (one.no, one.number))
    yield from (_to_notify(rows, members) for _key, rows in by_number)
    asked = ((one, _told_on(one, today)) for one in found)
    yield from (_to_pay(one, told_on, members) for one, told_on in asked if told_on)
    waiting = [one for one in found if one.is_open and (one.stated_on or one.due_on < today)]
    by_part = grouped(waiting, lambda one: (one.no, one.number, one.payee.slug))
    yield from (_to_receive(rows, members) for _key, rows in by_part)


def _agreed_at(case: Case) -> datetime:
    return case.agreed_at or tokyo.at(case.no.year.begins, time.min)


def _plan_due(agreed_at: datetime) -> date:
    """By when it is said how an agreed case is paid, or why it needs no plan."""
    return office_days.add(tokyo.day(agreed_at), 2 * CHECK_WITHIN_OFFICE_DAYS)


def _to_plan(waiting: Sequence[Case], members: Members) -> Iterable[Duty]:
    """A year's cases of one lead: one leads to its plan, several to the year's list."""
    for (number, slug, post_id), cases in grouped(
        waiting, lambda one: (one.no.fiscal_year, one.lead.slug, one.lead_post_id or 0)
    ):
        first, is_one = cases[0], len(cases) == 1
        at = min(map(_agreed_at, cases))
        said = _(
            "%(names)sは合意済みです。回数と納期限を決めて、納入の計画を作ります。"
            "別の方法で納めるときは、その方法と理由を記録します（協約第4条第2項）。",
            names=some(one.title for one in cases),
        )
        if any(one.replaces for one in cases):
            said += _("差し替える前の案件の計画は、もう使えません。")
        yield Duty(
            Kind.PAYMENT_UNPLANNED,
            members.owner(slug, post_id),
            key=f"payment_unplanned:{number}:{slug}:{post_id}",
            due_on=_plan_due(at),
            url=f"{first.no.path}/payments/plan" if is_one else f"/costs/payments?fy={number}",
            remaining=len(cases),
            name=first.title if is_one else _("%(year)sの費用負担", year=FiscalYear(number).label),
            text=said,
            known_since=at,
        )


def _to_notify(rows: Sequence[Instalment], members: Members) -> Duty:
    """Fifteen days before its day, but not before a plan is due; where that is later, on its day."""
    first = rows[0]
    at = first.agreed_at or tokyo.at(first.year.begins, time.min)
    day = office_days.on_or_before(min(one.due_on for one in rows) - NOTICE_BEFORE)
    due_on = min(max(day, _plan_due(at)), *(one.due_on for one in rows))
    names = some(one.payer.name for one in rows)
    return Duty(
        Kind.PAYMENT_UNNOTICED,
        members.owner(first.payee.slug, first.lead_post_id),
        key=f"payment_unnoticed:{first.no.path}:{first.number}:{first.payee.slug}",
        due_on=due_on,
        url=f"{first.no.path}/payments/{first.number}/notice",
        remaining=len(rows),
        name=_named(first),
        text=_(
            "%(names)sに、納期限の15日前までに納入通知書を送り、送った日を記録します。", names=names
        )
        if due_on == day
        else _("%(names)sに納入通知書を送り、送った日を記録します。", names=names),
        known_since=at,
    )


def _told_on(one: Instalment, today: date) -> date | None:
    said = (one.noticed_on, one.billed_on, one.due_on if one.due_on < today else None)
    return min(filter(None, said), default=None)


def _named(one: Instalment) -> str:
    return _("%(title)s（%(part)s）", title=one.title, part=one.part_words)


def _to_pay(one: Instalment, told_on: date, members: Members) -> Duty:
    return Duty(
        Kind.INSTALMENT_DUE,
        members.party(one.payer.slug, one.town.slug),
        key=f"instalment_due:{one.path}:{one.payer.slug}",
        due_on=one.due_on,
        url=one.path,
        remaining=int(one.is_open and not one.stated_on),
        total=1,
        name=_named(one),
        text=_(
            "%(year)s、%(yen)sを%(payee)sへ納めます（協約第4条第2項）。納めたら、その日を知らせます。",
            year=one.year_words,
            yen=yen(one.left_yen or one.yen),
            payee=one.payee.name,
        ),
        known_since=tokyo.at(told_on, time.min),
    )


def _to_receive(rows: Sequence[Instalment], members: Members) -> Duty:
    """What payers say they have paid, or should have, looked at within five open days."""
    first, is_one = rows[0], len(rows) == 1
    slug, post_id = first.payee.slug, None if first.is_refund else first.lead_post_id
    since = min(one.stated_on or one.due_on for one in rows)
    says = some(one.payer.name for one in rows)
    stated = all(one.stated_on for one in rows)
    said = (
        _("%(names)sから、納めたと連絡がありました。受け取った日と額を記録します。", names=says)
        if stated
        else _("%(names)sの納期限が過ぎています。入金を確かめて記録します。", names=says)
    )
    return Duty(
        Kind.RECEIPT_UNRECORDED,
        members.party(slug, first.town.slug, post_id) if is_one else members.owner(slug, post_id),
        key=f"receipt_unrecorded:{first.no.path}:{first.number}:{slug}",
        due_on=office_days.add(since, CHECK_WITHIN_OFFICE_DAYS),
        url=first.path if is_one else f"{first.no.path}/payments",
        remaining=len(rows),
        name=_named(first),
        text=said,
        known_since=tokyo.at(since, time.max),
    )
