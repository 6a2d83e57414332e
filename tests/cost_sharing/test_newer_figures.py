"""Base figures that came after a case took its own: what differs is told, and nothing changes by itself."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from tests import cast
from tests.cost_sharing.makers import CASE, cells, make_agreed, make_ready, make_sent, read
from tests.whole.test_papers import words
from tracker.cost_papers import papers
from tracker.cost_sharing import queries
from tracker.cost_sharing.models import CostCase
from tracker.figures import queries as bases
from tracker.figures.actions import enter_figures
from tracker.figures.models import FigureSeries
from tracker.figures.rules import FigureKind, Series
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

NEW = {"aomori": 265_000, "hiranai": 10_126, "imabetsu": 2_100, "yomogita": 2_500}
NAME = "住民基本台帳（令和8年4月1日）"


def enter(**more: int) -> None:
    """A newer population without 外ヶ浜町, or with what `more` says (slug)."""
    of = (FigureKind.POPULATION, NAME, date(2026, 4, 1), "住民基本台帳", NEW | more)
    enter_figures(Act(None, cast.NOW), *of, is_confirmed=True, unit="人")


def series(**changes: Any) -> Series:
    told = {
        **{"id": 1, "kind": FigureKind.POPULATION, "name": "国勢調査", "unit": "人"},
        **{"period": None, "as_of_on": date(2020, 10, 1), "source": "総務省", "is_confirmed": True},
        **{"project_id": None, "values": {}, **changes},
    }
    return Series(**told)


@pytest.mark.parametrize(
    ("changes", "is_newer"),
    [
        ({"as_of_on": date(2025, 10, 1)}, True),
        ({"as_of_on": date(2015, 10, 1)}, False),
        ({}, False),
        ({"as_of_on": date(2025, 10, 1), "struck_at": cast.NOW}, False),
        ({"as_of_on": date(2025, 10, 1), "unit": "世帯"}, False),
        ({"as_of_on": date(2025, 10, 1), "kind": FigureKind.USAGE}, False),
        ({"as_of_on": date(2025, 10, 1), "project_id": 3}, False),
        ({"as_of_on": date(2025, 10, 1), "is_confirmed": False}, True),
    ],
)
def test_newer_is_what_counts_the_same_as_of_a_later_day(changes, is_newer):
    assert series(id=2, **changes).is_newer_than(series()) is is_newer


def test_of_one_day_the_confirmed_is_newer_and_any_than_one_taken_out():
    provisional = series(is_confirmed=False)
    assert series(id=2).is_newer_than(provisional)
    assert not provisional.is_newer_than(series(id=2))
    assert series(id=2).is_newer_than(series(struck_at=cast.NOW))


@pytest.mark.usefixtures("both")
def test_a_case_keeps_what_it_took_and_is_told_what_differs():
    case = make_agreed()
    before = read(case)
    assert queries.newer(before) == []
    enter()
    (one,) = queries.newer(read(case))
    assert read(case).shares == before.shares
    assert (one.taken.name, one.newer.name) == ("令和2年国勢調査", NAME)
    assert [(row.town, row.before, row.after, row.change) for row in one.differences] == [
        ("青森市", 275_192, 265_000, -10_192),
        ("平内町", 10_126, 10_126, 0),
        ("今別町", 2_334, 2_100, -234),
        ("蓬田村", 2_540, 2_500, -40),
        ("外ヶ浜町", 5_401, None, None),
    ]


def test_the_page_shows_it_and_leads_into_the_formula_of_a_case_not_agreed(browse, given):
    given(make_ready)
    given(lambda: enter(sotogahama=5_000))
    office = browse("office")
    page = office.get(CASE)
    assert "人口割の新しい基礎数値「住民基本台帳（令和8年4月1日）」があります。" in page.text
    (table,) = [one for one in page.all("details table") if "この案件" in one.text]
    assert cells(table)[1] == ["青森市", "275,192", "265,000", "\N{MINUS SIGN}10,192"]
    address = page.one(f"a[href='{CASE}/formula?figures=new']")["href"]
    formula = office.get(address)
    chosen = formula.one("select[name=parts-1-series_id] option[selected]")
    assert chosen.text == f"{NAME}（確定値）"
    assert "新しい基礎数値" not in formula.text
    assert "令和2年国勢調査" in office.get(CASE).one("main").get_text()
    office.post(f"{CASE}/formula", {**formula.fields(), "save": "1"})
    assert "新しい基礎数値" not in office.get(CASE).text


def test_an_agreed_case_is_told_and_offers_no_change(browse, given):
    given(make_agreed)
    given(enter)
    page = browse("office").get(CASE)
    assert "があります。" in page.text
    assert not page.all(f"a[href^='{CASE}/formula']")


def test_who_confirms_sees_that_figures_are_provisional_and_what_came_since(browse, given):
    def make() -> None:
        census = next(one for one in bases.every() if one.kind is FigureKind.POPULATION)
        db.session.get(FigureSeries, census.id).is_confirmed = False
        db.session.commit()
        make_sent()

    given(make)
    confirmer = browse("confirmer", "imabetsu")
    said = "人口割の基礎数値は暫定値です。"
    assert said in confirmer.get(f"{CASE}/confirm").text
    given(enter)
    assert NAME in confirmer.get(f"{CASE}/confirm").text
    page = confirmer.get(CASE)
    assert said in page.text
    assert not page.all("a[href*='figures=new']")

    def on_paper() -> None:
        case = read(db.session.scalars(select(CostCase)).one())
        told = list(words(papers.cost_calculation(case)))
        assert said in told

    given(on_paper)
