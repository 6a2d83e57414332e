"""Who is asked what of payments, and until when."""

from dataclasses import replace
from datetime import UTC, date, datetime

from flask import Flask

from tests.cast import TODAY
from tests.cost_sharing.cases import YOMOGITA
from tests.cost_sharing.makers import make_agreed, read
from tests.duties.makers import MEMBERS
from tests.payments.makers import TERMS, keeper, make_instalment, make_receipt, part
from tracker.duties import queries as gathered
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.payments import actions, queries
from tracker.payments.duties import duties

TOLD = make_instalment(noticed_on=date(2026, 11, 2))


def test_a_payer_is_asked_from_its_notice_and_the_year_stays_that_of_the_case() -> None:
    late = replace(TOLD, due_on=date(2027, 4, 1))
    [one] = duties([late], [], MEMBERS, TODAY)
    assert (one.owner.municipality, one.due_on, one.remaining) == ("imabetsu", date(2027, 4, 1), 1)
    assert one.title == "農業研修事業の費用負担（第1回）を納める"
    assert one.text.startswith("令和8年度分（納期限 令和9年4月1日）、57,500円を青森市へ")
    assert one.known_since and one.known_since.isoformat() == "2026-11-01T15:00:00+00:00"


def test_what_several_say_they_have_paid_is_one_thing_to_look_at() -> None:
    said = [replace(TOLD, stated_on=date(2026, 11, 20)), replace(TOLD, town=YOMOGITA)]
    said[1] = replace(said[1], stated_on=date(2026, 11, 18))
    receive = [one for one in duties(said, [], MEMBERS, TODAY) if not one.is_done]
    [one] = receive
    assert (one.kind, one.owner.municipality, one.remaining) == (
        Kind.RECEIPT_UNRECORDED,
        "aomori",
        2,
    )
    # Five open days after the 18th: the 23rd is a holiday.
    assert (one.due_on, one.owner.post_id) == (date(2026, 11, 26), 2)
    assert one.url == "/costs/2026-04/payments" and "今別町、蓬田村から" in one.text


def test_who_is_late_is_asked_on_and_its_payee_too() -> None:
    late = replace(TOLD, due_on=date(2026, 11, 20))
    found = {one.kind: one for one in duties([late], [], MEMBERS, TODAY)}
    assert found[Kind.INSTALMENT_DUE].state(TODAY) == "overdue"
    assert "納期限が過ぎています" in found[Kind.RECEIPT_UNRECORDED].text


def test_one_that_nobody_was_told_of_is_late_for_both_sides() -> None:
    untold = make_instalment(due_on=date(2026, 11, 20))
    found = {one.kind: one for one in duties([untold], [], MEMBERS, TODAY)}
    assert found[Kind.INSTALMENT_DUE].state(TODAY) == "overdue"
    assert found[Kind.INSTALMENT_DUE].owner.municipality == "imabetsu"
    assert Kind.RECEIPT_UNRECORDED in found


def test_the_lead_tells_each_payer_fifteen_days_before_its_day() -> None:
    def told(**changes: object) -> Duty:
        first = make_instalment(**changes)
        rows = [first, replace(first, town=YOMOGITA), replace(first, is_refund=True)]
        [one] = duties(rows, [], MEMBERS, TODAY)
        return one

    # 15 days before 8 January is 24 December; of 16 January it is a Friday's, 1 January closed.
    early = told(due_on=date(2027, 1, 8))
    assert early.due_on == date(2026, 12, 24)
    assert "今別町、蓬田村に、納期限の15日前までに" in early.text
    assert told(due_on=date(2027, 1, 16)).due_on == date(2026, 12, 28)
    # Not before the plan itself is due, ten open days after 6 November; nor after the payer's day.
    assert told(due_on=date(2026, 11, 30)).due_on == date(2026, 11, 20)
    soon = told(due_on=date(2026, 11, 25), agreed_at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    assert soon.due_on == date(2026, 11, 25)
    assert (soon.kind, soon.owner.municipality, soon.remaining) == (
        Kind.PAYMENT_UNNOTICED,
        "aomori",
        2,
    )
    assert (soon.owner.post_id, soon.url) == (2, "/costs/2026-04/payments/1/notice")
    # What comes too late for that is not asked for.
    assert soon.text.startswith("今別町、蓬田村に納入通知書を送り、")


def test_from_notice_to_receipt(both: Flask) -> None:
    def open_kinds() -> set[tuple[Kind, str]]:
        found = gathered.all_duties(TODAY)
        return {
            (one.kind, one.owner.municipality)
            for one in found
            if one.url.startswith("/costs/2026-01/payments") and one.remaining
        }

    case = make_agreed()
    assert open_kinds() == {(Kind.PAYMENT_UNPLANNED, "aomori")}
    actions.plan(keeper(), case, TERMS)
    assert open_kinds() == {(Kind.PAYMENT_UNNOTICED, "aomori")}
    towns = [part(case).town]
    plan = queries.plan(read(case))
    actions.notify(keeper(), plan, 1, towns, date(2026, 11, 24), "", None, "")
    others = (Kind.PAYMENT_UNNOTICED, "aomori")
    assert open_kinds() == {others, (Kind.INSTALMENT_DUE, "hiranai")}
    actions.state_paid(keeper("hiranai"), part(case), date(2026, 11, 20))
    assert open_kinds() == {others, (Kind.RECEIPT_UNRECORDED, "aomori")}
    make_receipt("aomori", case, 168_000)
    assert open_kinds() == {others}
