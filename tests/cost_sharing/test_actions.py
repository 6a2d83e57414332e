"""A case from its first figures to the letters that ask both sides, on both databases."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unicodedata import east_asian_width

import pytest
from sqlalchemy import select, update

from tests import cast
from tests.cost_sharing.makers import (
    DUE,
    PARTNERS,
    SHARES,
    act_of,
    letters_of,
    make_draft,
    make_project,
    make_proposal,
    make_ready,
    make_sent,
    read,
    shares_of,
)
from tracker.accounts.models import Person
from tracker.agreements.models import Agreement
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import ProposedPart
from tracker.cost_sharing.models import CostPart, Share
from tracker.cost_sharing.rules import CaseState
from tracker.figures import queries as bases
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import LARGEST_REMAINDER, Rounding

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]


def width(line: str) -> float:
    """How many full-width characters the line is long."""
    return sum(1 if east_asian_width(sign) in "WFA" else 0.5 for sign in line)


def test_the_worked_check_comes_out_to_the_yen_and_keeps_every_step():
    case = make_ready()
    assert shares_of(case) == SHARES
    imabetsu = db.session.get(Share, (case.id, areas.find_town("imabetsu").id))
    assert imabetsu.parts[0] == "100000/1"
    assert Fraction(imabetsu.exact) == 100_000 + Fraction(2_000_000 * 2_334, 295_593)
    assert sum(SHARES.values()) == read(case).amount_yen == 2_500_000


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
        ({"participants": ("青森市",)}, "分担する町村を1つ以上選んでください。"),
        ({"parts": (ProposedPart(PartKind.EQUAL, Decimal(95)),)}, "あと5％をどこかに足して"),
        (
            {"remainder": "今別町", "participants": ("青森市", "平内町")},
            "「今別町」は市町村の一覧に",
        ),
        ({"parts": (ProposedPart(PartKind.POPULATION, Decimal(100)),)}, "人口割の基礎数値を入れて"),
    ],
)
def test_an_incomplete_formula_is_refused_and_nothing_is_kept(changes, sentence):
    case = make_draft()
    with pytest.raises(Refusal, match=sentence):
        formula.save_formula(act_of("office"), case, make_proposal(**changes))
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
        formula.save_formula(act_of("office"), case, make_proposal())


def test_whoever_saves_second_is_told_that_somebody_was_first():
    case = make_draft()
    seen = case.seen
    office = act_of("office")
    formula.save_formula(office, case, make_proposal(), seen)
    with pytest.raises(Conflict, match="先に直しました"):
        formula.save_formula(office, case, make_proposal(), seen)


def test_every_kind_of_part_is_stored_and_read_again():
    census = bases.series()[0].id
    parts = (
        ProposedPart(
            PartKind.EQUAL, Decimal(10), values=dict.fromkeys(SHARES, 50) | {"青森市": 100}
        ),
        ProposedPart(PartKind.POPULATION, Decimal("33.5"), census),
        ProposedPart(
            PartKind.RATIO, Decimal("46.5"), values=dict(zip(SHARES, (8, 1, 1, 0, 0), strict=True))
        ),
        ProposedPart(PartKind.HOST, Decimal(10), only=("外ヶ浜町",)),
        ProposedPart(PartKind.FIXED, values={"青森市": 10_000}, reason="会場費のため"),
    )
    proposal = make_proposal(
        parts=parts, rounding=Rounding(100, RoundingMode.UP), remainder=LARGEST_REMAINDER
    )
    case = make_ready(proposal)
    found = read(case)
    assert sum(shares_of(case).values()) == 2_500_000
    assert [(source.label, source.extent) for source in found.parts] == [
        ("均等割", "10％"),
        ("人口割", "33.5％"),
        ("比率割", "46.5％"),
        ("開催地等の負担（外ヶ浜町）", "10％"),
        ("定額", "計 10,000円"),
    ]
    assert found.rounding_words == "百円単位、端数は最大剰余の順（同じときは団体コードの順）"
    assert found.table.total.share == "2,500,000"
    assert found.table.rows[0].parts[-1] == "10,000"


def test_a_consultation_makes_a_draft_one_under_consultation():
    case = make_draft()
    assert case.state is CaseState.DRAFT
    case = make_ready()
    assert case.state is CaseState.CONSULTING


def test_nothing_is_sent_before_a_consultation():
    case = make_draft()
    formula.save_formula(act_of("office"), case, make_proposal())
    with pytest.raises(Refusal, match="協議の記録を1件以上入れてください（協約第4条第2項）。"):
        actions.send(act_of("office"), case, DUE)
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
        actions.send(act_of("office"), case, due_on)


def test_sending_asks_the_confirmers_of_all_five_and_only_once():
    case = make_sent()
    assert case.state is CaseState.AWAITING
    assert [letter.to_email for letter in letters_of("cost_request")] == [
        cast.email("confirmer", slug) for slug in ("aomori", *PARTNERS)
    ]
    with pytest.raises(Refusal, match="すでに送られています"):
        actions.send(act_of("office"), case, DUE)


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
        actions.send(act_of("office"), case, DUE)


def test_an_agreement_that_ends_before_the_sending_stops_it():
    case = make_ready()
    yomogita = areas.find_town("yomogita").id
    db.session.execute(
        update(Agreement)
        .where(Agreement.party_b_id == yomogita)
        .values(ended_on=cast.TODAY - timedelta(days=1))
    )
    with pytest.raises(Refusal, match="蓬田村との間に、今、効力のある連携協約がありません"):
        actions.send(act_of("office"), case, DUE)
