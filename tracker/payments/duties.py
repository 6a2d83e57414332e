"""What payment asks: instalments to pay, and what arrived to record."""

from collections.abc import Iterable, Sequence
from datetime import date, time

from tracker.kernel import office_days, tokyo
from tracker.kernel.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, grouped, some
from tracker.kernel.kinds import Kind
from tracker.kernel.translation import _
from tracker.kernel.yen import yen
from tracker.municipalities.rules import Members
from tracker.payments.instalment import Instalment


def duties(found: Sequence[Instalment], members: Members, today: date) -> Iterable[Duty]:
    """The payers' from the day they are told until they say it is paid, and then the payee's.

    One that nobody was told of is late for both sides alike once its day is over.

    `found` are instalments of agreed cases: those of replaced ones wait for a new plan.
    """
    asked = ((one, _told_on(one, today)) for one in found)
    yield from (_to_pay(one, told_on, members) for one, told_on in asked if told_on)
    waiting = [one for one in found if one.is_open and (one.stated_on or one.due_on < today)]
    by_part = grouped(waiting, lambda one: (one.no, one.number, one.payee.slug))
    yield from (_to_receive(rows, members) for _key, rows in by_part)


def _told_on(one: Instalment, today: date) -> date | None:
    said = (one.noticed_on, one.billed_on, one.due_on if one.due_on < today else None)
    return min(filter(None, said), default=None)


def _named(one: Instalment) -> str:
    return _("%(title)s（%(part)s）", title=one.title, part=one.part_words)


def _to_pay(one: Instalment, told_on: date, members: Members) -> Duty:
    return Duty(
        Kind.INSTALMENT_DUE,
        key=f"instalment_due:{one.path}:{one.payer.slug}",
        municipality=one.payer.slug,
        is_hub=one.payer.is_hub,
        agreement=members.agreements.get(one.town.slug),
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
    first = rows[0]
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
        key=f"receipt_unrecorded:{first.no.path}:{first.number}:{first.payee.slug}",
        municipality=first.payee.slug,
        is_hub=first.payee.is_hub,
        agreement=members.agreements.get(first.town.slug) if len(rows) == 1 else None,
        to_post_id=None if first.is_refund else first.lead_post_id,
        due_on=office_days.add(since, CHECK_WITHIN_OFFICE_DAYS),
        url=first.path if len(rows) == 1 else f"{first.no.path}/payments",
        remaining=len(rows),
        name=_named(first),
        text=said,
        known_since=tokyo.at(since, time.max),
    )
