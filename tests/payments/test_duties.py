"""Who is asked what of payments, and until when."""

from dataclasses import replace
from datetime import date

from flask import Flask

from tests.cast import TODAY
from tests.cost_sharing.cases import YOMOGITA
from tests.cost_sharing.makers import read
from tests.duties.makers import MEMBERS
from tests.payments.makers import keeper, make_instalment, make_planned, make_receipt, part
from tracker.duties import queries as gathered
from tracker.kernel.kinds import Kind
from tracker.payments import actions, queries
from tracker.payments.duties import duties

TOLD = make_instalment(noticed_on=date(2026, 11, 2))


def test_a_payer_is_asked_from_its_notice_and_the_year_stays_that_of_the_case() -> None:
    late = replace(TOLD, due_on=date(2027, 4, 1))
    [one] = duties([late], MEMBERS, TODAY)
    assert (one.municipality, one.due_on, one.remaining) == ("imabetsu", date(2027, 4, 1), 1)
    assert one.title == "農業研修事業の費用負担（第1回）を納める"
    assert one.text.startswith("令和8年度分（納期限 令和9年4月1日）、57,500円を青森市へ")
    assert one.known_since and one.known_since.isoformat() == "2026-11-01T15:00:00+00:00"


def test_what_several_say_they_have_paid_is_one_thing_to_look_at() -> None:
    said = [replace(TOLD, stated_on=date(2026, 11, 20)), replace(TOLD, town=YOMOGITA)]
    said[1] = replace(said[1], stated_on=date(2026, 11, 18))
    receive = [one for one in duties(said, MEMBERS, TODAY) if not one.is_done]
    [one] = receive
    assert (one.kind, one.municipality, one.remaining) == (Kind.RECEIPT_UNRECORDED, "aomori", 2)
    # Five open days after the 18th: the 23rd is a holiday.
    assert (one.due_on, one.to_post_id) == (date(2026, 11, 26), 2)
    assert one.url == "/costs/2026-04/payments" and "今別町、蓬田村から" in one.text


def test_who_is_late_is_asked_on_and_its_payee_too() -> None:
    late = replace(TOLD, due_on=date(2026, 11, 20))
    found = {one.kind: one for one in duties([late], MEMBERS, TODAY)}
    assert found[Kind.INSTALMENT_DUE].state(TODAY) == "overdue"
    assert "納期限が過ぎています" in found[Kind.RECEIPT_UNRECORDED].text


def test_one_that_nobody_was_told_of_is_late_for_both_sides() -> None:
    untold = make_instalment(due_on=date(2026, 11, 20))
    found = {one.kind: one for one in duties([untold], MEMBERS, TODAY)}
    assert found[Kind.INSTALMENT_DUE].state(TODAY) == "overdue"
    assert found[Kind.INSTALMENT_DUE].municipality == "imabetsu"
    assert Kind.RECEIPT_UNRECORDED in found
    assert list(duties([replace(untold, due_on=date(2026, 11, 30))], MEMBERS, TODAY)) == []


def test_from_notice_to_receipt(both: Flask) -> None:
    def open_kinds() -> set[tuple[Kind, str]]:
        kinds = (Kind.INSTALMENT_DUE, Kind.RECEIPT_UNRECORDED)
        found = gathered.all_duties(TODAY)
        return {
            (one.kind, one.municipality) for one in found if one.kind in kinds and one.remaining
        }

    case = make_planned()
    assert open_kinds() == set()
    towns = [part(case).town]
    plan = queries.plan(read(case))
    actions.notify(keeper(), plan, 1, towns, date(2026, 11, 24), "", None, "")
    assert open_kinds() == {(Kind.INSTALMENT_DUE, "hiranai")}
    actions.state_paid(keeper("hiranai"), part(case), date(2026, 11, 20))
    assert open_kinds() == {(Kind.RECEIPT_UNRECORDED, "aomori")}
    make_receipt("aomori", case, 168_000)
    assert open_kinds() == set()
