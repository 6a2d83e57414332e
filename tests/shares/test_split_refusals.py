"""A formula that is not complete is refused in plain words."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from tests.shares.test_split import AREA, CENSUS_2020, TO_1000, equal, population, usage
from tracker.kernel.refusal import Refusal
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import (
    LARGEST_REMAINDER,
    FormulaPart,
    Limits,
    Rounding,
    gaps,
    split,
)


def refusal_of(
    amount: int = 1_000_000,
    names: tuple[str, ...] = AREA,
    parts: Sequence[FormulaPart] | None = None,
    rounding: Rounding = TO_1000,
    remainder: str = "青森市",
) -> Refusal:
    parts = [equal(20), population(80)] if parts is None else parts
    with pytest.raises(Refusal) as caught:
        split(amount, names, parts, rounding, remainder)
    return caught.value


@pytest.mark.parametrize(
    ("percents", "sentence"),
    [
        ((20, 75), "割り方の合計が95％です。あと5％をどこかに足してください。"),
        ((20, 85), "割り方の合計が105％です。5％をどこかから引いてください。"),
        ((Fraction("66.6"), Fraction("33.3")), "割り方の合計が99.9％です。あと0.1％を"),
        ((Fraction(100, 3), Fraction(100, 3)), "割り方の合計が200/3％です。あと100/3％を"),
        ((0, 0), "割り方の合計が0％です。あと100％を"),
    ],
)
def test_percents_must_add_up_to_a_hundred(
    percents: tuple[int | Fraction, int | Fraction], sentence: str
) -> None:
    refused = refusal_of(parts=[equal(percents[0]), population(percents[1])])
    assert refused.message.startswith(sentence)
    assert refused.field == "parts"


FIXED = FormulaPart(PartKind.FIXED, amounts={"今別町": 300_000})
WITHOUT_IMABETSU = {name: n for name, n in CENSUS_2020.items() if name != "今別町"}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], "割り方を1つ以上"),
        ([equal(-20), population(120)], "均等割の％がマイナス"),
        ([equal(None)], "均等割の％を入れてください"),
        ([FormulaPart(PartKind.POPULATION, 100)], "人口割の基礎数値を入れてください"),
        ([population(100, {})], "人口割の基礎数値を入れてください"),
        ([population(100, WITHOUT_IMABETSU)], "人口割に「今別町」の値がありません"),
        ([population(100, CENSUS_2020 | {"今別町": -1})], "「今別町」の値がマイナス"),
        ([population(100, dict.fromkeys(AREA, 0))], "人口割の値がすべて0です"),
        ([usage(100, dict.fromkeys(AREA, 0) | {"青森市": 5}, only=AREA[1:])], "値がすべて0です"),
        ([population(100, CENSUS_2020 | {"弘前市": 1})], "「弘前市」は市町村の一覧にありません"),
        ([equal(100, only=("弘前市",))], "「弘前市」は市町村の一覧にありません"),
        ([equal(100, only=("今別町", "今別町"))], "「今別町」が2回あります"),
        ([equal(100, only=())], "均等割の対象の市町村を入れてください"),
        ([equal(100, basis=CENSUS_2020)], "均等割では基礎数値を使いません"),
        ([equal(100, weights=dict.fromkeys(AREA, 0))], "均等割の値がすべて0です"),
        (
            [FormulaPart(PartKind.RATIO, 100, weights={"青森市": 8})],
            "比率割に「平内町」「今別町」「蓬田村」「外ヶ浜町」の値がありません",
        ),
        ([FormulaPart(PartKind.HOST, 100)], "開催地等の負担の対象の市町村を入れてください"),
        ([FormulaPart(PartKind.HOST, 100, only=AREA[:2])], "対象は1市町村だけ"),
        ([FormulaPart(PartKind.FIXED)], "定額の金額を入れてください"),
        ([FormulaPart(PartKind.FIXED, 10, amounts={"今別町": 1})], "定額では％を使いません"),
        (
            [FormulaPart(PartKind.FIXED, amounts={"今別町": -2_000_000}), equal(100)],
            "「今別町」の負担額がマイナス",
        ),
        (
            [FormulaPart(PartKind.FIXED, amounts={"弘前市": 1})],
            "「弘前市」は市町村の一覧にありません",
        ),
        (
            [FormulaPart(PartKind.FIXED, amounts={"今別町": 1}, only=AREA[:2])],
            "対象の市町村ではありません",
        ),
        ([FormulaPart(PartKind.RATE, basis=CENSUS_2020)], "定率の率を入れてください"),
        (
            [FormulaPart(PartKind.RATE, basis=CENSUS_2020, rate=-1), equal(100)],
            "定率の率がマイナスです",
        ),
        ([FormulaPart(PartKind.RATE, rate=1), equal(100)], "定率の基礎数値を入れてください"),
        ([equal(100, rate=1)], "均等割では率を使いません"),
        ([equal(100, rounding=Rounding(0, RoundingMode.DOWN))], "均等割の端数の単位は1円以上"),
        ([equal(50), population(30), equal(None)], "均等割（2つ目）の％を入れてください"),
        (
            [FormulaPart(PartKind.RATE, basis=CENSUS_2020, rate=10), equal(100)],
            "定率の合計（2,955,930円）が対象額を1,955,930円超えています",
        ),
        ([FIXED], "定額の合計（300,000円）が対象額より700,000円少なくなっています"),
    ],
)
def test_an_incomplete_formula_is_refused_in_plain_words(
    parts: list[FormulaPart], sentence: str
) -> None:
    assert sentence in refusal_of(parts=parts).message


def test_fixed_amounts_above_the_whole_are_refused() -> None:
    refused = refusal_of(200_000, parts=[FIXED, equal(100)])
    assert refused.message.startswith("定額の合計（300,000円）が対象額を100,000円超えています。")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"amount": -1}, "amount_yen", "0円以上"),
        ({"names": ()}, "municipalities", "市町村を1つ以上"),
        ({"names": (*AREA, "今別町")}, "municipalities", "「今別町」が2回あります"),
        ({"rounding": Rounding(0, RoundingMode.DOWN)}, "rounding", "端数の単位は1円以上"),
        (
            {"remainder": "弘前市"},
            "remainder",
            "端数の負担者の「弘前市」は市町村の一覧にありません",
        ),
    ],
)
def test_the_frame_is_checked_and_the_field_is_named(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    refused = refusal_of(**changes)
    assert (refused.field, sentence in refused.message) == (field, True)


@pytest.mark.parametrize(
    ("limits", "remainder", "field", "sentence"),
    [
        (Limits(caps={"今別町": -1}), "青森市", "caps-今別町", "「今別町」の上限は0円以上"),
        (Limits(caps={"弘前市": 1}), "青森市", "caps-弘前市", "上限の「弘前市」は市町村の一覧に"),
        (Limits(floors={"青森市": 1}), "青森市", "floors-青森市", "下限を付けられません"),
        (Limits(caps={"青森市": 1}), "青森市", "caps-青森市", "上限を付けられません"),
        (Limits({"今別町": 1}, {"今別町": 2}), "青森市", "caps-今別町", "上限が下限より小さく"),
        (Limits(floors={"今別町": 1}), LARGEST_REMAINDER, "remainder", "1つの市町村に"),
        (
            Limits(floors={"今別町": 900_000}),
            "青森市",
            "remainder",
            "「青森市」の負担額がマイナス（−230,000円）になります。",
        ),
    ],
)
def test_limits_need_somebody_who_takes_what_they_move(
    limits: Limits, remainder: str, field: str, sentence: str
) -> None:
    with pytest.raises(Refusal) as caught:
        split(1_000_000, AREA, [equal(50), population(50)], TO_1000, remainder, limits)
    assert (caught.value.field, sentence in caught.value.message) == (field, True)


def test_all_gaps_are_named_at_once_each_with_its_field() -> None:
    parts = [
        equal(20),
        FormulaPart(PartKind.RATIO, 30, weights={"青森市": 8, "平内町": 1, "今別町": 1}),
        FormulaPart(PartKind.USAGE, 40),
        equal(-5, only=()),
    ]
    found = list(gaps(1_000_000, AREA, parts, TO_1000, "弘前市"))
    assert [one.field for one in found] == [
        "remainder",
        "parts-1-weights-蓬田村",
        "parts-2-basis",
        "parts-3-only",
        "parts-3-percent",
    ]
    assert found[-1].message.startswith("均等割（2つ目）の％がマイナスです。")


def test_a_share_below_zero_is_refused() -> None:
    up = Rounding(1000, RoundingMode.UP)
    refused = refusal_of(2_500, parts=[equal(100)], rounding=up, remainder="今別町")
    assert refused.message.startswith("「今別町」の負担額がマイナス（−1,500円）になります。")
    assert refused.field == "remainder"
