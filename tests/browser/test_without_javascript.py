"""Everything works without JavaScript: the example's people on a plain browser, some on a telephone."""

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.scenes import places
from tests.meetings.test_minutes import held
from tests.questions.makers import make_consulted
from tracker.plumbing.db import db

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


# Both sides at the pages of a question, a meeting and its decision: no shorter way shows them.
@pytest.mark.slow
def test_a_question_is_talked_over_at_a_meeting_and_settled_by_both(example: House) -> None:
    with example.app.app_context():
        row, path = held(is_yearly=False)[0], f"/questions/{make_consulted('hiranai').no}"
        agenda = f"/meetings/{row.id}/agenda"
        db.session.remove()
    office = example.signed_in("office", width=390, javascript=False)
    town = example.signed_in("officer", "hiranai", width=390, javascript=False)
    office.goes_to(agenda)
    offer = office.view.locator("li", has_text="青森市・平内町").first
    office.presses("議題に加える", within=offer)
    # Nobody else knows of it.
    outsider = example.signed_in("officer", "imabetsu", width=390, javascript=False)
    outsider.goes_to(agenda)
    expect(outsider.view.locator("main")).not_to_contain_text("疑義")
    town.goes_to(path)
    town.sees("この疑義の載る議題")
    office.goes_to(f"{agenda.removesuffix('agenda')}decisions/new")
    office.fills({"議題": "疑義の協議", "件名": "協議の方法", "決まったこと": "電話でよいとする。"})
    office.presses("記録する")
    office.sees("それぞれのページで双方が確認するまで定まりません。")
    decision = office.view.url.removeprefix(example.address)
    assert outsider.goes_to(decision) == 404 == outsider.goes_to(path)
    town.goes_to(path)
    town.presses("令和8年度 市町村長会議　協議の方法")
    town.sees("電話でよいとする。")
    town.goes_to(path)
    expect(town.view.locator(".page-actions .chip")).to_have_text("協議中")
    town.presses("双方で確認する")
    town.fills({"定める内容": "電話でよい。日と内容を記録に残す。"})
    town.presses("双方に確認をお願いする")
    for slug in ("aomori", "hiranai"):
        confirmer = example.signed_in("confirmer", slug, width=390, javascript=False)
        confirmer.goes_to(path)
        confirmer.presses("内容を確認する")
        confirmer.presses("この内容で確認する")
    expect(confirmer.view.locator(".page-actions .chip")).to_have_text("解決")
    office.goes_to(path)
    assert office.view.evaluate("document.documentElement.scrollWidth") == 390


# Five people at the pages of one question, one browser each: no shorter way shows both sides.
@pytest.mark.slow
@pytest.mark.parametrize("asker", ["imabetsu", "aomori"])
def test_a_question_of_either_side_is_settled_on_telephones(example: House, asker: str) -> None:
    town = example.signed_in("officer", "imabetsu", width=390, javascript=False)
    hub = example.signed_in("office", width=390, javascript=False)
    asks, answers = (town, hub) if asker == "imabetsu" else (hub, town)
    asks.goes_to("/questions")
    asks.presses("疑義を出す")
    if asker == "aomori":
        asks.presses("今別町との連携協約")
    words = {"条項": "第4条第2項", "件名": "読み方について", "疑義の内容": "電話での協議でよいか。"}
    asks.fills({**words, "自分の市町村の考え": "よいと考える。"})
    asks.presses("下書きを保存する")
    asks.presses("出す内容を確かめる")
    asks.presses("今別町に協議をお願いする" if asker == "aomori" else "青森市に協議をお願いする")
    path = asks.view.url.removeprefix(example.address)

    answers.goes_to(path)
    answers.sees("よいと考える。", "まだ書かれていません。")
    # One button, on the own side's card; the page behind it has one box.
    expect(answers.view.get_by_role("link", name="考えを書く")).to_have_count(1)
    expect(answers.view.get_by_role("link", name="考えを直す")).to_have_count(0)
    answers.presses("考えを書く")
    expect(answers.view.locator("main textarea")).to_have_count(1)
    answers.fills({"考え": "記録を残せばよい。"})
    answers.presses("考えを保存する")
    answers.view.locator("summary", has_text="協議を記録する").click()
    said = {"協議した日": "11/20", "場所": "電話", "参加者": "双方の担当", "内容": "一致した。"}
    answers.fills(said, within=answers.view.locator("details.add").first)
    answers.presses("協議の記録を加える")
    answers.presses("双方で確認する")
    answers.fills({"定める内容": "電話でよい。日と内容を記録に残す。"})
    answers.chooses("平内町")
    answers.presses("双方に確認をお願いする")
    for slug in ("aomori", "imabetsu"):
        confirmer = example.signed_in("confirmer", slug, width=390, javascript=False)
        confirmer.goes_to(path)
        confirmer.presses("内容を確認する")
        confirmer.presses("この内容で確認する")
    partner = example.signed_in("confirmer", "hiranai", width=390, javascript=False)
    partner.goes_to(path)
    partner.sees("電話でよい。")
    expect(partner.view.locator("main")).not_to_contain_text("よいと考える。")
    partner.presses("同じ扱いとするか答える")
    partner.presses("同じ扱いとする")
    hub.goes_to(path)
    expect(hub.view.locator(".page-actions .chip")).to_have_text("解決")
    hub.sees("平内町 企画課長")
    assert hub.view.evaluate("document.documentElement.scrollWidth") == 390
