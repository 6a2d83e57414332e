"""Screens and seconds of the jobs that issue E names, by the keystroke-level model."""

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.klm import Cost, Timed, keys_of
from tracker.plumbing import clock

pytestmark = pytest.mark.browser
TRAINING = "農業研修事業"
CASE = "/costs/2027-01"


@pytest.mark.parametrize(
    ("text", "keys"), [("", 0), ("8,420,000", 9), ("11/5", 4), ("電話", 10), ("オンライン", 12)]
)
def test_keystrokes_of_a_text(text: str, keys: int) -> None:
    assert keys_of(text) == keys


# Eight pages in Chromium take some seconds; on a telephone without JavaScript in the slow run.
@pytest.mark.parametrize(
    ("width", "javascript"), [(1280, True), pytest.param(390, False, marks=pytest.mark.slow)]
)
def test_a_case_is_sent_and_confirmed_with_last_years_formula(
    example: House, width: int, javascript: bool
) -> None:
    office = Timed(example.visitor(width=width, javascript=javascript).view)
    office.goes_to("/login")
    office.signs_in("office", "aomori")
    office.goes_to("/costs?fy=2027")
    office.cost = Cost(screens=[office.view.title()])

    office.presses("新しく始める")
    office.types({"事業": TRAINING})
    office.chooses("費用")
    office.chooses("概算")
    office.types({"総事業費": "8420000", "国・県などの補助": "3000000"}, by_tab=True)
    office.presses("下書きを作って、負担の内容へ進む")
    office.sees("第8-01号の算式を写しています。")
    expect(office.view.locator("#split tfoot .share-amount")).to_have_text("5,420,000")
    office.presses("この内容で保存する")
    talk = {
        "協議した日": f"{clock.today():%m/%d}",
        "場所・方法": "オンライン",
        "参加者": "5市町村の担当者",
        "内容": "前年度と同じ割り方とすることで意見が一致。",
    }
    office.types(talk, by_tab=True)
    office.presses("加えて、送る内容を確かめる")
    office.presses("5件を送る")
    office.sees("案を送りました。")
    expect(office.view.locator("table.pairs tbody tr")).to_have_count(4)
    # The list, the four pages that ask, and the case as it was sent.
    assert len(office.cost.screens) <= 6, office.cost
    assert 30 < office.cost.seconds <= 120, office.cost

    town = Timed(example.visitor(width=width, javascript=javascript).view)
    town.goes_to(f"{CASE}/confirm")
    town.signs_in("confirmer", "imabetsu")
    town.sees_title("費用負担の案の確認")
    town.cost = Cost(screens=[town.view.title()])
    town.presses("この内容で確認する")
    town.sees("内容を確認しました。")
    # The page that says it is done is not counted: nothing is asked there.
    assert len(town.cost.screens) - 1 == 1 and town.cost.seconds < 10, town.cost
