"""The main job from end to end, as its people live it: one year's work in one browser.

Office, lead, officers, secretaries and confirmers at their pages in a real Chromium, their
letters received by a real mail server, the clock moved from day to day.
"""

from datetime import datetime

import pytest
import time_machine
from playwright.sync_api import expect

from tests.agreements.makers import FILE, REAL
from tests.browser.house import House, Visitor
from tracker.accounts.queries import actor_of
from tracker.agreements import actions as agreements
from tracker.demo.area import sister
from tracker.plumbing import clock

OFFICE = "office@aomori.example"
LEAD = "lead@aomori.example"
TOWNS = ("hiranai", "imabetsu", "yomogita", "sotogahama")
OFFICERS = [f"officer@{slug}.example" for slug in TOWNS]
CONFIRMERS = [f"confirmer@{slug}.example" for slug in ("aomori", *TOWNS)]
SECRETARIES = [f"secretary@{slug}.example" for slug in ("aomori", *TOWNS)]
POLL = "日程の御回答について"
WORDS = {"○": "出席できる", "△": "調整すれば可", "×": "出席できない"}
ANSWERS = {
    "aomori": "○○○○○",
    "hiranai": "×○○△○",
    "yomogita": "○○△○×",
    "sotogahama": "△○○○○",
}
TRAINING, MOVING = "農業研修事業", "東青地域移住促進事業"


@pytest.mark.browser
def test_the_story(town_hall: House, now: time_machine.Traveller) -> None:
    import_the_agreement(town_hall)
    enter_its_sisters(town_hall)
    plan_two_projects(town_hall)
    ask_for_reports(town_hall)
    officer = report_from_the_letter(town_hall)
    check_the_reports(town_hall, officer)
    ask_the_secretaries(town_hall)
    remind_the_silent_one(town_hall, now)
    fix_the_day(town_hall)
    hold_the_meeting(town_hall, now)
    share_the_costs(town_hall)
    confirm_the_costs(town_hall)
    read_the_record(town_hall)
    no_letter_came_twice(town_hall)


def import_the_agreement(house: House) -> None:
    """Art. 1-3: the real text is read, each doubt answered by a person, then registered."""
    office = house.signed_in("office")
    office.presses("別表と事業")
    office.presses("協約を取り込む")
    office.view.get_by_label("協約のファイル").set_input_files(FILE)
    office.presses("読み取る")
    office.sees_title("読み取った内容の確認")
    office.sees("連携施策 15件", "条文 6条")
    for doubt, answer in (
        ("行がページで分かれていました", "つなげてよい"),
        ("協約の文ではないかもしれません", "除いてよい"),
        ("氏名が途中で切れているかもしれません", "この氏名で登録する"),
        ("改行で分かれた語をつなげました", "つなげてよい"),
        ("毎年度の予定にします", "予定を作る"),
    ):
        expect(office.view.get_by_role("button", name="登録する（要確認")).to_be_disabled()
        asked = office.view.get_by_role("heading", name=doubt)
        card = office.view.locator("section.card").filter(has=asked)
        office.presses(answer, within=card)
        expect(card).to_contain_text("確認済み")
    office.presses("登録する")
    office.sees("協約を登録しました。", "中嶋久", "令和元年12月25日")
    rows = office.view.locator("table.annex tbody tr")
    expect(rows).to_have_count(15)
    expect(rows.filter(has_text="教育・文化・スポーツ")).to_contain_text("取り組む。")
    expect(rows.filter(has_text="取り組む。む。")).to_have_count(0)


def enter_its_sisters(house: House) -> None:
    """The agreements with the other three towns, the same text by their names."""
    with house.app.app_context():
        for town in ("平内町", "蓬田村", "外ヶ浜町"):
            agreements.import_text(
                sister(REAL, town),
                f"{town}.txt",
                accept=True,
                by=actor_of(OFFICE),
                at=clock.now(),
                is_example=True,
            )


def plan_two_projects(house: House) -> None:
    """Art. 3: the lead's own project, and one the office enters for it."""
    lead = house.signed_in("lead")
    lead.presses("別表と事業")
    lead.presses("事業の一覧を開く")
    lead.presses("事業を加える")
    describe_project(
        lead,
        {
            "事業の名前": TRAINING,
            "事業の内容": "新規就農者と農業者に、栽培と経営の研修を行う。",
            "連携施策": "地域資源を活用した地域経済の裾野拡大",
            "主担当の課・係": "農業振興センター",
            "成果指標の名前": "研修・講座 参加者数",
            "単位": "人",
            "数え方": "実人数。同じ人が2回受けても1人と数えます。",
        },
        {"青森市": ("3,000千円", "300"), "平内町": ("500000", "60"), "今別町": ("", "20")},
    )
    lead.sees("3,500千円", "青森市・平内町・今別町")

    office = house.signed_in("office")
    office.goes_to("/projects")
    office.presses("事業を加える")
    everybody = dict.fromkeys(("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町"), ("", "30"))
    describe_project(
        office,
        {
            "事業の名前": MOVING,
            "事業の内容": "移住の相談会と、お試し移住を行う。",
            "連携施策": "移住促進",
            "主担当の課・係": "農業振興センター",
            "お知らせの宛先": "農業振興センター",
            "成果指標の名前": "移住相談 件数",
            "単位": "件",
        },
        {**everybody, "青森市": ("3,620千円", "200")},
    )
    office.presses("別表と事業")
    office.sees("地域資源を活用した地域経済の裾野拡大")
    expect(office.row("移住促進", "table.mx")).to_contain_text("蓬田村　移住促進　未報告1件、参加1事業")


def describe_project(
    person: Visitor, words: dict[str, str], parts: dict[str, tuple[str, str]]
) -> None:
    """Fills in the form of a project: its words, and each town's budget and target."""
    person.fills(words)
    for town, (budget, target) in parts.items():
        own = person.group(town)
        own.get_by_label("参加する").check()
        person.fills({"予算額": budget, "目標": target}, within=own)
    person.presses("保存する")
    person.sees_title(words["事業の名前"])


def ask_for_reports(house: House) -> None:
    """The office opens the round; the clock itself sends the letters."""
    office = house.signed_in("office")
    office.presses("進捗報告")
    office.presses("進捗報告をお願いする")
    office.fills({"期間": "令和8年度上期", "期限": "11/30"})
    office.presses("お願いを送る")
    office.sees("進捗報告をお願いしました。")
    house.lets_the_clock_send(*OFFICERS, LEAD)


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
    sees_standings(office, "日程調整中", "日程調整中", "日程調整中", "日程調整中")
    assert sorted(house.sends_letters()) == sorted(SECRETARIES)
    for slug, symbols in ANSWERS.items():
        secretary = house.visitor(width=390, javascript=slug != "hiranai")
        answer_by_link(secretary, house.link_for(f"secretary@{slug}.example"), symbols)


def answer_by_link(secretary: Visitor, link: str, symbols: str) -> None:
    """A tap for each date and one to send; nobody signs in."""
    secretary.goes_to(link)
    cards = secretary.view.locator(".poll-card")
    expect(cards).to_have_count(len(symbols))
    for number, symbol in enumerate(symbols):
        secretary.chooses(WORDS[symbol], within=cards.nth(number))
    secretary.presses("回答を送る")
    secretary.sees_title("回答を受け付けました")


def remind_the_silent_one(house: House, now: time_machine.Traveller) -> None:
    """Three office days before the deadline: 今別町 alone is asked again, and answers."""
    now.move_to(datetime(2026, 12, 3, 9, 1, tzinfo=clock.TOKYO))
    asked = [address for address in house.sends_letters() if address in SECRETARIES]
    assert asked == ["secretary@imabetsu.example"]
    assert house.sends_letters() == []
    secretary = house.visitor(width=390, javascript=False)
    link = house.link_for("secretary@imabetsu.example", "【あと5日】")
    answer_by_link(secretary, link, "○○×○○")


def fix_the_day(house: House) -> None:
    """The best date stands out: three more clicks to the notice, as ux/spec.md 3(a) counts."""
    office = house.signed_in("office")
    office.goes_to("/meetings/2026")
    office.starts_counting()
    office.sees("5市町村のうち5市町村が回答済み")
    best = office.view.locator("tr.pick")
    expect(best).to_contain_text("回答済み全員 ○")
    office.presses("この日に決める", within=best)
    office.presses("決める")
    office.sees_title("開催案内の確認")
    everybody = sorted([*SECRETARIES, *OFFICERS])
    assert sorted(house.sends_letters()) == everybody
    subject = house.last_letter(SECRETARIES[0])["Subject"]
    assert subject == "【日程決定】令和8年度 市町村長会議は12月25日（金）10時です"
    office.presses("案内を送る（9件）")
    assert office.clicks == 3
    sees_standings(office, *["案内済み"] * 4)
    assert sorted(house.sends_letters()) == everybody


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
    office.sees("代理で出席された方の職・氏名を入力してください")
    office.view.locator("#deputy_imabetsu").fill("副町長")
    office.presses("記録する")
    sees_standings(office, "開催済み", "案内済み", "開催済み", "開催済み")
    office.presses("開催と見る")
    sees_standings(office, "開催済み", "案内済み", "開催済み", "開催済み")

    officer = house.signed_in("officer", "imabetsu")
    officer.goes_to("/meetings/2026")
    officer.presses("開催と見る")
    sees_standings(officer, *["開催済み"] * 4)


def sees_standings(person: Visitor, *standings: str) -> None:
    """The four rows of Article 5, in the order of the towns."""
    lines = person.view.locator("#article5 tbody tr")
    expect(lines).to_have_count(4)
    for number, standing in enumerate(standings):
        expect(lines.nth(number).locator("td").last).to_have_text(standing)


def share_the_costs(house: House) -> None:
    """Art. 4(2): the worked check of product.md 6, live as typed and by the button."""
    office = house.signed_in("office")
    office.presses("費用負担")
    office.presses("新しく始める")
    office.fills({"事業": MOVING, "総事業費": "3,620千円", "国・県などの補助": "1120000"})
    office.chooses("費用")
    office.chooses("概算")
    office.presses("下書きを作って、負担の内容へ進む")
    office.sees_title("算式と負担額")
    formula = {"端数の単位": "1,000円", "端数の扱い": "切捨て", "端数の負担者": "青森市"}
    shares = ("1,964,000", "168,000", "115,000", "117,000", "136,000")

    by_button = house.signed_in("office", javascript=False)
    by_button.goes_to(office.view.url)
    by_button.fills({**formula, "均等割": "20", "人口割": "80"})
    by_button.presses("計算する")
    sees_shares(by_button, *shares)

    office.fills({**formula, "均等割": "20"})
    expect(office.view.locator("#split")).to_contain_text("割り方の合計が20％です。")
    office.fills({"人口割": "80"})
    sees_shares(office, *shares)
    office.presses("この内容で保存する")
    sees_shares(office, *shares)
    office.sees("送る前に、1件以上入れてください（協約第4条第2項）。")
    talk = {"協議した日": "12/22", "場所": "オンライン", "参加者": "5市町村の担当者"}
    office.fills({**talk, "内容": "割り方を、均等割20％と人口割80％とすることにした。"})
    office.presses("協議の記録を加える")
    office.presses("送る内容を確かめる")
    office.presses("5件を送る")
    office.sees("案を送りました。")
    assert sorted(house.sends_letters()) == sorted(CONFIRMERS)
    assert "115,000円" in house.last_letter("confirmer@imabetsu.example").get_content()


def confirm_the_costs(house: House) -> None:
    """Both sides of every pair; a change of the amount makes all of it void, and says so."""
    office = house.signed_in("office")
    office.goes_to("/costs/2026-01/confirm")
    office.sees_title("この画面は使えません")

    hub = confirm_by_letter(house, "aomori", "1,964,000円")
    town = confirm_by_letter(house, "imabetsu", "115,000円")
    office.goes_to("/costs/2026-01")
    pairs = office.view.locator("table.pairs tbody tr")
    expect(pairs.filter(has_text="確認待ち")).to_have_count(3)
    office.presses("直す")
    office.sees("すべての確認が取り消され、もう一度お願いすることになります。")
    office.fills({"国・県などの補助": "1220000"})
    office.presses("変わるところを確かめる")
    office.sees("取り消されるもの：青森市 連携推進課長、今別町 企画課長", "2,400,000円")
    office.fills({"変える理由": "県の補助が10万円増えたため。"})
    office.presses("変えて、もう一度確認をお願いする")
    expect(pairs.filter(has_text="確認待ち")).to_have_count(4)
    assert sorted(house.sends_letters()) == sorted(CONFIRMERS)

    for person in (hub, town):
        confirm(person, "")
    for slug in ("hiranai", "yomogita", "sotogahama"):
        office.view.reload()
        office.sees("確認待ち")
        confirm_by_letter(house, slug, "円")
    office.view.reload()
    office.sees("合意済み")
    print(sorted(house.sends_letters()))


def confirm_by_letter(house: House, slug: str, share: str) -> Visitor:
    """From the letter to the own share and the button."""
    person = house.visitor()
    person.goes_to(house.link_for(f"confirmer@{slug}.example", "費用負担"))
    person.signs_in("confirmer", slug)
    confirm(person, share)
    return person


def confirm(person: Visitor, share: str) -> None:
    """The own share stands first, in large figures."""
    person.goes_to("/costs/2026-01/confirm")
    expect(person.view.locator(".own-share")).to_contain_text(share)
    person.presses("この内容で確認する")
    person.sees("内容を確認しました。")


def read_the_record(house: House) -> None:
    """Every letter is listed, every step stands in the history; then everybody goes home."""
    office = house.signed_in("office")
    office.presses("通知")
    office.sees(f"{len(house.mail.messages)}通", "【日程決定】")
    office.goes_to("/audit")
    print(office.view.locator("main").inner_text())
    office.presses("ログアウト")
    office.sees("ログアウトしました。")
    office.goes_to("/")
    office.sees_title("ログイン")


def no_letter_came_twice(house: House) -> None:
    """Each letter has one recipient, and each recipient got each letter once."""
    sent = list(zip(house.mail.recipients, house.mail.messages, strict=True))
    for recipient, letter in sent:
        assert [one.addr_spec for one in letter["To"].addresses] == [recipient]
    assert len({letter["Message-ID"] for _, letter in sent}) == len(sent)
