"""Everything works without JavaScript: the example's people on a plain browser, some on a telephone."""

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.scenes import places

pytestmark = pytest.mark.browser
SEMINAR = "在宅医療推進のための共同セミナー開催事業"


def test_a_wrong_password_is_said_and_the_right_one_opens_the_house(example: House) -> None:
    reader = example.visitor(javascript=False)
    reader.goes_to("/measures")
    reader.fills({"メールアドレス": "reader@aomori.example", "パスワード": "wrong"})
    reader.presses("ログイン")
    reader.sees("メールアドレスかパスワードが違います。")
    expect(reader.box("メールアドレス")).to_have_value("reader@aomori.example")
    reader.signs_in("reader", "aomori")
    reader.sees_title("別表と事業の状況")


def test_a_progress_is_reported_from_home_to_receipt(example: House) -> None:
    officer = example.signed_in("officer", "imabetsu", javascript=False)
    officer.presses(f"始める：{SEMINAR}")
    expect(officer.view.get_by_role("radio", checked=True)).to_have_count(0)
    officer.presses("内容の確認へ進む")
    officer.sees("事業の状況を1つ選んでください。")
    officer.view.locator("#value").fill("１２")
    officer.chooses("順調")
    officer.presses("下書きのまま閉じる")
    officer.sees(f"「{SEMINAR}」の下書きを保存しました。")
    officer.presses(f"続きから：{SEMINAR}")
    expect(officer.view.locator("#value")).to_have_value("12")
    officer.presses("内容の確認へ進む")
    officer.presses("この内容で提出する")
    officer.sees(f"{SEMINAR}の報告を提出しました", "R8上-今別-")


def test_a_secretary_answers_and_mends_the_answer_on_a_telephone(example: House) -> None:
    secretary = example.visitor(width=390, javascript=False)
    secretary.goes_to(places(example.app)["poll"])
    secretary.sees_title("今別町長のご予定")
    cards = secretary.view.locator(".poll-card")
    for number in range(4):
        secretary.chooses("出席できる", within=cards.nth(number))
    secretary.presses("回答を送る")
    secretary.sees_title("回答を受け付けました")
    secretary.sees("あと1日（2月4日（木））が未回答です。")
    secretary.presses("直す")
    expect(secretary.view.get_by_role("radio", checked=True)).to_have_count(4)
    secretary.chooses("出席できない", within=cards.nth(4))
    secretary.presses("回答を送る")
    expect(secretary.view.locator(".ans-no")).to_contain_text("出席できない")


def test_a_split_is_calculated_by_the_button_and_nothing_is_saved(example: House) -> None:
    office = example.signed_in("office", javascript=False)
    office.goes_to("/costs/2026-04/formula")
    shares = office.view.locator("#split .share-amount")
    expect(shares.last).to_have_text("2,500,000")
    office.fills({"国・県などの補助": "120千円", "均等割": "100", "人口割": ""})
    office.presses("計算する")
    expect(shares).to_have_text(["700,000"] * 5 + ["3,500,000"])
    office.fills({"均等割": "95"})
    office.presses("計算する")
    office.sees("割り方の合計が95％です。あと5％をどこかに足してください。")
    office.goes_to("/costs/2026-04")
    expect(shares.last).to_have_text("2,500,000")


def test_the_menu_opens_and_leads_on_at_390_pixels(example: House) -> None:
    officer = example.signed_in("officer", "imabetsu", width=390, javascript=False)
    menu = officer.view.get_by_role("navigation", name="メニュー")
    expect(menu).to_be_hidden()
    officer.view.get_by_text("メニュー", exact=True).click()
    officer.presses("市町村長会議", within=menu)
    officer.sees_title("市町村長会議")
    officer.view.get_by_text("メニュー", exact=True).click()
    officer.presses("ログアウト", within=officer.view.locator(".menu-panel"))
    officer.sees("ログアウトしました。")
