"""Formulas that areas really use, through the command and through the form, to the yen.

Numbers are those of field.md section d; the municipalities are the five of the cast.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from tests import cast
from tests.cost_sharing.makers import CASE, NAMES, PARTNERS, cells, make_agreed, make_draft
from tests.pages import Page, PageClient
from tracker.cost_sharing.rules import Stage
from tracker.figures.actions import enter_figures
from tracker.figures.rules import FigureKind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.changes import Act
from tracker.shares.commands import costs

Given = Callable[[Callable[[], object]], None]
SLUGS = ("aomori", *PARTNERS)
CENSUS = (275_192, 10_126, 2_334, 2_540, 5_401)
OTHERS = list(NAMES[1:])


def named(values: Any) -> dict[str, Any]:
    return dict(zip(NAMES, values, strict=True))


def split_by_command(folder: Any, request: Mapping[str, Any]) -> dict[str, int]:
    path = folder / "split.json"
    path.write_text(json.dumps(request, ensure_ascii=False), encoding="utf-8")
    done = CliRunner().invoke(costs, ["split", str(path), "--json"])
    assert done.exit_code == 0, done.exception
    shares: dict[str, int] = json.loads(done.stdout)["shares"]
    return shares


def split_by_form(office: PageClient, kinds: str, typed: Mapping[str, Any]) -> Page:
    """The page after a formula of these kinds was typed and calculated; its buttons add the same."""
    page = office.get(f"{CASE}/formula")
    fields = {name: value for name, value in page.fields().items() if not name.startswith("parts-")}
    for place, kind in enumerate(kinds.split()):
        fields[f"parts-{place}-kind"] = kind
        if kind not in ("host", "fixed"):
            fields[f"parts-{place}-only"] = list(SLUGS)
        if kind in ("population", "usage", "rate"):
            # The newest of its kind, which its list offers first.
            fields[f"parts-{place}-series_id"] = "2" if kind == "usage" else "1"
    return office.post(f"{CASE}/formula", {**fields, **typed, "calculate": "1"})


def shares_of(page: Page) -> list[int]:
    rows = cells(page.one("table.split"))[1:-1]
    return [int(row[1].replace(",", "")) for row in rows]


# What is typed, the same as a file, and what must come out.
FORMULAS: Mapping[str, tuple[str, dict[str, Any], dict[str, Any], list[int]]] = {
    "host 90 and the others by population": (
        "host population",
        {
            **{"parts-0-percent": "90", "parts-0-only": "aomori"},
            **{"parts-1-percent": "10", "parts-1-only": list(PARTNERS)},
        },
        {
            "parts": [
                {"kind": "host", "percent": 90, "only": "青森市"},
                {
                    "kind": "population",
                    "percent": 10,
                    "only": OTHERS,
                    "basis": named(CENSUS),
                },
            ]
        },
        [900_002, 49_634, 11_440, 12_450, 26_474],
    ),
    "a table of percents to two decimals": (
        "ratio",
        {
            "parts-0-percent": "100",
            **dict(
                zip(
                    (f"parts-0-weight_{slug}" for slug in SLUGS),
                    ("60.00", "11.18", "12.65", "6.76", "9.41"),
                    strict=True,
                )
            ),
        },
        {
            "parts": [
                {
                    "kind": "ratio",
                    "percent": 100,
                    "weights": named(("60.00", "11.18", "12.65", 6.76, 9.41)),
                }
            ]
        },
        [600_000, 111_800, 126_500, 67_600, 94_100],
    ),
    "two ratios, each among some": (
        "ratio ratio",
        {
            **{"parts-0-percent": "50", "parts-0-only": ["aomori", "hiranai", "imabetsu"]},
            **{"parts-0-weight_aomori": "8", "parts-0-weight_hiranai": "1"},
            **{"parts-0-weight_imabetsu": "1", "parts-1-percent": "50"},
            **{"parts-1-only": ["yomogita", "sotogahama"], "parts-1-weight_yomogita": "0.5"},
            "parts-1-weight_sotogahama": "1.5",
        },
        {
            "parts": [
                {
                    "kind": "ratio",
                    "percent": 50,
                    "weights": {"青森市": 8, "平内町": 1, "今別町": 1},
                    "only": ["青森市", "平内町", "今別町"],
                },
                {
                    "kind": "ratio",
                    "percent": 50,
                    "weights": {"蓬田村": "0.5", "外ヶ浜町": 1.5},
                    "only": ["蓬田村", "外ヶ浜町"],
                },
            ]
        },
        [400_000, 50_000, 50_000, 125_000, 375_000],
    ),
    "a city weighs 100, a town 50, in two equal parts": (
        "equal equal",
        {
            "parts-0-percent": "60",
            **{f"parts-0-weight_{slug}": "50" for slug in PARTNERS},
            **{"parts-0-weight_aomori": "100", "parts-1-percent": "40"},
            "parts-1-only": list(PARTNERS),
        },
        {
            "parts": [
                {"kind": "equal", "percent": 60, "weights": named((100, 50, 50, 50, 50))},
                {"kind": "equal", "percent": 40, "only": OTHERS},
            ]
        },
        [200_000, 200_000, 200_000, 200_000, 200_000],
    ),
    "each amount cut below 1,000 yen by itself": (
        "equal population",
        {
            **{"parts-0-percent": "50", "parts-0-rounding": "1000-down"},
            **{"parts-1-percent": "50", "parts-1-rounding": "1000-down"},
        },
        {
            "parts": [
                {"kind": "equal", "percent": 50, "rounding": {"unit": 1000, "mode": "down"}},
                {
                    "kind": "population",
                    "percent": 50,
                    "basis": named(CENSUS),
                    "rounding": {"unit": 1000, "mode": "down"},
                },
            ]
        },
        [567_000, 117_000, 103_000, 104_000, 109_000],
    ),
    "need times rate off first, the rest alike": (
        "rate equal",
        {"parts-0-rate": "0.0123", "parts-1-percent": "100"},
        {
            "parts": [
                {"kind": "rate", "basis": named(CENSUS), "rate": "0.0123"},
                {"kind": "equal", "percent": 100},
            ]
        },
        [202_659, 199_397, 199_301, 199_304, 199_339],
    ),
    "a cap and two floors": (
        "population",
        {
            "parts-0-percent": "100",
            **{"cap_hiranai": "3万円", "floor_imabetsu": "１０，０００", "floor_yomogita": "5千円"},
        },
        {
            "parts": [{"kind": "population", "percent": 100, "basis": named(CENSUS)}],
            "caps": {"平内町": 30_000},
            "floors": {"今別町": 10_000, "蓬田村": 5_000},
        },
        [933_137, 30_000, 10_000, 8_592, 18_271],
    ),
    "what was paid too much the year before comes off first": (
        "fixed equal",
        {
            **{"parts-0-amount_aomori": "▲12,345円", "parts-0-amount_imabetsu": "2,345"},
            **{"parts-0-reason": "令和7年度の精算", "parts-1-percent": "100"},
        },
        {
            "parts": [
                {"kind": "fixed", "amounts": {"青森市": -12_345, "今別町": 2_345}},
                {"kind": "equal", "percent": 100},
            ]
        },
        [189_655, 202_000, 204_345, 202_000, 202_000],
    ),
    "the same in whole thousands, of which the hub takes what is left": (
        "fixed population",
        {
            **{"parts-0-amount_hiranai": "−12,345", "parts-0-reason": "令和7年度の精算"},
            **{"parts-1-percent": "100", "unit": "1000"},
        },
        {
            "parts": [
                {"kind": "fixed", "amounts": {"平内町": -12_345}},
                {"kind": "population", "percent": 100, "basis": named(CENSUS)},
            ],
            "rounding": {"unit": 1000, "mode": "down"},
        },
        [945_000, 22_000, 7_000, 8_000, 18_000],
    ),
}


# The quick run types these.
TYPED = (
    "host 90 and the others by population",
    "two ratios, each among some",
    "a cap and two floors",
    "what was paid too much the year before comes off first",
)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_comes_out_by_the_command(tmp_path, name):
    _kinds, _typed, request, wanted = FORMULAS[name]
    rest = {"rounding": {"unit": 1, "mode": "down"}, "remainder": "青森市"}
    request = {"amount_yen": 1_000_000, "municipalities": list(NAMES), **rest, **request}
    assert split_by_command(tmp_path, request) == named(wanted)
    assert sum(wanted) == 1_000_000


@pytest.mark.parametrize(
    "names", [TYPED, pytest.param(sorted({*FORMULAS} - {*TYPED}), marks=pytest.mark.slow)]
)
def test_a_formula_comes_out_the_same_by_the_form(browse, given, names):
    given(lambda: make_draft(total_yen=1_000_000, subsidy_yen=0))
    office = browse("office")
    for name in names:
        kinds, typed, _request, wanted = FORMULAS[name]
        page = split_by_form(office, kinds, {"unit": "1", **typed})
        assert shares_of(page) == wanted, name
        assert "-" not in page.one("table.split").text


def among(names: list[str], values: Any) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))


MINATO = ["みなと市", "やまて町", "かわべ町", "うみべ村"]


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (
            {
                "amount_yen": 1_500_000_000,
                "parts": [
                    {"kind": "fixed", "amounts": among(MINATO, (1_230_000, 210_000, 345_000))},
                    {"kind": "equal", "percent": 4},
                    {
                        "kind": "fiscal",
                        "percent": 96,
                        "basis": among(MINATO, (1_212_345, 198_765, 287_654)),
                    },
                ],
                "remainder": "largest_remainder",
            },
            [1_047_657_976, 188_473_847, 263_868_177],
        ),
        (
            {
                "amount_yen": 9_000_000,
                "parts": [
                    {"kind": "ratio", "percent": 50, "weights": among(MINATO, (8, 1, 1))},
                    {"kind": "ratio", "percent": 50, "weights": among(MINATO, (7, 2, 1))},
                ],
                "remainder": "みなと市",
            },
            [6_750_000, 1_350_000, 900_000],
        ),
        (
            {
                "amount_yen": 1_000_000,
                "parts": [
                    {"kind": "host", "percent": 90, "only": "みなと市"},
                    {
                        "kind": "population",
                        "percent": 10,
                        "basis": among(MINATO[1:], (8_765, 3_210, 1_205)),
                        "only": MINATO[1:],
                    },
                ],
                "remainder": "みなと市",
            },
            [900_001, 66_502, 24_355, 9_142],
        ),
        (
            {
                "amount_yen": 87_654_321,
                "parts": [
                    {
                        "kind": "ratio",
                        "percent": 100,
                        "weights": among(MINATO, (60.0, 21.18, 9.41, 9.41)),
                    }
                ],
                "remainder": "みなと市",
            },
            [52_592_594, 18_565_185, 8_248_271, 8_248_271],
        ),
    ],
)
def test_formulas_of_other_areas(tmp_path, request_, wanted):
    names = MINATO[: len(wanted)]
    rounding = {"unit": 1, "mode": "down"}
    request = {"municipalities": names, "rounding": rounding, **request_}
    assert list(split_by_command(tmp_path, request).values()) == wanted


def test_a_host_that_pays_a_percent_as_well_is_told_so(browse, given):
    given(lambda: make_draft(total_yen=1_000_000, subsidy_yen=0))
    office = browse("office")
    typed = {"parts-0-percent": "90", "parts-0-only": "aomori", "parts-1-percent": "10"}
    page = split_by_form(office, "host population", typed)
    assert "青森市は、開催地等の負担のほかに、人口割でも負担します。" in page.one("#split").text
    others = split_by_form(office, "host population", {**typed, "parts-1-only": list(PARTNERS)})
    assert "でも負担します" not in others.text


def test_equal_remainders_are_told_with_who_was_served(browse, given):
    given(lambda: make_draft(total_yen=1_000_002, subsidy_yen=0))
    typed = {"parts-0-percent": "100", "unit": "1", "remainder": "largest_remainder"}
    page = split_by_form(browse("office"), "equal", typed)
    assert shares_of(page) == [200_001, 200_001, 200_000, 200_000, 200_000]
    assert (
        "青森市・平内町・今別町・蓬田村・外ヶ浜町は剰余が同じため、団体コードの順に、"
        "青森市・平内町へ端数を割り当てました。" in page.one("#split").text
    )


def test_usage_is_counted_in_the_time_that_was_agreed(browse, given):
    def usage(name: str, day: Any) -> Callable[[], object]:
        figures = {"aomori": 70, "imabetsu": 30, "hiranai": 0, "yomogita": 0, "sotogahama": 0}
        return lambda: enter_figures(
            Act(None, cast.NOW), FigureKind.USAGE, name, day, "集計", figures, is_confirmed=True
        )

    given(make_draft)
    given(usage("令和6年度の利用者", date(2025, 3, 31)))
    office = browse("office")
    typed = {"parts-0-percent": "100", "parts-0-period": "last_year"}
    page = split_by_form(office, "usage", typed)
    assert [item.get_text(strip=True) for item in page.all(".error-summary li")] == [
        "前年度の実績（令和7年4月1日〜令和8年3月31日）を使うとしていますが、選んだ基礎数値は"
        "令和7年3月31日現在のものです。どちらかを直してください。"
    ]
    typed["parts-0-period"] = "year_before_last"
    fields = split_by_form(office, "usage", typed).fields()
    assert office.post(f"{CASE}/formula", {**fields, "save": "1"}).status == 302
    show = office.get(CASE)
    assert cells(show.one("table.split"))[0][2] == "利用実績割（前々年度）"
    assert "対象期間 令和6年4月1日〜令和7年3月31日" in show.text


def test_parts_are_added_and_taken_away_and_nothing_typed_is_lost(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.fill(f"{CASE}/formula", {"title": "ほかの件名", "add": "host"})
    assert (page.status, page.fields()["title"]) == (200, "ほかの件名")
    assert [one.text for one in page.all(".formula-part legend")] == [
        "均等割",
        "人口割",
        "開催地等の負担",
    ]
    again = office.post(f"{CASE}/formula", {**page.fields(), "add": "equal"})
    assert [one.text for one in again.all(".formula-part legend")][::3] == [
        "均等割（1つ目）",
        "均等割（2つ目）",
    ]
    typed = {**again.fields(), "parts-3-percent": "12.5", "drop": "0"}
    fewer = office.post(f"{CASE}/formula", typed)
    assert [one.text for one in fewer.all(".formula-part legend")] == [
        "人口割",
        "開催地等の負担",
        "均等割",
    ]
    assert fewer.fields()["parts-3-percent"] == "12.5"
    assert "算式はまだ決まっていません" in office.get(CASE).text


def test_all_of_a_formula_is_kept_and_stands_in_the_boxes_again(browse, given):
    given(make_draft)
    office = browse("office")
    typed = {
        **{"parts-0-percent": "60", "parts-0-only": list(PARTNERS), "parts-0-rounding": "100-up"},
        **{"parts-1-percent": "40", "parts-2-rate": "0.5"},
        **{f"parts-1-weight_{slug}": "21.18" for slug in SLUGS},
        **{"cap_hiranai": "300,000", "floor_imabetsu": "1,000"},
    }
    fields = split_by_form(office, "equal ratio rate", typed).fields()
    assert office.post(f"{CASE}/formula", {**fields, "save": "1"}).status == 302
    kept = office.get(f"{CASE}/formula").fields()
    for name, value in typed.items():
        assert kept[name] == value, name
    show = office.get(CASE)
    assert cells(show.one("table.split"))[0][2:5] == ["均等割（4市町村）", "比率割", "定率"]
    assert "60％（百円未満切上げ）" in show.text
    assert "上限：平内町 300,000円　下限：今別町 1,000円。" in show.one("#split").get_text()


def test_the_formula_of_this_year_and_of_the_last_may_be_copied(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    given(make_agreed)
    given(lambda: make_draft(stage=Stage.RECONCILIATION))
    page = browse("office").get("/costs/2026-02/formula")
    assert page.link("今年度の算式を写す").endswith("from=2026-01")
    assert page.link("前年度の算式を写す").endswith("from=2025-01")
