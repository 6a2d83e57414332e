"""A case from draft to agreement, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unicodedata import east_asian_width

import pytest
from sqlalchemy import select, update

from tests import cast
from tests.cost_sharing.makers import (
    PARTNERS,
    SHARES,
    make_agreed,
    make_draft,
    make_project,
    make_proposal,
    make_ready,
    make_sent,
    somebody,
)
from tracker.accounts.models import Person
from tracker.agreements.models import Agreement
from tracker.cost_sharing import actions, confirming, facts, queries
from tracker.cost_sharing.models import CaseKind, CostPart, Share
from tracker.cost_sharing.proposal import ProposedPart
from tracker.cost_sharing.rules import CaseState, Decision, PartKind, RoundingMode
from tracker.cost_sharing.split import LARGEST_REMAINDER, Rounding
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.forms import CONFLICT
from tracker.plumbing.letters import Letter

pytestmark = pytest.mark.usefixtures("both")
DUE = date(2026, 12, 4)
LATER = actions.AskAgain("補助の額が決まったため。", date(2026, 12, 11))


def shares_of(case) -> dict[str, int]:
    """The stored shares by name."""
    towns = areas.by_id()
    rows = db.session.scalars(select(Share).where(Share.case_id == case.id))
    return {towns[row.municipality_id].name: row.share_yen for row in rows}


def letters_of(kind: str) -> list[Letter]:
    return list(db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


def width(line: str) -> float:
    """How many full-width characters the line is long."""
    return sum(1 if east_asian_width(sign) in "WFA" else 0.5 for sign in line)


def confirm_by(case, *slugs: str) -> None:
    for slug in slugs:
        confirming.confirm(case, by=somebody("confirmer", slug), at=cast.NOW)


# --- drafting


def test_the_worked_check_comes_out_to_the_yen_and_keeps_every_step():
    case = make_ready()
    assert shares_of(case) == SHARES
    imabetsu = db.session.get(Share, (case.id, areas.find_town("imabetsu").id))
    assert imabetsu.parts[0] == "100000/1"
    assert Fraction(imabetsu.exact) == 100_000 + Fraction(2_000_000 * 2_334, 295_593)
    assert sum(SHARES.values()) == case.amount_yen == 2_500_000


def test_base_figures_are_frozen_with_their_source():
    case = make_ready()
    population = db.session.scalars(
        select(CostPart).where(CostPart.case_id == case.id, CostPart.position == 1)
    ).one()
    assert population.values == dict(zip(SHARES, (275192, 10126, 2334, 2540, 5401), strict=True))
    assert population.source == (
        "令和2年国勢調査（確定値、令和2年10月1日現在、出典 総務省統計局 令和2年国勢調査）"
    )


def test_cases_are_numbered_by_fiscal_year():
    project = make_project()
    cases = [make_draft(project), make_draft(project), make_draft(project, year=FiscalYear(2027))]
    assert [case.no.label for case in cases] == ["第8-01号", "第8-02号", "第9-01号"]
    assert cases[0].title == "東青地域移住促進事業の費用負担"


def test_funds_above_the_total_are_refused():
    with pytest.raises(Refusal, match="補助の額が総事業費を超えています") as refused:
        make_draft(total_yen=1, subsidy_yen=2)
    assert refused.value.field == "subsidy_yen"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"takers": ("青森市",)}, "分担する町村を1つ以上選んでください。"),
        ({"parts": (ProposedPart(PartKind.EQUAL, Decimal(95)),)}, "あと5％をどこかに足して"),
        ({"remainder": "今別町", "takers": ("青森市", "平内町")}, "「今別町」は市町村の一覧に"),
        ({"parts": (ProposedPart(PartKind.POPULATION, Decimal(100)),)}, "人口割の基礎数値を入れて"),
    ],
)
def test_an_incomplete_formula_is_refused_and_nothing_is_kept(changes, sentence):
    case = make_draft()
    with pytest.raises(Refusal, match=sentence):
        actions.save_formula(case, make_proposal(**changes), by=somebody("office"), at=cast.NOW)
    db.session.rollback()
    assert shares_of(case) == {}


def test_a_partner_whose_agreement_has_ended_takes_no_part():
    case = make_draft()
    yomogita = areas.find_town("yomogita").id
    db.session.execute(
        update(Agreement)
        .where(Agreement.party_b_id == yomogita)
        .values(ended_on=cast.TODAY - timedelta(days=1))
    )
    with pytest.raises(Refusal, match="蓬田村との間に、今、効力のある連携協約がありません"):
        actions.save_formula(case, make_proposal(), by=somebody("office"), at=cast.NOW)


def test_whoever_saves_second_is_told_that_somebody_was_first():
    case = make_draft()
    seen = case.version
    office = somebody("office")
    actions.save_formula(case, make_proposal(), version=seen, by=office, at=cast.NOW)
    with pytest.raises(Refusal, match=CONFLICT):
        actions.save_formula(case, make_proposal(), version=seen, by=office, at=cast.NOW)


def test_every_kind_of_part_is_stored_and_read_again():
    census = areas.series()[0].id
    parts = (
        ProposedPart(
            PartKind.EQUAL, Decimal(10), values=dict.fromkeys(SHARES, 50) | {"青森市": 100}
        ),
        ProposedPart(PartKind.POPULATION, Decimal("33.5"), census),
        ProposedPart(
            PartKind.RATIO, Decimal("46.5"), values=dict(zip(SHARES, (8, 1, 1, 0, 0), strict=True))
        ),
        ProposedPart(PartKind.HOST, Decimal(10), only="外ヶ浜町"),
        ProposedPart(PartKind.FIXED, values={"青森市": 10_000}, reason="会場費のため"),
    )
    proposal = make_proposal(
        parts=parts, rounding=Rounding(100, RoundingMode.UP), remainder=LARGEST_REMAINDER
    )
    case = make_ready(proposal)
    dossier = queries.find(case.no)
    assert sum(shares_of(case).values()) == 2_500_000
    assert [(source.label, source.extent) for source in dossier.sources] == [
        ("均等割", "10％"),
        ("人口割", "33.5％"),
        ("割合", "46.5％"),
        ("開催地等の負担（外ヶ浜町）", "10％"),
        ("定額", "計 10,000円"),
    ]
    assert dossier.rounding_words == "百円単位、端数は最大剰余の順"
    assert dossier.table.total.share == "2,500,000"
    assert dossier.table.rows[0].parts[-1] == "10,000"


# --- consultation and sending


def test_a_consultation_makes_a_draft_one_under_consultation():
    case = make_draft()
    assert case.state is CaseState.DRAFT
    case = make_ready()
    assert case.state is CaseState.CONSULTING


def test_nothing_is_sent_before_a_consultation():
    case = make_draft()
    actions.save_formula(case, make_proposal(), by=somebody("office"), at=cast.NOW)
    with pytest.raises(Refusal, match="協議の記録を1件以上入れてください（協約第4条第2項）。"):
        actions.send(case, DUE, by=somebody("office"), at=cast.NOW)
    assert letters_of("cost_request") == []


@pytest.mark.parametrize(
    ("due_on", "sentence"),
    [
        (cast.TODAY, "回答期限は、明日以降の日にしてください。"),
        (date(2026, 12, 5), "12月5日は土曜日です。別の日を選んでください。"),
    ],
)
def test_answers_are_asked_for_by_an_open_day_to_come(due_on, sentence):
    case = make_ready()
    with pytest.raises(Refusal, match=sentence):
        actions.send(case, due_on, by=somebody("office"), at=cast.NOW)


def test_sending_asks_the_confirmers_of_all_five_and_only_once():
    case = make_sent()
    assert case.state is CaseState.AWAITING
    assert [letter.to_email for letter in letters_of("cost_request")] == [
        cast.email("confirmer", slug) for slug in ("aomori", *PARTNERS)
    ]
    with pytest.raises(Refusal, match="すでに送られています"):
        actions.send(case, DUE, by=somebody("office"), at=cast.NOW)


def test_a_letter_asks_for_the_readers_own_share_in_short_lines():
    make_sent()
    letter = next(one for one in letters_of("cost_request") if "imabetsu" in one.to_email)
    assert letter.subject == (
        "【御確認のお願い】東青地域移住促進事業の費用負担（案）について（12月4日まで）"
    )
    for words in (
        "　対象額　2,500,000円",
        "（総事業費 3,620,000円、補助 1,120,000円）",
        "　算式　　均等割 20％、人口割 80％",
        "　端数　　千円未満切捨て、端数は青森市が負担",
        "　今別町の負担額　115,000円",
        "　期限　　令和8年12月4日（金）",
        "/costs/2026-01/confirm",
        "この確認は貴町の決裁に代わるものでは",
    ):
        assert words in letter.body
    lines = [line for line in letter.body.splitlines() if "https://" not in line]
    assert max(map(width, lines)) <= 35


def test_a_town_without_a_confirmer_stops_the_sending():
    case = make_ready()
    db.session.execute(
        update(Person)
        .where(Person.email == cast.email("confirmer", "yomogita"))
        .values(is_active=False)
    )
    with pytest.raises(Refusal, match="蓬田村の確認者が登録されていません"):
        actions.send(case, DUE, by=somebody("office"), at=cast.NOW)


# --- both sides' word


def test_the_last_side_makes_it_agreed_and_everybody_hears():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai", "imabetsu", "yomogita")
    assert case.state is CaseState.AWAITING
    assert letters_of("cost_agreed") == []
    confirm_by(case, "sotogahama")
    assert case.state is CaseState.AGREED
    assert case.agreed_at == cast.NOW
    letters = letters_of("cost_agreed")
    assert len(letters) == 5
    assert letters[0].subject == (
        "【御礼】東青地域移住促進事業の費用負担について、確認がそろいました"
    )
    assert "　外ヶ浜町　136,000円" in letters[0].body


def test_the_hub_confirms_all_its_pairs_by_one_act():
    case = make_sent()
    confirm_by(case, "aomori")
    dossier = queries.find(case.no)
    hub = areas.hub().id
    assert [key[1] for key in dossier.answers] == [hub] * 4
    with pytest.raises(Refusal, match="すでに確認済みです"):
        confirm_by(case, "aomori")


def test_the_drafter_cannot_confirm_whatever_their_post_is_now():
    case = make_sent()
    drafter = somebody("office").person_id
    turned = replace(somebody("confirmer"), person_id=drafter)
    with pytest.raises(Refusal, match="ご自分が作った案は確認できません"):
        confirming.confirm(case, by=turned, at=cast.NOW)


def test_an_outsider_cannot_confirm():
    case = make_sent(make_proposal(takers=("青森市", "平内町")))
    with pytest.raises(Refusal, match="協約の当事者ではありません"):
        confirm_by(case, "imabetsu")
    confirm_by(case, "aomori", "hiranai")
    assert case.state is CaseState.AGREED


def test_an_opinion_goes_back_to_whoever_drafted():
    case = make_sent()
    sotogahama = somebody("confirmer", "sotogahama")
    with pytest.raises(Refusal, match="意見を入力してください") as refused:
        confirming.give_back(case, " ", by=sotogahama, at=cast.NOW)
    assert refused.value.field == "opinion"
    confirming.give_back(case, "人口は住民基本台帳によりたい。", by=sotogahama, at=cast.NOW)
    assert case.state is CaseState.RETURNED
    (letter,) = letters_of("cost_returned")
    assert letter.to_email == cast.email("office")
    assert letter.subject == "【意見あり】東青地域移住促進事業の費用負担：外ヶ浜町"
    assert "人口は住民基本台帳によりたい。" in letter.body


def test_a_side_may_think_again_either_way():
    case = make_sent()
    confirm_by(case, "hiranai")
    hiranai = somebody("confirmer", "hiranai")
    for words in ("やはり直したい。", "まだ直っていない。"):
        confirming.give_back(case, words, by=hiranai, at=cast.NOW)
    assert len(letters_of("cost_returned")) == 2
    confirm_by(case, "hiranai")
    assert case.state is CaseState.AWAITING
    (answer,) = queries.find(case.no).answers.values()
    assert (answer.decision, answer.opinion) == (Decision.CONFIRMED, None)


def test_a_word_on_other_amounts_than_those_shown_does_not_count():
    case = make_sent()
    seen = case.revision
    changed = make_proposal(total_yen=3_720_000)
    actions.save_formula(case, changed, again=LATER, by=somebody("office"), at=cast.NOW)
    with pytest.raises(Refusal, match="案が変わりました"):
        confirming.confirm(case, revision=seen, by=somebody("confirmer", "imabetsu"), at=cast.NOW)


# --- changes


def test_a_change_after_sending_voids_all_confirmations_and_tells_both_amounts():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai")
    office = somebody("office")
    changed = make_proposal(subsidy_yen=1_020_000)
    with pytest.raises(Refusal, match="いただいた確認はすべて取り消し"):
        actions.save_formula(case, changed, by=office, at=cast.NOW)
    actions.save_formula(case, changed, again=LATER, by=office, at=cast.NOW)
    assert (case.revision, case.state) == (2, CaseState.AWAITING)
    assert queries.find(case.no).answers == {}
    assert len(letters_of("cost_changed")) == 5
    letter = next(one for one in letters_of("cost_changed") if "imabetsu" in one.to_email)
    assert letter.subject == "【再度の御確認のお願い】費用負担（案）を変更しました"
    for words in (
        "　対象額\n　　2,500,000円 → 2,600,000円",
        "　今別町の負担額\n　　115,000円 → 120,000円",
        "　理由　　補助の額が決まったため。",
        "　期限　　令和8年12月11日（金）",
        "先にいただいた御確認は取り消しとなりました。",
    ):
        assert words in letter.body
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED


def test_who_no_longer_takes_part_is_told_so_and_asked_nothing():
    case = make_sent()
    without = make_proposal(takers=("青森市", "平内町", "今別町", "外ヶ浜町"))
    actions.save_formula(case, without, again=LATER, by=somebody("office"), at=cast.NOW)
    letter = next(one for one in letters_of("cost_changed") if "yomogita" in one.to_email)
    assert "117,000円 → 0円" in letter.body
    assert "御確認は不要です。" in letter.body
    with pytest.raises(Refusal, match="当事者ではありません"):
        confirm_by(case, "yomogita")


def test_saving_the_same_again_voids_nothing():
    case = make_sent()
    confirm_by(case, "hiranai")
    with pytest.raises(Refusal, match="前と同じ内容です"):
        actions.save_formula(case, make_proposal(), again=LATER, by=somebody("office"), at=cast.NOW)
    db.session.rollback()
    assert case.revision == 1
    assert len(queries.find(case.no).answers) == 1


def test_an_agreed_case_never_changes():
    case = make_agreed()
    office = somebody("office")
    for attempt in (
        lambda: actions.save_formula(
            case, make_proposal(total_yen=9_000_000), again=LATER, by=office, at=cast.NOW
        ),
        lambda: actions.add_consultation(
            case, cast.TODAY, "電話", "平内町", "…", by=office, at=cast.NOW
        ),
        lambda: actions.withdraw(case, by=office, at=cast.NOW),
        lambda: actions.send(case, DUE, by=office, at=cast.NOW),
        lambda: confirm_by(case, "hiranai"),
    ):
        with pytest.raises(Refusal, match="「合意済み」"):
            attempt()
    assert shares_of(case) == SHARES


def test_a_replacement_takes_the_place_of_an_agreed_case_once_it_is_agreed():
    old = make_agreed()
    office = somebody("office")
    new = actions.replace(old, by=office, at=cast.NOW)
    assert (new.no.label, new.state, shares_of(new)) == ("第8-02号", CaseState.DRAFT, SHARES)
    with pytest.raises(Refusal, match="第8-02号）が、すでにあります"):
        actions.replace(old, by=office, at=cast.NOW)
    actions.save_formula(new, make_proposal(total_yen=3_720_000), by=office, at=cast.NOW)
    actions.add_consultation(new, cast.TODAY, "電話", "全市町村", "増額。", by=office, at=cast.NOW)
    actions.send(new, DUE, by=office, at=cast.NOW)
    assert old.state is CaseState.AGREED
    confirm_by(new, "aomori", *PARTNERS)
    assert (old.state, new.state) == (CaseState.REPLACED, CaseState.AGREED)
    assert queries.find(old.no).replaced_by == new.no
    assert queries.find(new.no).replaces == old.no


def test_a_withdrawn_replacement_makes_room_for_another():
    old = make_agreed()
    office = somebody("office")
    actions.withdraw(actions.replace(old, by=office, at=cast.NOW), by=office, at=cast.NOW)
    assert actions.replace(old, by=office, at=cast.NOW).no.label == "第8-03号"


def test_work_is_shared_by_the_same_confirmations_without_yen():
    case = make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    office = somebody("office")
    work = make_proposal(
        kind=CaseKind.WORK, parts=(), total_yen=0, subsidy_yen=0, work="各町村　窓口　週1人・日"
    )
    actions.save_formula(case, work, by=office, at=cast.NOW)
    actions.add_consultation(case, cast.TODAY, "電話", "全市町村", "…", by=office, at=cast.NOW)
    actions.send(case, DUE, by=office, at=cast.NOW)
    assert "各町村　窓口　週1人・日" in letters_of("cost_request")[0].body
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED


def test_a_decision_of_zero_yen_is_a_decision():
    case = make_agreed(make_proposal(total_yen=0, subsidy_yen=0))
    assert set(shares_of(case).values()) == {0}
    assert queries.find(case.no).table.total.percent == "—"


# --- what others read


def test_the_duties_hear_of_every_side_and_of_no_draft():
    make_ready()
    assert facts.confirmations(cast.TODAY) == ()
    case = make_sent()
    confirm_by(case, "hiranai")
    confirming.give_back(case, "意見。", by=somebody("confirmer", "yomogita"), at=cast.NOW)
    told = {(fact.agreement, fact.municipality): fact for fact in facts.confirmations(cast.TODAY)}
    assert len(told) == 7
    assert ("青森市・蓬田村", "yomogita") not in told
    assert [side for side, fact in told.items() if fact.confirmed] == [
        ("青森市・平内町", "hiranai")
    ]
    imabetsu = told["青森市・今別町", "imabetsu"]
    assert (imabetsu.share_yen, imabetsu.amount_yen, imabetsu.due_on) == (115_000, 2_500_000, DUE)
    assert imabetsu.case_path == "/costs/2026-02"
    assert told["青森市・今別町", "aomori"].share_yen == 1_964_000


def test_agreed_cases_are_told_as_confirmed_within_their_year():
    make_agreed()
    assert {fact.confirmed for fact in facts.confirmations(cast.TODAY)} == {True}
    assert facts.confirmations(date(2027, 4, 1)) == ()


def test_states_are_counted_and_drafts_only_for_those_who_may_read_them():
    make_ready()
    make_sent()
    year = FiscalYear(2026)
    assert queries.state_counts(year, drafts=False) == {CaseState.AWAITING: 1}
    assert queries.state_counts(year, drafts=True) == {
        CaseState.AWAITING: 1,
        CaseState.CONSULTING: 1,
    }


def test_every_step_stands_in_an_unbroken_history():
    case = make_agreed()
    verbs = db.session.scalars(
        select(history.HistoryEntry.verb)
        .where(history.HistoryEntry.subject_id == str(case.no))
        .order_by(history.HistoryEntry.id)
    ).all()
    assert verbs == [
        "cost.started",
        "cost.drafted",
        "cost.consulted",
        "cost.sent",
        *["cost.confirmed"] * 5,
        "cost.agreed",
    ]
    assert history.verify() is None
