"""Article 5: from the dates to the attendance, and what a deputy leaves open."""

from datetime import datetime

import time_machine
from playwright.sync_api import expect

from tests.browser.chapters import OFFICERS, SECRETARIES
from tests.browser.house import House, Visitor
from tracker.plumbing import clock

WORDS = {"○": "出席できる", "△": "調整すれば可", "×": "出席できない"}
ANSWERS = {
    "aomori": "○○○○○",
    "hiranai": "×○○△○",
    "yomogita": "○○△○×",
    "sotogahama": "△○○○○",
}


def ask_the_secretaries(house: House) -> None:
    """Art. 5: five letters; four answer by their links, on a telephone, one without JavaScript."""
    office = house.signed_in("office")
    office.starts_counting()
    office.presses("準備する")
    office.sees_title("候補日と回答期限")
    office.presses("宛先と文面へ")
    office.sees("secretary@imabetsu.example")
    office.presses("5件を送る")
    assert office.clicks == 3
    office.sees("5市町村のうち0市町村が回答済み")
    # Home, the dates, the letters; the answers come next.
    assert len(office.screens) == 3 + 1, office.screens
    sees_standings(office, "日程調整中", "日程調整中", "日程調整中", "日程調整中")
    assert sorted(house.sends_letters()) == sorted(SECRETARIES)
    house.everybody_leaves()
    for slug, symbols in ANSWERS.items():
        secretary = house.visitor(width=390, javascript=slug != "hiranai")
        answer_by_link(secretary, house.link_for(f"secretary@{slug}.example"), symbols)
        house.everybody_leaves()


def answer_by_link(secretary: Visitor, link: str, symbols: str) -> None:
    """A tap for each date and one to send; nobody signs in."""
    begin_at(secretary, link)
    cards = secretary.view.locator(".poll-card")
    expect(cards).to_have_count(len(symbols))
    for number, symbol in enumerate(symbols):
        secretary.chooses(WORDS[symbol], within=cards.nth(number))
    secretary.presses("回答を送る")
    secretary.sees_title("回答を受け付けました")
    assert len(secretary.screens) == 2, secretary.screens


def remind_the_silent_one(house: House, now: time_machine.Traveller) -> None:
    """Three office days before the deadline: 今別町 alone is asked again, and answers."""
    now.move_to(datetime(2026, 12, 3, 9, 1, tzinfo=clock.TOKYO))
    asked = [address for address in house.sends_letters() if address in SECRETARIES]
    assert asked == ["secretary@imabetsu.example"]
    assert house.sends_letters() == []
    secretary = house.visitor(width=390, javascript=False)
    link = house.link_for("secretary@imabetsu.example", "【あと5日】")
    answer_by_link(secretary, link, "○○×○○")
    house.everybody_leaves()


def fix_the_day(house: House) -> None:
    """The best date stands out: three more clicks to the notice; 5 screens and 6 clicks in all (3(a))."""
    office = house.signed_in("office")
    office.goes_to("/meetings/2026")
    office.starts_counting()
    office.sees("5市町村のうち5市町村が回答済み")
    best = office.view.locator("tr.pick")
    expect(best).to_contain_text("回答済み全員 ○")
    best.locator("summary").click()
    office.presses("決める", within=best)
    office.sees_title("開催案内の確認")
    everybody = sorted([*SECRETARIES, *OFFICERS])
    assert sorted(house.sends_letters()) == everybody
    subject = house.last_letter(SECRETARIES[0])["Subject"]
    assert subject == "【日程決定】令和8年度 市町村長会議は12月25日（金）10時です"
    office.presses("案内を送る（9件）")
    assert office.clicks == 3
    sees_standings(office, *["案内済み"] * 4)
    # The answers, on which the day is fixed, and the notice; then the page that says it went out.
    assert len(office.screens) == 2 + 1, office.screens
    assert sorted(house.sends_letters()) == everybody
    house.everybody_leaves()


def say_who_comes(house: House) -> None:
    """From the link of the notice to the confirmation in two screens, on a telephone (a deputy)."""
    secretary = house.visitor(width=390, javascript=False)
    begin_at(secretary, house.link_for("secretary@hiranai.example", "出欠"))
    secretary.sees_title("平内町長の出欠")
    secretary.chooses("代理")
    come = {"代理の方の職・氏名": "副町長　氏名", "随行（人数）": "２", "車両（台数）": "1"}
    secretary.fills(come)
    secretary.presses("回答を送る")
    secretary.sees_title("回答を受け付けました")
    secretary.sees("代理（副町長　氏名）、随行2名、車両1台", "12月25日")
    assert len(secretary.screens) == 2, secretary.screens
    assert secretary.view.evaluate("document.documentElement.scrollWidth") == 390
    house.everybody_leaves()


def begin_at(secretary: Visitor, link: str) -> None:
    """Opens the link of a letter; from here on screens are counted, this one first."""
    secretary.goes_to(link)
    secretary.screens = [secretary.view.url]
    secretary.view.on("framenavigated", lambda frame: secretary.screens.append(frame.url))


def hold_the_meeting(house: House, now: time_machine.Traveller) -> None:
    """A deputy for 今別町: that agreement is done when both sides say so, and not before."""
    now.move_to(datetime(2026, 12, 25, 16, tzinfo=clock.TOKYO))
    office = house.signed_in("office")
    office.sees("市町村長会議の出席を記録する")
    office.presses("記録する")
    office.presses("出席を記録する")
    for town in ("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町"):
        came = office.view.get_by_role("radiogroup", name=f"{town}長の出席")
        office.chooses("代理" if town == "今別町" else "本人", within=came)
    office.presses("記録する")
    office.sees("代理の方の職・氏名を入力してください")
    office.view.locator("#deputy_imabetsu").fill("副町長")
    office.presses("記録する")
    sees_standings(office, "開催済み", "案内済み", "開催済み", "開催済み")
    office.presses("開催と見る")
    sees_standings(office, "開催済み", "案内済み", "開催済み", "開催済み")

    officer = house.signed_in("officer", "imabetsu")
    officer.goes_to("/meetings/2026")
    officer.presses("開催と見る")
    sees_standings(officer, *["開催済み"] * 4)
    house.everybody_leaves()


def sees_standings(person: Visitor, *standings: str) -> None:
    """The four rows of Article 5, in the order of the towns."""
    lines = person.view.locator("#article5 tbody tr")
    expect(lines).to_have_count(4)
    for number, standing in enumerate(standings):
        expect(lines.nth(number).locator("td").last).to_have_text(standing)
