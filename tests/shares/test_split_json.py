"""The contract of `tracker costs split FILE.json --json` (contracts.md)."""

import json
from fractions import Fraction
from typing import Any

import pytest

from tracker.kernel.refusal import Refusal
from tracker.shares.json import loads_exact, read_split_request, split_json
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import LARGEST_REMAINDER, FormulaPart, Limits, Rounding

AREA = ["青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町"]
CENSUS_2020 = dict(zip(AREA, (275_192, 10_126, 2_334, 2_540, 5_401), strict=True))


def request(**changes: Any) -> dict[str, Any]:
    return {
        "amount_yen": 2_500_000,
        "municipalities": AREA,
        "parts": [
            {"kind": "equal", "percent": "20"},
            {"kind": "population", "percent": 80, "basis": CENSUS_2020},
        ],
        "rounding": {"unit": 1000, "mode": "down"},
        "remainder": "青森市",
    } | changes


def rounding(unit: int, mode: str) -> dict[str, Any]:
    return {"unit": unit, "mode": mode}


def one_part(**part: Any) -> dict[str, Any]:
    return request(parts=[{"kind": "equal", "percent": 100} | part])


def test_the_answer_has_the_shape_of_the_contract() -> None:
    answer = split_json(read_split_request(loads_exact(json.dumps(request()))))
    assert answer["shares"] == {
        "青森市": 1_964_000,
        "平内町": 168_000,
        "今別町": 115_000,
        "蓬田村": 117_000,
        "外ヶ浜町": 136_000,
    }
    assert answer["total_yen"] == 2_500_000
    lines = answer["lines"]
    assert isinstance(lines, list)
    imabetsu = 100_000 + Fraction(2_000_000 * 2_334, 295_593)
    assert lines[2] == {
        "municipality": "今別町",
        "parts": ["100000/1", str(imabetsu - 100_000)],
        "exact": str(imabetsu),
        "rounded": 115_000,
        "share": 115_000,
    }
    assert json.loads(json.dumps(answer)) == answer


def test_decimals_of_the_file_never_become_floats() -> None:
    assert loads_exact("[33.3, 1e2, 0.1]") == [Fraction("33.3"), 100, Fraction(1, 10)]
    thirds = [{"kind": "equal", "percent": number} for number in (33.3, 33.3, 33.4)]
    parts = read_split_request(loads_exact(json.dumps(request(parts=thirds)))).parts
    assert [part.percent for part in parts] == [
        Fraction("33.3"),
        Fraction("33.3"),
        Fraction("33.4"),
    ]


@pytest.mark.parametrize(
    ("percent", "read"),
    [
        (100, Fraction(100)),
        ("100", Fraction(100)),
        ("９９．５％", Fraction("99.5")),
        (" 12.50 % ", Fraction("12.5")),
        ("100/3", Fraction(100, 3)),
        (33.3, Fraction("33.3")),
    ],
)
def test_a_percent_is_text_or_number_and_exact(percent: object, read: Fraction) -> None:
    assert read_split_request(one_part(percent=percent)).parts[0].percent == read


def test_every_field_of_a_part_is_read() -> None:
    parts = [
        {"kind": "fixed", "amounts": {"今別町": 5_000}},
        {"kind": "host", "percent": 10, "only": "青森市"},
        {
            "kind": "ratio",
            "percent": 20,
            "weights": {"青森市": 8, "今別町": 1.5},
            "only": AREA[:3:2],
        },
        {"kind": "usage", "percent": 70, "basis": CENSUS_2020, "weights": None},
        {"kind": "equal", "percent": 0, "weights": {"青森市": "21.18", "平内町": "1/3"}},
        {"kind": "rate", "basis": CENSUS_2020, "rate": "0.0123"},
        {"kind": "rate", "basis": CENSUS_2020, "rate": 0.5, "rounding": rounding(100, "up")},
    ]
    more = {
        "codes": {"青森市": "０２２０１", "今別町": "023035"},
        "caps": {"今別町": 5},
        "floors": None,
    }
    read = read_split_request(
        loads_exact(json.dumps(request(parts=parts, remainder="largest_remainder", **more)))
    )
    assert read.parts == (
        FormulaPart(PartKind.FIXED, amounts={"今別町": 5_000}),
        FormulaPart(PartKind.HOST, Fraction(10), only=("青森市",)),
        FormulaPart(
            PartKind.RATIO,
            Fraction(20),
            weights={"青森市": 8, "今別町": Fraction(3, 2)},
            only=("青森市", "今別町"),
        ),
        FormulaPart(PartKind.USAGE, Fraction(70), basis=CENSUS_2020),
        FormulaPart(
            PartKind.EQUAL,
            Fraction(0),
            weights={"青森市": Fraction("21.18"), "平内町": Fraction(1, 3)},
        ),
        FormulaPart(PartKind.RATE, basis=CENSUS_2020, rate=Fraction("0.0123")),
        FormulaPart(
            PartKind.RATE,
            basis=CENSUS_2020,
            rate=Fraction(1, 2),
            rounding=Rounding(100, RoundingMode.UP),
        ),
    )
    assert read.limits == Limits({"今別町": 5}, {})
    assert read.codes == {"青森市": "02201", "今別町": "023035"}
    assert read.rounding == Rounding(1000, RoundingMode.DOWN)
    assert read.remainder == LARGEST_REMAINDER


def test_a_file_saved_by_notepad_is_read() -> None:
    assert loads_exact("\ufeff[1]") == [1]
    assert loads_exact('\ufeff["今別町"]'.encode()) == ["今別町"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "JSONとして読めません"),
        ("{", "JSONとして読めません"),
        ("今別町 115,000円", "JSONとして読めません"),
        (b"\xff\xfe\x00", "JSONとして読めません"),
        ("[" * 100_000, "JSONとして読めません"),
        ("9" * 10_000, "JSONとして読めません"),
        ('{"amount_yen": NaN}', "「NaN」は数ではありません"),
        ('{"amount_yen": -Infinity}', "「-Infinity」は数ではありません"),
        ('{"percent": 1e999999999}', "数として読めません"),
        ('{"今別町": 1, "今別町": 2}', "「今別町」が2回書かれています"),
    ],
)
def test_what_is_no_exact_json_is_refused(text: str | bytes, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        loads_exact(text)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "ファイルの中身は { } で囲んだ項目の組"),
        ({}, "ファイルに「amount_yen」がありません"),
        (request(note="x"), "ファイルの「note」は使えない項目です"),
        (request(amount_yen="2500000"), "対象額（amount_yen）は整数で入れてください"),
        (request(amount_yen=float("nan")), "対象額（amount_yen）は整数で入れてください"),
        (request(amount_yen=2_500_000.5), "対象額（amount_yen）は整数で入れてください"),
        (request(amount_yen=True), "対象額（amount_yen）は整数で入れてください"),
        (request(amount_yen=None), "対象額（amount_yen）は整数で入れてください"),
        (request(amount_yen=-1), "0円以上"),
        (request(municipalities="青森市"), "municipalitiesは [ ] で囲んだ並び"),
        (request(municipalities=[]), "市町村を1つ以上"),
        (request(municipalities=["青森市", 1]), "municipalitiesの名前が読めません"),
        (request(municipalities=["青森市", " "]), "municipalitiesの名前が読めません"),
        (request(municipalities=["青森市", "\ud800"]), "municipalitiesの名前が読めません"),
        (request(municipalities=[*AREA, "今別町"]), "「今別町」が2回あります"),
        (request(parts={}), "partsは [ ] で囲んだ並び"),
        (request(parts=[]), "割り方を1つ以上"),
        (request(parts=["equal"]), "partsの中身は { } で囲んだ項目の組"),
        (request(parts=[{}]), "partsに「kind」がありません"),
        (one_part(kind="area"), "kindは次のどれかにしてください: equal、population"),
        (one_part(kind=["equal"]), "kindは次のどれかにしてください"),
        (one_part(onyl=AREA), "partsの「onyl」は使えない項目です"),
        (one_part(percent="二割"), "均等割のpercentの「二割」は数として読めません"),
        (one_part(percent="1/0"), "数として読めません"),
        (one_part(percent=float("nan")), "数として読めません"),
        (one_part(percent=True), "均等割のpercentの値は数で入れてください"),
        (one_part(percent=[100]), "均等割のpercentの値は数で入れてください"),
        (one_part(percent=95), "割り方の合計が95％です。あと5％をどこかに足してください。"),
        (one_part(percent=-100), "％がマイナス"),
        (one_part(kind="usage"), "利用実績割の基礎数値を入れてください"),
        (one_part(kind="usage", basis=[1]), "「市町村の名前: 数」の組"),
        (one_part(kind="usage", basis={"青森市": "1"}), "利用実績割のbasisの値は数で"),
        (one_part(kind="usage", basis={"青森市": float("inf")}), "数として読めません"),
        (one_part(kind="fixed", percent=None, amounts={"青森市": 0.5}), "amountsは整数で"),
        (one_part(kind="fixed", percent=None, amounts={"青森市": "5"}), "amountsは整数で"),
        (one_part(kind="ratio", weights={"青森市": "八"}), "「八」は数として読めません"),
        (one_part(kind="rate", percent=None, basis=CENSUS_2020), "定率の率を入れてください"),
        (one_part(kind="rate", basis=CENSUS_2020, rate="0.1"), "定率では％を使いません"),
        (one_part(rounding={"unit": 0, "mode": "down"}), "均等割の端数の単位は1円以上"),
        (one_part(rounding={"unit": 1}), "roundingに「mode」がありません"),
        (one_part(rounding="down"), "roundingの中身は { }"),
        (request(codes={"青森市": 2201}), "団体コードは、5けたか6けたの数字の文字"),
        (request(codes={"青森市": "2201"}), "団体コードは、5けたか6けたの数字の文字"),
        (request(codes={"弘前市": "02202"}), "codesの「弘前市」は市町村の一覧にありません"),
        (request(codes=["02201"]), "codesは「市町村の名前: 数」の組"),
        (request(caps={"今別町": "1"}), "capsは整数で入れてください"),
        (request(caps={"弘前市": 1}), "上限の「弘前市」は市町村の一覧にありません"),
        (request(floors={"青森市": 1}), "下限を付けられません"),
        (request(floors={"今別町": 3_000_000}), "「青森市」の負担額がマイナス"),
        (
            request(caps={"今別町": 1}, remainder="largest_remainder"),
            "端数の負担者を1つの市町村に",
        ),
        (request(rounding=1000), "roundingの中身は { }"),
        (request(rounding={"unit": 1000}), "roundingに「mode」がありません"),
        (request(rounding={"unit": 0, "mode": "down"}), "端数の単位は1円以上"),
        (request(rounding={"unit": 1.5, "mode": "down"}), "端数の単位（unit）は整数で"),
        (request(rounding={"unit": 1, "mode": "nearest"}), "modeは次のどれか"),
        (request(remainder=None), "remainderの名前が読めません"),
        (request(remainder="弘前市"), "「弘前市」は市町村の一覧にありません"),
    ],
)
def test_a_wrong_request_is_refused_by_name(data: object, sentence: str) -> None:
    with pytest.raises(Refusal) as caught:
        split_json(read_split_request(data))
    assert sentence in caught.value.message
    assert "\n" not in caught.value.message


TOWNS = ("A市", "B町", "C町", "D村")
PEOPLE = dict(zip(TOWNS, (8000, 1200, 500, 300), strict=True))
EQUAL = {"kind": "equal", "percent": 100}


def fixed(**amounts: int) -> dict[str, object]:
    return {"kind": "fixed", "amounts": amounts}


# By what an area would write; None: refused.
@pytest.mark.parametrize(
    ("parts", "more", "wanted"),
    [
        (
            [
                {"kind": "equal", "percent": "100/3"},
                {"kind": "population", "percent": "200/3", "basis": PEOPLE},
            ],
            {},
            (616_668, 163_333, 116_666, 103_333),
        ),
        (
            [
                fixed(A市=10_000_000),
                {"kind": "usage", "percent": "100%", "basis": PEOPLE, "only": ["B町", "C町"]},
            ],
            {"amount_yen": 20_000_000},
            (10_000_001, 7_058_823, 2_941_176, 0),
        ),
        (
            [{"kind": "rate", "basis": PEOPLE, "rate": "0.123"}, EQUAL],
            {},
            (250_677, 249_840, 249_754, 249_729),
        ),
        ([EQUAL], {"amount_yen": 0}, (0, 0, 0, 0)),
        ([fixed(B町=-12_345), EQUAL], {}, (253_087, 240_741, 253_086, 253_086)),
        ([fixed(B町=-10_000), fixed(B町=10_000), EQUAL], {}, (250_000,) * 4),
        ([fixed(A市=900_000, B町=110_000), fixed(A市=-10_000)], {}, (890_000, 110_000, 0, 0)),
        ([fixed(A市=900_000, B町=110_000, C町=-10_000)], {}, None),
        ([fixed(C町=-400_000), EQUAL], {}, None),
        # A floor of 0 is somebody's decision: the named one bears what is not given back.
        ([fixed(C町=-400_000), EQUAL], {"floors": {"C町": 0}}, (300_000, 350_000, 0, 350_000)),
        (
            [fixed(D村=-1), EQUAL],
            {
                "remainder": "largest_remainder",
                "codes": dict(zip(TOWNS, ("02307", "02304", "02303", "02301"), strict=True)),
            },
            (250_000, 250_000, 250_000, 250_000),
        ),
        (
            [{**fixed(B町=-12_345), "rounding": {"unit": 1000, "mode": "down"}}, EQUAL],
            {},
            (253_000, 241_000, 253_000, 253_000),
        ),
        ([{"kind": "rate", "basis": PEOPLE, "rate": "-0.1"}, EQUAL], {}, None),
        ([EQUAL], {"caps": {"B町": -1}}, None),
        ([fixed(), EQUAL], {}, None),
    ],
)
def test_what_areas_write_comes_out_to_the_yen_or_is_refused(parts, more, wanted):
    request = {
        **{"amount_yen": 1_000_000, "municipalities": list(TOWNS), "parts": parts},
        **{"rounding": {"unit": 1, "mode": "down"}, "remainder": "A市", **more},
    }
    read = read_split_request(loads_exact(json.dumps(request)))
    if wanted is None:
        with pytest.raises(Refusal):
            split_json(read)
    else:
        assert split_json(read)["shares"] == dict(zip(TOWNS, wanted, strict=True))
        assert sum(wanted) == request["amount_yen"]
