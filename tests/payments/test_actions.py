"""A plan is made by whoever is paid, counts what was paid, and changes nothing that was agreed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import TODAY
from tests.cost_sharing.makers import (
    OF_WORK,
    SHARES,
    make_agreed,
    make_project,
    make_proposal,
    make_ready,
    make_work_proposal,
    read,
    shares_of,
)
from tests.payments.makers import (
    HALVES,
    TERMS,
    keeper,
    make_planned,
    make_receipt,
    part,
    replaced,
)
from tracker.cost_papers.papers import cost_settlement
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseNumber, Stage
from tracker.cost_sharing.stages.queries import stages
from tracker.history.history import HistoryEntry
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.municipalities.models import CalendarEntry, EntryKind
from tracker.payments import actions, queries
from tracker.payments.models import InstalmentReceipt
from tracker.payments.rules import DivideBy, PaymentState, ShiftTo, Terms
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

OWED = {name: share for name, share in SHARES.items() if name != "青森市"}


def planned(case: CostCase) -> dict[str, int]:
    """What the plan asks of each in all; what is given back is negative."""
    found: dict[str, int] = {}
    for one in queries.of_case(read(case)):
        yen = -one.yen if one.is_refund else one.yen
        found[one.town.name] = found.get(one.town.name, 0) + yen
    return found


def of(case: CostCase, name: str) -> int:
    return {town.name: yen for town, yen in queries.owed(read(case), TODAY).yen.items()}[name]


def verbs() -> Sequence[HistoryEntry]:
    """What the record says of plans."""
    found = select(HistoryEntry).where(HistoryEntry.verb == "payment.planned")
    return db.session.scalars(found).all()


def test_a_plan_divides_what_was_agreed_and_leaves_it_as_it_is(both: Flask) -> None:
    case = make_planned(terms=HALVES)
    assert planned(case) == OWED and shares_of(case) == SHARES
    one = part(case, "imabetsu", 2)
    assert (one.yen, one.due_on, one.count, one.part_words) == (
        57_500,
        date(2027, 3, 31),
        2,
        "第2回",
    )
    assert (
        part(case, "imabetsu").moved_words == "1月31日は日曜日のため、1月29日に繰り上げています。"
    )
    [entry] = verbs()
    assert "/yen" in " ".join(entry.payload["after"])
    # The same again is nothing to record.
    seen = f"1:{queries.owed(read(case), TODAY).seen}"
    actions.plan(keeper(), case, HALVES, seen)
    actions.plan(keeper(), case, HALVES, seen)
    assert len(verbs()) == 1
    # Nobody was told: it is divided anew.
    actions.plan(keeper(), case, TERMS)
    assert planned(case) == OWED and part(case).part_words == "全額" and len(verbs()) == 2


def test_a_closed_day_of_either_side_moves_the_day_of_that_pair_alone(both: Flask) -> None:
    closed = CalendarEntry(
        municipality_id=areas.find_town("hiranai").id,
        kind=EntryKind.CLOSURE,
        name="閉庁",
        begins_on=date(2027, 1, 29),
        ends_on=date(2027, 1, 29),
    )
    db.session.add(closed)
    db.session.commit()
    case = make_planned()
    assert [part(case, slug).due_on.day for slug in ("hiranai", "imabetsu")] == [28, 29]


def test_only_an_agreed_case_about_money_is_planned(both: Flask) -> None:
    case = make_ready()
    with pytest.raises(Refusal, match="合意済み"):
        actions.plan(keeper(), case, TERMS)


def test_two_who_plan_at_once_see_each_other(both: Flask) -> None:
    case = make_agreed()
    seen = f"0:{queries.owed(read(case), TODAY).seen}"
    actions.plan(keeper(), case, TERMS, seen)
    with pytest.raises(Conflict):
        actions.plan(keeper(), case, HALVES, seen)
    assert part(case).count == 1


def test_what_somebody_was_told_of_is_not_divided_anew_until_it_is_taken_back(both: Flask) -> None:
    case = make_planned()
    plan, towns = queries.plan(read(case)), [part(case).town]
    actions.notify(keeper(), plan, 1, towns, date(2026, 11, 24), "青連第1号", None, "")
    assert part(case).state(TODAY) is PaymentState.NOTICED
    for days in ((date(2026, 11, 25), None), (TODAY, date(2027, 6, 1))):
        with pytest.raises(Refusal, match="まだ来ていません"):
            actions.notify(keeper(), plan, 1, towns, days[0], "", days[1], "")
    with pytest.raises(Refusal, match="直せません"):
        actions.plan(keeper(), case, HALVES)
    actions.notify(keeper(), plan, 1, towns, None, "", None, "")
    actions.plan(keeper(), case, HALVES)
    assert part(case).count == 2


def test_what_is_received_in_parts_adds_up_and_never_beyond(both: Flask) -> None:
    case = make_planned()
    make_receipt("aomori", case, 100_000)
    assert part(case).left_yen == 68_000
    with pytest.raises(Refusal, match="68,000円"):
        make_receipt("aomori", case, 68_001)
    with pytest.raises(Refusal, match="まだ来ていません"):
        actions.receive(keeper(), part(case), date(2026, 11, 25), 1)
    id_ = make_receipt("aomori", case, 68_000)
    assert part(case).state(TODAY) is PaymentState.RECEIVED
    receipt = db.session.get_one(InstalmentReceipt, id_)
    actions.strike_receipt(keeper(), part(case), receipt, "二重の入力")
    assert part(case).left_yen == 68_000
    make_receipt("aomori", case, 1)
    with pytest.raises(Refusal, match="残り"):
        actions.put_receipt_back(keeper(), part(case), receipt)


def test_the_payer_s_word_stands_apart_until_the_payee_records_it(both: Flask) -> None:
    case = make_planned()
    with pytest.raises(Refusal, match="まだ来ていません"):
        actions.state_paid(keeper("hiranai"), part(case), date(2026, 11, 25))
    actions.state_paid(keeper("hiranai"), part(case), date(2026, 11, 20))
    one = part(case)
    assert (one.state(TODAY), one.received_yen) == (PaymentState.STATED, 0)
    assert one.stated_by == "平内町 企画担当"
    actions.state_paid(keeper("hiranai"), part(case), None)
    assert part(case).state(TODAY) is PaymentState.PLANNED
    make_receipt("aomori", case, 168_000)
    with pytest.raises(Refusal, match="受け取った記録"):
        actions.state_paid(keeper("hiranai"), part(case), date(2026, 11, 20))


def test_a_replaced_case_s_payments_count_and_its_open_ones_are_marked(both: Flask) -> None:
    old = make_planned(terms=HALVES)
    make_receipt("aomori", old, 84_000)
    new = replaced(old, total_yen=3_720_000)
    assert part(old, number=2).state(TODAY) is PaymentState.REPLACED
    assert part(old).state(TODAY) is PaymentState.RECEIVED
    share = shares_of(new)["平内町"]
    assert share > SHARES["平内町"] and of(new, "平内町") == share - 84_000
    assert of(new, "今別町") == shares_of(new)["今別町"]
    # Money for the old bill may still arrive, as long as no new plan counts.
    make_receipt_of = part(old, number=2)
    actions.receive(keeper(), make_receipt_of, date(2026, 11, 21), 1000)
    actions.plan(keeper(), new, TERMS)
    assert planned(new)["平内町"] == share - 85_000
    with pytest.raises(Refusal, match="新しい計画"):
        actions.receive(keeper(), part(old, number=2), date(2026, 11, 21), 1000)
    receipt = queries.receipts(part(old))[0]
    with pytest.raises(Refusal, match="新しい計画"):
        actions.strike_receipt(keeper(), part(old), receipt, "誤り")
    with pytest.raises(Refusal, match="差し替え"):
        actions.state_paid(keeper("hiranai"), part(old, number=2), date(2026, 11, 20))
    with pytest.raises(Refusal, match="合意済み"):
        actions.plan(keeper(), old, TERMS)


def test_more_than_is_owed_now_was_paid_and_goes_back(both: Flask) -> None:
    old = make_planned()
    make_receipt("aomori", old, 168_000)
    new = replaced(old, total_yen=2_120_000)
    assert of(new, "平内町") == shares_of(new)["平内町"] - 168_000 < 0
    terms = replace(TERMS, refund_on=date(2027, 1, 31))
    actions.plan(keeper(), new, terms)
    one = part(new)
    assert (one.is_refund, one.payer.name, one.payee.name) == (True, "青森市", "平内町")
    assert one.yen == 168_000 - shares_of(new)["平内町"] and one.part_words == "還付"
    actions.state_paid(keeper(), one, date(2026, 11, 20))
    actions.receive(keeper("hiranai"), part(new), date(2026, 11, 20), one.yen)
    assert part(new).state(TODAY) is PaymentState.RECEIVED


def test_a_settlement_asks_for_the_difference_to_what_was_agreed_last(both: Flask) -> None:
    project = make_project()
    first = make_planned(project=project, stage=Stage.FIXED)
    cheaper = make_proposal(stage=Stage.RECONCILIATION, total_yen=3_120_000)
    last = make_agreed(cheaper, project=project, stage=Stage.RECONCILIATION)
    owed = {town.name: yen for town, yen in queries.owed(read(last), TODAY).yen.items()}
    assert owed == {name: shares_of(last)[name] - OWED[name] for name in OWED}
    assert all(yen < 0 for yen in owed.values())
    actions.plan(keeper(), last, replace(TERMS, refund_on=date(2027, 5, 31)))
    assert planned(last) == owed and planned(first) == OWED
    # What is still open of the first plan stays owed: only the difference goes back.
    assert part(first).is_open


def test_a_fixed_amount_adds_to_an_estimate_only_where_that_is_being_paid(both: Flask) -> None:
    project = make_project()
    estimate = make_agreed(project=project)
    dearer = make_proposal(stage=Stage.FIXED, total_yen=3_720_000)
    fixed = make_agreed(dearer, project=project, stage=Stage.FIXED)
    assert of(fixed, "平内町") == shares_of(fixed)["平内町"]
    actions.plan(keeper(), estimate, TERMS)
    assert of(fixed, "平内町") == shares_of(fixed)["平内町"] - SHARES["平内町"]
    # One that both stages ask is asked where it was said last; of the first it was said already.
    assert waiting() == {fixed.no: of(fixed, "平内町")}


def waiting() -> dict[CaseNumber, int]:
    """The cases that wait for a plan, and what each asks 平内町 to pay."""
    hiranai = areas.by_id()[areas.find_town("hiranai").id]
    return {one.no: owed.yen[hiranai] for one, owed in queries.unplanned(TODAY)}


def test_every_agreed_case_that_asks_for_money_waits_for_a_plan(both: Flask) -> None:
    project = make_project()
    make_agreed(make_work_proposal(), project=project, **OF_WORK)
    first = make_agreed(project=project)
    assert waiting() == {first.no: SHARES["平内町"]}
    fixed = make_agreed(make_proposal(stage=Stage.FIXED), project=project, stage=Stage.FIXED)
    assert waiting() == {fixed.no: SHARES["平内町"]}
    # A settlement of the same amounts asks nobody for anything.
    settled = {"stage": Stage.RECONCILIATION}
    make_agreed(make_proposal(**settled), project=project, **settled)
    assert waiting() == {fixed.no: SHARES["平内町"]}
    actions.plan(keeper(), fixed, TERMS)
    assert waiting() == {}


def test_what_is_paid_otherwise_is_said_in_words_and_may_be_planned_after_all(both: Flask) -> None:
    first = make_agreed()
    none = Terms(DivideBy.NONE, ShiftTo.BEFORE, [], reason="相殺で精算する。")
    actions.plan(keeper(), first, none)
    assert waiting() == {} and queries.of_case(read(first)) == []
    # What takes its place asks anew; a form that divides what the first asked is refused.
    seen = f"1:{queries.owed(read(first), TODAY).seen}"
    new = replaced(first)
    assert waiting() == {new.no: SHARES["平内町"]}
    with pytest.raises(Conflict):
        actions.plan(keeper(), first, TERMS, seen)
    actions.plan(keeper(), new, none)
    actions.plan(keeper(), new, TERMS)
    assert queries.plan(read(new)).reason == "" and planned(new) == OWED


def test_an_estimate_may_be_left_to_what_comes_after_it_which_asks_for_the_whole(
    both: Flask,
) -> None:
    project, later = make_project(), Terms(DivideBy.LATER, ShiftTo.BEFORE, [])
    first = make_agreed(project=project)
    actions.plan(keeper(), first, later)
    assert waiting() == {} and queries.of_case(read(first)) == []
    fixed = make_agreed(make_proposal(stage=Stage.FIXED), project=project, stage=Stage.FIXED)
    assert waiting() == {fixed.no: SHARES["平内町"]}
    with pytest.raises(Refusal, match="概算の案件だけ"):
        actions.plan(keeper(), fixed, later)
    db.session.rollback()
    # Before 確定 is planned the office may still choose; then its amounts are divided.
    actions.plan(keeper(), first, TERMS)
    assert waiting() == {}
    actions.plan(keeper(), first, later)
    actions.plan(keeper(), fixed, TERMS)
    with pytest.raises(Refusal, match="概算の納め方は変えられません"):
        actions.plan(keeper(), first, TERMS)
    db.session.rollback()
    # A settlement takes off what 確定 asked; without one it asks for the whole.
    other, settled = make_project(name="別の事業"), {"stage": Stage.RECONCILIATION}
    actions.plan(keeper(), make_agreed(project=other), later)
    last = make_agreed(make_proposal(**settled), project=other, **settled)
    assert waiting() == {last.no: SHARES["平内町"]}
    # So nothing on the page of the case and on paper is told as a difference to the estimate.
    assert [stages(read(one), TODAY).left[-11:] for one in (fixed, last)] == [
        "確定の全額を納めます。",
        "精算の全額を納めます。",
    ]
    assert "扱い" not in repr(cost_settlement(read(last)).blocks)
    assert stages(read(first), TODAY) is None


def test_a_page_that_shows_other_amounts_divides_nothing(both: Flask) -> None:
    old = make_planned(terms=HALVES)
    new = replaced(old)
    seen = f"0:{queries.owed(read(new), TODAY).seen}"
    make_receipt("aomori", old, 84_000)
    with pytest.raises(Conflict, match="分ける額"):
        actions.plan(keeper(), new, TERMS, seen)
    assert queries.plan(read(new)) is None
