"""試算: formulas side by side, with last year's shares; nothing is saved until one is chosen."""

import re
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.cost_sharing.cases import AOMORI, IMABETSU, YOMOGITA, make_case
from tests.cost_sharing.makers import (
    CASE,
    cells,
    make_agreed,
    make_draft,
    make_ready,
    make_sent,
    sentences,
)
from tests.pages import Page, PageClient
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseNumber
from tracker.cost_trials.rules import Trial, side_by_side
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.db import db

TRIALS = f"{CASE}/formula/trials"
YEN = st.integers(0, 10**12)


def trial(number: int, case: Case | None) -> Trial:
    return Trial("", f"算式{number}", case)


def test_each_municipality_by_every_formula_and_the_difference_from_last_year():
    before = make_case(no=CaseNumber(2025, 1), shares={AOMORI: 90, YOMOGITA: 10})
    one = make_case(shares={AOMORI: 100, IMABETSU: 0, YOMOGITA: 50})
    other = make_case(shares={AOMORI: 80, IMABETSU: 70})
    table = side_by_side([trial(1, one), trial(2, None), trial(3, other)], before)
    assert table.heads == ("令和7年度（確定）", "算式1", "算式3")
    assert [row.town for row in table.rows] == [AOMORI, IMABETSU, YOMOGITA]
    assert [[cell.share_yen for cell in row.cells] for row in table.rows] == [
        [90, 100, 80],
        [None, 0, 70],
        [10, 50, None],
    ]
    assert [[cell.difference for cell in row.cells] for row in table.rows] == [
        [None, 10, -10],
        [None, 0, 70],
        [None, 40, -10],
    ]
    assert [cell.percent for cell in table.rows[2].cells] == [20.0, 100.0, 0.0]
    assert table.sums == (100, 150, 150)
    without = side_by_side([trial(1, one)], None)
    assert {cell.difference for row in without.rows for cell in row.cells} == {None}


@generated(st.lists(YEN, min_size=2, max_size=2), st.lists(YEN, min_size=2, max_size=2))
def test_the_longest_bar_reaches_the_end_and_none_goes_beyond(one: list[int], other: list[int]):
    towns = (AOMORI, IMABETSU)
    both = [make_case(shares=dict(zip(towns, yen, strict=True))) for yen in (one, other)]
    for row in side_by_side([trial(n, case) for n, case in enumerate(both)], None).rows:
        lengths = [cell.percent for cell in row.cells]
        assert all(0 <= length <= 100 for length in lengths)
        assert max(lengths) == (100 if any(cell.share_yen for cell in row.cells) else 0)


def compare(person: PageClient, **typed: Any) -> Page:
    """The formula page filled in, and its button that compares."""
    return person.fill(f"{CASE}/formula", {**typed, "compare": "1"}, to=TRIALS)


def again(person: PageClient, page: Page, **typed: Any) -> Page:
    """The same from a formula page that carries formulas along."""
    fields = {**page.fields(), "trial": carried(page), **typed, "compare": "1"}
    return person.post(TRIALS, fields)


def carried(page: Page) -> list[str]:
    return [str(box["value"]) for box in page.all("main [name=trial]")]


def press(person: PageClient, page: Page, name: str, number: int, to: str) -> Page:
    """A button of the page that compares."""
    return person.post(to, {**page.fields(), "trial": carried(page), name: str(number)})


def heads(page: Page) -> list[str]:
    return cells(page.one("main table"))[0]


def test_a_draft_is_compared_with_last_years_formula_and_shares(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    given(make_draft)
    office = browse("office")
    page = compare(office, **{"parts-0-percent": "50", "parts-1-percent": "50"})
    assert page.title == "算式の試算"
    assert heads(page) == ["市町村", "令和7年度（概算）", "算式1", "算式2"]
    assert cells(page.one("main table"))[3] == [
        "今別町", "115,000", "115,000 （0）", "259,000 （+144,000）",
    ]  # fmt: skip
    assert cells(page.one("main table"))[-1] == ["合計", "2,500,000", "2,500,000", "2,500,000"]
    assert "均等割 50％、人口割 50％" in page.text
    assert len(page.all(".trial-bars section")) == 5
    bars = page.all(".trial-bars section")[2].get_text(" ", strip=True)
    assert "算式2 259,000円" in bars and "令和7年度（概算） 115,000円" in bars


def test_up_to_four_stand_side_by_side_and_the_fifth_waits(browse, given):
    given(make_ready)
    office = browse("office")
    page = compare(office, **{"parts-0-percent": "30", "parts-1-percent": "70"})
    assert heads(page) == ["市町村", "算式1", "算式2"]
    assert "保存されている算式" in page.text
    for percent in (40, 50, 60):
        form = press(office, page, "pick", 1, f"{CASE}/formula")
        assert form.title == "算式と負担額"
        page = again(
            office,
            form,
            **{"parts-0-percent": str(percent), "parts-1-percent": str(100 - percent)},
        )
    assert heads(page) == ["市町村", *(f"算式{n}" for n in range(1, 5))]
    assert "並べられるのは4件までです。" in page.text and len(carried(page)) == 5
    # The same formula again is no further column.
    same = again(office, press(office, page, "pick", 0, f"{CASE}/formula"))
    assert len(carried(same)) == 5
    fewer = press(office, page, "remove", 0, TRIALS)
    assert "並べられるのは4件まで" not in fewer.text
    assert "均等割 60％、人口割 40％" in fewer.text and "保存されている算式" not in fewer.text


def test_choosing_one_fills_the_formula_page_and_only_saving_saves(browse, given):
    given(make_ready)
    office = browse("office")

    def entries() -> int:
        found: list[int] = []
        given(lambda: found.append(db.session.scalar(select(func.count(HistoryEntry.id))) or 0))
        return found[0]

    before = entries()
    page = compare(office, **{"parts-0-percent": "100", "parts-1-percent": "", "unit": "100"})
    form = press(office, page, "pick", 1, f"{CASE}/formula")
    fields = form.fields()
    assert (fields["parts-0-percent"], fields["parts-1-percent"], fields["unit"]) == (
        "100",
        "",
        "100",
    )
    assert "500,000" in form.one("table.split").text
    assert entries() == before and "1,964,000" in office.get(CASE).text
    assert office.post(f"{CASE}/formula", {**fields, "save": "1"}).status == 302
    assert entries() == before + 1 and "500,000円" in office.get(CASE).text


def test_a_formula_chosen_for_a_case_that_was_sent_goes_by_its_check_page(browse, given):
    given(make_sent)
    office = browse("office")
    page = compare(office, **{"parts-0-percent": "30", "parts-1-percent": "70"})
    form = press(office, page, "pick", 1, f"{CASE}/formula")
    check = office.post(f"{CASE}/formula", {**form.fields(), "save": "1"})
    assert check.title == "変わるところの確認"
    assert office.get(CASE).one(".page-actions .chip").text == "確認待ち"


def test_whoever_compared_while_another_saved_sees_both_texts(browse, given):
    given(make_ready)
    office, lead = browse("office"), browse("lead")
    page = compare(office, **{"parts-0-percent": "30", "parts-1-percent": "70"})
    assert lead.fill(f"{CASE}/formula", {"total_yen": "4,000,000", "save": "1"}).status == 302
    form = press(office, page, "pick", 1, f"{CASE}/formula")
    late = office.post(f"{CASE}/formula", {**form.fields(), "save": "1"})
    assert late.status == 409
    assert ["均等割", "30", "20"] in cells(late.one(".conflict table"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"parts-0-percent": "95"}, "あと5％をどこかに足してください"),
        ({"parts-0-percent": "abc"}, "割合は0から100までの数字で"),
    ],
)
def test_what_lacks_something_is_said_on_the_formula_page(browse, given, typed, said):
    given(make_draft)
    page = compare(browse("office"), **typed)
    assert (page.status, page.title) == (422, "算式と負担額")
    assert said in sentences(page)[0]
    assert page.fields()["parts-0-percent"] == typed["parts-0-percent"]


NONSENSE = ("", "%%%", "a=b", "parts-0-kind=never", "&" * 5000, "parts-0-kind=equal&unit=x")


def test_a_carried_formula_that_is_none_is_left_out(browse, given):
    given(make_ready)
    office = browse("office")
    fields = office.get(f"{CASE}/formula").fields()
    for nonsense in NONSENSE:
        page = office.post(TRIALS, {**fields, "trial": [nonsense], "compare": "1"})
        assert heads(page) == ["市町村", "算式1"], nonsense
        shown = office.post(f"{CASE}/formula", {**fields, "trial": [nonsense], "pick": "0"})
        assert shown.status in (200, 422), nonsense
    gone = office.post(TRIALS, {**page.fields(), "trial": carried(page), "remove": "0"})
    assert re.search(r"/formula$", gone.location)


def test_only_who_may_draft_compares_and_an_agreed_case_is_not_compared(browse, given):
    given(make_sent)
    fields = browse("office").get(f"{CASE}/formula").fields()
    reader = browse("confirmer", "imabetsu")
    token = reader.get(f"{CASE}/confirm").fields()
    assert reader.post(TRIALS, {**fields, **token, "compare": "1"}).status == 403
    given(lambda: make_agreed())
    office = browse("office")
    new = office.get("/costs/new").fields()
    stale = office.post("/costs/2026-02/formula/trials", {**fields, **new, "compare": "1"})
    assert (stale.status, stale.location) == (302, "/costs/2026-02/formula")
