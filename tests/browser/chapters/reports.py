"""上期: the office asks, 今別町 reports, the lead asks back and confirms."""

from playwright.sync_api import expect

from tests.browser.chapters import LEAD, MOVING, OFFICERS, TRAINING
from tests.browser.house import House, Visitor


def ask_for_reports(house: House) -> None:
    """The office opens the round; the clock itself sends the letters."""
    office = house.signed_in("office")
    office.presses("進捗報告")
    office.presses("進捗報告をお願いする")
    office.fills({"期間": "令和8年度上期", "期限": "11/30"})
    office.presses("お願いを送る")
    office.sees("進捗報告をお願いしました。")
    house.lets_the_clock_send(*OFFICERS, LEAD)
    house.everybody_leaves()


def report_from_the_letter(house: House) -> Visitor:
    """今別町: from the letter to the draft, from home to the receipt in three clicks."""
    officer = house.visitor()
    officer.goes_to(house.link_for("officer@imabetsu.example", "【御依頼】"))
    officer.signs_in("officer", "imabetsu")
    officer.sees_title("令和8年度上期の進捗報告")

    officer.presses(f"始める：{TRAINING}")
    number, done = officer.box("今別町の研修・講座 参加者数"), officer.box("この半年に行ったこと")
    number.fill("約20")
    done.fill("6月に栽培の研修を1回行った。")
    officer.presses("内容の確認へ進む")
    officer.sees("入力の内容をご確認ください（2件）", "事業の状況を1つ選んでください。")
    officer.sees("参加者数は数字で入力してください（例 12）。全角でも入力できます。")
    expect(number).to_have_value("約20")
    expect(done).to_have_value("6月に栽培の研修を1回行った。")
    number.fill("１２")
    number.blur()
    officer.sees("下書きを自動保存しました")

    officer.presses("ホーム")
    officer.sees_title("今、していただくこと　1件")
    officer.sees("2事業のうち、残り2事業です。", "下書きあり")
    officer.starts_counting()
    officer.presses(f"始める：{MOVING}")
    hand_in(officer, "今別町の移住相談 件数", "18", "順調", "相談会を2回開いた。")
    officer.sees(f"{MOVING}の報告を提出しました", "R8上-今別-")
    assert officer.clicks == 3

    officer.presses("次の事業へ（残り1）")
    expect(number).to_have_value("12")
    hand_in(officer, "今別町の研修・講座 参加者数", "12", "やや遅れ", "研修を1回行った。")
    officer.sees("今別町の報告はすべて提出されています。")
    return officer


def hand_in(person: Visitor, number: str, value: str, standing: str, done: str) -> None:
    """Input, check, done."""
    person.fills({number: value, "この半年に行ったこと": done})
    person.chooses(standing)
    person.presses("内容の確認へ進む")
    person.sees_title("提出する内容の確認")
    person.sees(done)
    person.presses("この内容で提出する")


def check_the_reports(house: House, officer: Visitor) -> None:
    """The lead asks once, then confirms; table and project page follow at once."""
    question = "参加者数が12人ですが、受講者名簿では14人です。"
    lead = house.signed_in("lead")
    lead.sees("進捗報告を確認する　2件")
    lead.presses("確認する")
    lead.presses(f"{TRAINING}　今別町")
    lead.fills({"確認したいこと": question})
    lead.presses("質問して戻す")
    lead.sees("今別町に質問を送り、報告を戻しました。")
    assert house.sends_letters() == ["officer@imabetsu.example"]

    officer.goes_to(house.link_for("officer@imabetsu.example", f"「{TRAINING}」の報告について"))
    officer.sees(question)
    hand_in(officer, "今別町の研修・講座 参加者数", "14", "やや遅れ", "研修を1回行った。")

    lead.presses("進捗報告")
    lead.presses("報告を確認する（2件）")
    for project in (TRAINING, MOVING):
        lead.presses(f"{project}　今別町")
        lead.presses("確認済みにする")
        lead.sees(f"今別町「{project}」を確認済みにしました。")
    assert house.sends_letters() == ["officer@imabetsu.example"]
    thanks = house.last_letter("officer@imabetsu.example").get_content()
    assert "2事業すべて" in thanks

    lead.presses("別表と事業")
    row = lead.row("地域資源を活用した地域経済の裾野拡大", "table.mx")
    expect(row).to_contain_text("今別町　地域資源を活用した地域経済の裾野拡大　やや遅れ1件")
    lead.goes_to(f"{lead.view.url.partition('/measures')[0]}/projects")
    lead.presses(TRAINING)
    expect(lead.row("今別町")).to_contain_text("14")
    lead.sees("3市町村のうち1市町村が報告済み", "確認済み")
    house.everybody_leaves()
