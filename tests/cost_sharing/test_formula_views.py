"""The formula as it is typed, with JavaScript and without."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import update

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    PARTNERS,
    cells,
    make_agreed,
    make_draft,
    sentences,
)
from tracker.agreements.models import Agreement
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.actions import enter_figures
from tracker.municipalities.rules import FigureKind
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

WORKED = {"percent_equal": "20", "percent_population": "80"}


def end_agreements() -> None:
    """No agreement binds any more."""
    db.session.execute(update(Agreement).values(ended_on=cast.TODAY - timedelta(days=1)))
    db.session.commit()


@pytest.mark.parametrize(
    "typed",
    [
        WORKED,
        {"percent_equal": "100", "weight_aomori": "100"}
        | {f"weight_{slug}": "50" for slug in PARTNERS},
        {"percent_equal": "", "percent_ratio": "100"}
        | dict(
            zip(("ratio_aomori", *(f"ratio_{slug}" for slug in PARTNERS)), "81111", strict=True)
        ),
        {
            **WORKED,
            "fixed_aomori": "10,000",
            "fixed_reason": "会場費",
            "remainder": "largest_remainder",
        },
        {"percent_equal": "90", "percent_host": "10", "host": "sotogahama", "unit": "1"},
        {"percent_equal": "95"},
        {"percent_equal": "abc", "total_yen": ""},
        {"percent_equal": "100", "participants": ["aomori"]},
    ],
)
def test_the_live_table_is_the_table_of_the_page_without_javascript(browse, given, typed):
    given(make_draft)
    office = browse("office")
    fields = {**office.get(f"{CASE}/formula").fields(), **typed}
    page = office.post(f"{CASE}/formula", {**fields, "calculate": "1"})
    live = office.client.post(f"{CASE}/formula/preview", data=fields, headers={"X-Fragment": "1"})
    fragment = BeautifulSoup(live.get_data(as_text=True), "html.parser")
    assert live.mimetype == "text/html"
    assert page.status == live.status_code
    assert str(page.one("#split")) == str(fragment.select_one("#split"))
    assert len(fragment.select("#split")) == 1
    assert "算式はまだ決まっていません" in office.get(CASE).text


def test_the_live_table_says_the_readers_own_share_in_one_sentence(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert page.one("form[data-live]")["data-live"] == f"{CASE}/formula/preview"
    assert page.one("form[data-live]")["data-live-target"] == "split"
    page = office.fill(f"{CASE}/formula", {**WORKED, "calculate": "1"})
    assert page.one("[data-say]").text == "青森市 1,964,000円"
    assert page.one("[data-live-say]")["role"] == "status"


def test_percents_that_do_not_add_up_are_a_sentence_and_stay_as_typed(browse, given):
    given(make_draft)
    page = browse("office").fill(f"{CASE}/formula", {"percent_equal": "95", "save": "1"})
    assert page.status == 422
    assert sentences(page) == ["割り方の合計が95％です。あと5％をどこかに足してください。"]
    assert page.fields()["percent_equal"] == "95"


def test_figures_that_nobody_entered_are_offered_once_they_are(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert not page.all("[name=percent_usage]")
    assert "利用実績割・財政規模割・特別交付税上限割は、" in page.text
    given(
        lambda: enter_figures(
            Act(None, cast.NOW),
            FigureKind.USAGE,
            "令和6年度の利用者",
            cast.TODAY,
            "青森市の集計",
            {"aomori": 70, "imabetsu": 30},
            is_confirmed=False,
        )
    )
    only_two = {"percent_usage": "100", "participants": ["aomori", "imabetsu"], "calculate": "1"}
    page = office.fill(f"{CASE}/formula", only_two)
    assert [row[-2] for row in cells(page.one("table.split"))[1:-1]] == ["1,750,000", "750,000"]
    assert "利用実績：青森市 70、今別町 30（計 100）。令和6年度の利用者（暫定値、" in page.text
    everybody = {**only_two, "participants": ["aomori", *PARTNERS]}
    page = office.fill(f"{CASE}/formula", everybody)
    assert sentences(page) == [
        "利用実績割に「平内町」の値がありません。ないときは0を入れてください。"
    ]


def test_last_years_formula_is_copied_into_the_boxes_and_saved_by_nobody(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    copied = office.get(page.link("前年度の算式を写す"))
    assert (copied.fields()["percent_equal"], copied.fields()["percent_population"]) == ("20", "80")
    assert "算式はまだ決まっていません" in office.get(CASE).text


def test_a_town_that_left_the_agreement_is_named_before_anything_is_saved(browse, given):
    given(make_draft)
    given(end_agreements)
    page = browse("office").fill(f"{CASE}/formula", {**WORKED, "save": "1"})
    assert "平内町との間に、今、効力のある連携協約がありません" in sentences(page)[0]
