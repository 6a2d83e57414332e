"""Shares add up to the yen: the worked checks and the real formulas of the field."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from tests.cost_sharing.cases import AOMORI, IMABETSU, YOMOGITA
from tracker.cost_sharing.rules import Stage
from tracker.cost_sharing.stages.rules import stage_table
from tracker.kernel.refusal import Refusal
from tracker.municipalities.rules import Town
from tracker.shares.rules import KINDS, PartKind, RoundingMode
from tracker.shares.split import (
    LARGEST_REMAINDER,
    FormulaPart,
    Limits,
    Rounding,
    amount_to_share,
    at_places,
    split,
)

AREA = ("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町")
CENSUS_2020 = dict(zip(AREA, (275_192, 10_126, 2_334, 2_540, 5_401), strict=True))
TO_THE_YEN = Rounding(1, RoundingMode.DOWN)
TO_100 = Rounding(100, RoundingMode.DOWN)
TO_1000 = Rounding(1000, RoundingMode.DOWN)


def equal(percent: int | Fraction | None, **changes: Any) -> FormulaPart:
    return FormulaPart(PartKind.EQUAL, percent, **changes)


def population(
    percent: int | Fraction, basis: Mapping[str, int] = CENSUS_2020, **changes: Any
) -> FormulaPart:
    return FormulaPart(PartKind.POPULATION, percent, basis=basis, **changes)


def usage(percent: int | Fraction, basis: Mapping[str, int], **changes: Any) -> FormulaPart:
    return FormulaPart(PartKind.USAGE, percent, basis=basis, **changes)


# --- worked checks


def test_the_worked_check_of_the_area_comes_out_to_the_yen() -> None:
    result = split(2_500_000, AREA, [equal(20), population(80)], TO_1000, "青森市")
    assert result.shares == {
        "青森市": 1_964_000,
        "平内町": 168_000,
        "今別町": 115_000,
        "蓬田村": 117_000,
        "外ヶ浜町": 136_000,
    }


def test_the_table_shows_every_yen_moved() -> None:
    result = split(2_500_000, AREA, [equal(20), population(80)], TO_1000, "青森市")
    assert [at_places(line.parts[0], 1) for line in result.lines] == [Decimal("100000.0")] * 5
    assert [str(at_places(line.adjustment, 1)) for line in result.lines] == [
        "2034.4",
        "-513.1",
        "-792.0",
        "-185.8",
        "-543.5",
    ]
    assert sum(line.adjustment for line in result.lines) == 0
    assert sum(line.exact for line in result.lines) == 2_500_000


@pytest.mark.parametrize(
    ("percents", "rounding", "rounded"),
    [
        ((50, 50), TO_THE_YEN, [565_491, 117_128, 103_947, 104_296, 109_135]),
        ((50, 50), TO_1000, [565_000, 117_000, 103_000, 104_000, 109_000]),
        ((20, 80), TO_THE_YEN, [784_786, 67_405, 46_316, 46_874, 54_617]),
    ],
)
def test_a_million_yen_before_the_remainder(
    percents: tuple[int, int], rounding: Rounding, rounded: list[int]
) -> None:
    parts = [equal(percents[0]), population(percents[1])]
    result = split(1_000_000, AREA, parts, rounding, "青森市")
    assert [line.rounded for line in result.lines] == rounded
    left = 1_000_000 - sum(rounded)
    assert result.shares["青森市"] == rounded[0] + left
    assert list(result.shares.values())[1:] == rounded[1:]


def test_nothing_is_rounded_before_the_end() -> None:
    imabetsu = split(1_000_000, AREA, [equal(50), population(50)], TO_THE_YEN, "青森市").lines[2]
    assert imabetsu.exact == 100_000 + Fraction(500_000 * 2_334, 295_593)
    assert (at_places(imabetsu.exact, 2), imabetsu.rounded) == (Decimal("103948.00"), 103_947)


@pytest.mark.parametrize("mode", RoundingMode)
@pytest.mark.parametrize(
    ("codes", "first"),
    [
        (dict(zip(AREA, ("02201", "02301", "02303", "02304", "02307"), strict=True)), "青森市"),
        # The sixth digit only checks the five before it.
        ({"青森市": "022012", "平内町": "02301", "今別町": "023035"}, "青森市"),
        ({"平内町": "02301", "今別町": "02303"}, "平内町"),
        ({"今別町": "99999"}, "今別町"),
        ({}, "今別町"),
    ],
)
def test_ties_go_by_code_then_by_code_point_whatever_the_mode_and_the_list(
    mode: RoundingMode, codes: Mapping[str, str], first: str
) -> None:
    for names in permutations(AREA[:3]):
        how = Rounding(1, mode), LARGEST_REMAINDER
        shares = split(100, names, [equal(100)], *how, codes=codes).shares
        assert shares == {name: 34 if name == first else 33 for name in AREA[:3]}
    two_over = split(101, ("b", "c", "a"), [equal(100)], TO_THE_YEN, LARGEST_REMAINDER).shares
    assert two_over == {"b": 34, "a": 34, "c": 33}


def test_what_is_left_below_a_unit_goes_to_the_first_by_remainder() -> None:
    ratio = FormulaPart(PartKind.RATIO, 100, weights={"a": 10, "b": 37, "c": 53})
    result = split(10_050, ("a", "b", "c"), [ratio], TO_1000, LARGEST_REMAINDER)
    assert [line.rounded for line in result.lines] == [1_000, 3_000, 5_000]
    assert result.shares == {"a": 1_000, "b": 4_050, "c": 5_000}


def test_a_decision_of_zero_yen_is_a_decision() -> None:
    for remainder in ("今別町", LARGEST_REMAINDER):
        nothing = split(0, AREA, [equal(20), population(80)], TO_1000, remainder)
        assert set(nothing.shares.values()) == {0}
    nobody_else = [FormulaPart(PartKind.HOST, 100, only=("青森市",))]
    shares = split(900_000, AREA, nobody_else, TO_1000, "青森市").shares
    assert shares == {name: 900_000 if name == "青森市" else 0 for name in AREA}


def test_amounts_beyond_what_a_float_can_hold_stay_exact() -> None:
    amount = 2**53 + 1
    shares = split(amount, AREA[:1], [equal(100)], TO_THE_YEN, "青森市").shares
    assert shares == {"青森市": amount}


# --- formulas seen in the field (field.md section d)


def test_morioka_and_its_partners_fixed_amounts_must_equal_the_whole() -> None:
    amounts = {
        "八幡平市": 297_100,
        "滝沢市": 729_800,
        "雫石町": 209_300,
        "葛巻町": 62_600,
        "岩手町": 226_000,
        "紫波町": 384_800,
        "矢巾町": 357_600,
    }
    fixed = [FormulaPart(PartKind.FIXED, amounts=amounts)]
    assert split(2_267_200, tuple(amounts), fixed, TO_100, "滝沢市").shares == amounts


def test_mito_pays_half_first_and_the_others_share_the_rest_by_patients() -> None:
    names = ("水戸市", "笠間市", "城里町")
    parts = [
        FormulaPart(PartKind.FIXED, amounts={"水戸市": 10_000_000}),
        usage(100, {"笠間市": 240, "城里町": 60}, only=("笠間市", "城里町")),
    ]
    shares = split(20_000_000, names, parts, TO_1000, "水戸市").shares
    assert shares == {"水戸市": 10_000_000, "笠間市": 8_000_000, "城里町": 2_000_000}


def test_mito_by_the_cap_of_the_special_grant_and_population() -> None:
    caps = {"水戸市": 85_000_000, "大洗町": 15_000_000}
    parts = [
        FormulaPart(PartKind.GRANT_CAP, 70, basis=caps),
        population(30, {"水戸市": 270_000, "大洗町": 30_000}),
    ]
    shares = split(1_000_000, tuple(caps), parts, TO_1000, "水戸市").shares
    assert shares == {"水戸市": 595_000 + 270_000, "大洗町": 105_000 + 30_000}


def test_eight_to_one_to_one_with_the_odd_yen_to_the_city() -> None:
    names = ("平塚市", "大磯町", "二宮町")
    ratio = [FormulaPart(PartKind.RATIO, 100, weights=dict(zip(names, (8, 1, 1), strict=True)))]
    shares = split(1_000_003, names, ratio, TO_THE_YEN, "平塚市").shares
    assert shares == {"平塚市": 800_003, "大磯町": 100_000, "二宮町": 100_000}


def test_awa_counts_a_city_as_a_hundred_and_a_town_as_fifty() -> None:
    names = ("館山市", "鴨川市", "南房総市", "鋸南町")
    parts = [
        equal(10, weights=dict(zip(names, (100, 100, 100, 50), strict=True))),
        population(65, dict(zip(names, (45_000, 31_000, 35_000, 6_900), strict=True))),
        usage(25, dict(zip(names, (90, 70, 80, 0), strict=True))),
    ]
    result = split(3_500_000, names, parts, TO_1000, "館山市")
    assert [line.parts[0] for line in result.lines] == [100_000, 100_000, 100_000, 50_000]
    assert result.lines[3].parts[2] == 0
    assert result.lines[3].exact == 50_000 + Fraction(2_275_000 * 6_900, 117_900)


def test_shibukawa_takes_each_towns_grant_off_first_and_adds_it_back() -> None:
    names = ("渋川市", "榛東村", "吉岡町")
    grants = dict(zip(names, (3_000_000, 1_000_000, 1_000_000), strict=True))
    needs = dict(zip(names, (600, 150, 250), strict=True))
    parts = [
        FormulaPart(PartKind.FIXED, amounts=grants),
        equal(4),
        FormulaPart(PartKind.FISCAL, 96, basis=needs),
    ]
    result = split(35_000_000, names, parts, TO_THE_YEN, "渋川市")
    assert result.shares == {
        "渋川市": 3_000_000 + 400_000 + 17_280_000,
        "榛東村": 1_000_000 + 400_000 + 4_320_000,
        "吉岡町": 1_000_000 + 400_000 + 7_200_000,
    }


def test_hata_lays_ninety_on_the_host_and_ten_on_the_others_by_population() -> None:
    names = ("四万十市", "宿毛市", "三原村")
    parts = [
        FormulaPart(PartKind.HOST, 90, only=("四万十市",)),
        population(10, {"宿毛市": 19_000, "三原村": 1_000}, only=("宿毛市", "三原村")),
    ]
    shares = split(2_000_000, names, parts, TO_1000, "四万十市").shares
    assert shares == {"四万十市": 1_800_000, "宿毛市": 190_000, "三原村": 10_000}


def test_soraku_has_a_table_of_percents_to_two_decimals() -> None:
    names = ("木津川市", "笠置町", "和束町", "精華町", "南山城村")
    table = [Fraction(text) for text in ("60.00", "11.18", "12.65", "6.76", "9.41")]
    ratio = [FormulaPart(PartKind.RATIO, 100, weights=dict(zip(names, table, strict=True)))]
    shares = split(10_000_000, names, ratio, TO_THE_YEN, "木津川市").shares
    assert list(shares.values()) == [6_000_000, 1_118_000, 1_265_000, 676_000, 941_000]


def test_kushimoto_has_half_percents() -> None:
    names = ("串本町", "古座川町")
    parts = [equal(Fraction("9.5")), usage(Fraction("90.5"), {"串本町": 9, "古座川町": 1})]
    shares = split(2_000_000, names, parts, TO_THE_YEN, "串本町").shares
    assert shares == {"串本町": 95_000 + 1_629_000, "古座川町": 95_000 + 181_000}


def test_instalments_rounded_up_leave_the_difference_to_the_last() -> None:
    quarters = ("4月", "7月", "10月", "1月")
    up = Rounding(1000, RoundingMode.UP)
    shares = split(1_234_567, quarters, [equal(100)], up, "1月").shares
    assert list(shares.values()) == [309_000, 309_000, 309_000, 307_567]


# --- what parts may say of themselves


def test_a_part_with_its_own_rounding_is_rounded_before_the_sum() -> None:
    by_itself = [equal(50, rounding=TO_1000), population(50, rounding=TO_1000)]
    result = split(1_001_234, AREA, by_itself, TO_THE_YEN, "青森市")
    assert [line.parts for line in result.lines][1:3] == [(100_000, 17_000), (100_000, 3_000)]
    assert sum(line.exact for line in result.lines) == 999_000
    assert list(result.shares.values()) == [568_234, 117_000, 103_000, 104_000, 109_000]
    once = split(1_001_234, AREA, [equal(50), population(50)], TO_1000, "青森市").shares
    assert once["今別町"] == 104_000


def test_a_rate_comes_off_first_in_whole_yen() -> None:
    need = dict(zip(AREA[:3], (61_234_567, 4_567_891, 1_234_567), strict=True))
    rate = FormulaPart(PartKind.RATE, basis=need, rate=Fraction("0.0123"))
    result = split(1_000_000, AREA[:3], [rate, equal(100)], TO_THE_YEN, "青森市")
    taken = [753_185, 56_185, 15_185]
    assert [line.parts[0] for line in result.lines] == taken
    rest = 1_000_000 - sum(taken)
    assert [line.parts[1] for line in result.lines] == [Fraction(rest, 3)] * 3
    up = FormulaPart(
        PartKind.RATE, basis=need, rate=Fraction("0.0123"), rounding=Rounding(100, RoundingMode.UP)
    )
    upper = split(1_000_000, AREA[:3], [up, equal(100)], TO_THE_YEN, "青森市")
    assert [line.parts[0] for line in upper.lines] == [753_200, 56_200, 15_200]


def test_a_rate_alone_may_miss_the_amount_by_what_rounding_moves() -> None:
    need = {"青森市": 1_000_001, "平内町": 500_001}
    rate = [FormulaPart(PartKind.RATE, basis=need, rate=Fraction("0.5"))]
    shares = split(750_001, tuple(need), rate, TO_THE_YEN, "青森市").shares
    assert shares == {"青森市": 500_001, "平内町": 250_000}
    with pytest.raises(Refusal, match="定率の合計（750,000円）が対象額より50,000円少なく"):
        split(800_000, tuple(need), rate, TO_THE_YEN, "青森市")


def test_what_a_cap_cuts_off_or_a_floor_adds_goes_to_the_one_named() -> None:
    parts = [equal(20), population(80)]
    limits = Limits(caps={"平内町": 150_000}, floors={"今別町": 120_000, "蓬田村": 100_000})
    result = split(2_500_000, AREA, parts, TO_1000, "青森市", limits)
    assert result.shares == {
        "青森市": 1_964_000 + 18_000 - 5_000,
        "平内町": 150_000,
        "今別町": 120_000,
        "蓬田村": 117_000,
        "外ヶ浜町": 136_000,
    }
    # What it would have been is still told.
    assert [line.rounded for line in result.lines][1:3] == [168_000, 115_000]


def test_several_parts_of_a_kind_each_have_their_own_participants() -> None:
    names = ("a", "b", "c", "d")
    parts = [
        equal(30, only=("a", "b")),
        equal(20, only=("b", "c", "d")),
        FormulaPart(PartKind.RATIO, 30, weights={"a": 8, "b": 1, "c": 1}, only=("a", "b", "c")),
        FormulaPart(PartKind.RATIO, 20, weights={"c": Fraction("0.5"), "d": 2}, only=("c", "d")),
    ]
    shares = split(3_000_000, names, parts, TO_THE_YEN, "a").shares
    assert shares == {
        "a": 450_000 + 720_000,
        "b": 450_000 + 200_000 + 90_000,
        "c": 200_000 + 90_000 + 120_000,
        "d": 200_000 + 480_000,
    }


def test_a_reconciliation_is_the_difference_of_two_splits_and_may_be_negative() -> None:
    towns = {town.name: town for town in (AOMORI, IMABETSU, YOMOGITA)}
    people = {name: CENSUS_2020[name] for name in towns}

    def shares(amount: int, *names: str) -> dict[Town, int]:
        parts = [equal(20), population(80, {name: people[name] for name in names})]
        found = split(amount, names, parts, TO_1000, "青森市").shares
        return {towns[name]: yen for name, yen in found.items()}

    estimate = shares(2_500_000, "青森市", "今別町", "蓬田村")
    settled = shares(2_380_000, "青森市", "今別町")
    rows = stage_table({Stage.ESTIMATE: estimate}, settled).rows
    assert [(row.name, row.difference) for row in rows] == [
        ("青森市", settled[AOMORI] - estimate[AOMORI]),
        ("今別町", 254_000 - 183_000),
        ("蓬田村", -184_000),
    ]
    assert sum(row.difference for row in rows) == 2_380_000 - 2_500_000


# --- around the split


def test_roundings_have_the_names_used_on_papers() -> None:
    down = [Rounding(unit, RoundingMode.DOWN).label for unit in (1, 100, 1000)]
    assert down == ["円未満切捨て", "百円未満切捨て", "千円未満切捨て"]
    assert Rounding(1000, RoundingMode.UP).label == "千円未満切上げ"
    assert Rounding(1, RoundingMode.HALF_UP).label == "円未満四捨五入"
    assert Rounding(500, RoundingMode.DOWN).label == "500円未満切捨て"


def test_half_a_unit_goes_up() -> None:
    half_up = Rounding(100, RoundingMode.HALF_UP)
    assert [half_up.apply(Fraction(n)) for n in (149, 150, 250)] == [100, 200, 300]


def test_the_amount_to_share_is_the_total_less_the_funds() -> None:
    assert amount_to_share(3_620_000, 1_120_000) == 2_500_000
    with pytest.raises(
        Refusal, match="補助の額が総事業費を超えています。どちらかを直してください。"
    ):
        amount_to_share(1_000, 1_001)


def test_shown_figures_are_rounded_half_up_and_never_as_minus_zero() -> None:
    shown = [str(at_places(Fraction(n), 1)) for n in ("0.05", "-0.05", "-0.04", "168513.14")]
    assert shown == ["0.1", "-0.1", "0.0", "168513.1"]
    assert f"{at_places(Fraction(1_964_000 * 100, 2_500_000), 2):,}" == "78.56"


def test_each_kind_says_which_fields_it_takes_and_has_a_name() -> None:
    assert set(KINDS) == set(PartKind)
    assert [kind.label for kind in PartKind] == [
        "均等割",
        "人口割",
        "利用実績割",
        "財政規模割",
        "特別交付税上限割",
        "比率割",
        "開催地等の負担",
        "定額",
        "定率",
    ]
