"""Article 4(2): one table, four agreements, to the yen."""

from playwright.sync_api import expect

from tests.browser.chapters import CONFIRMERS, MOVING
from tests.browser.house import House, Visitor
from tracker.plumbing import clock

# The worked check of product.md 6: 2,500,000 yen, 均等20/人口80, 2020 census, 1,000 yen down.
SHARES = ("1,964,000", "168,000", "115,000", "117,000", "136,000")
# The same of 2,400,000 yen.
SHARES_AFTER_CHANGE = {
    "hiranai": "161,000円",
    "aomori": "1,885,000円",
    "imabetsu": "111,000円",
    "yomogita": "112,000円",
    "sotogahama": "131,000円",
}
# In the whole story the clock tells the office of reports that are long overdue, too.
LATE = "office@aomori.example"
FORMULA = {"端数の単位": "1,000円", "端数の扱い": "切捨て", "端数の負担者": "青森市"}


def share_the_costs(house: House, *late: str) -> None:
    """Art. 4(2): the worked check of product.md 6, live as typed and by the button.

    `late` are others to whom the clock writes on the way, of what is overdue.
    """
    office = house.signed_in("office")
    office.presses("費用負担")
    office.presses("新しく始める")
    office.fills({"事業": MOVING, "総事業費": "3,620千円", "国・県などの補助": "1120000"})
    office.chooses("費用")
    office.chooses("概算")
    office.presses("下書きを作って、負担の内容へ進む")
    office.sees_title("算式と負担額")

    by_button = house.signed_in("office", javascript=False)
    by_button.goes_to(office.view.url)
    by_button.fills({**FORMULA, "均等割": "20", "人口割": "80"})
    by_button.presses("計算する")
    sees_shares(by_button, *SHARES)

    office.fills({**FORMULA, "均等割": "20"})
    expect(office.view.locator("#split")).to_contain_text("割り方の合計が20％です。")
    office.fills({"人口割": "80"})
    sees_shares(office, *SHARES)
    office.presses("この内容で保存する")
    sees_shares(office, *SHARES)
    office.sees("送る前に、1件以上入れてください（協約第4条第2項）。")
    today = f"{clock.today():%m/%d}"
    talk = {"協議した日": today, "場所": "オンライン", "参加者": "5市町村の担当者"}
    office.fills({**talk, "内容": "割り方を、均等割20％と人口割80％とすることにした。"})
    office.presses("協議の記録を加える")
    office.presses("送る内容を確かめる")
    office.presses("5件を送る")
    office.sees("案を送りました。")
    assert sorted(house.sends_letters()) == sorted((*CONFIRMERS, *late))
    for address in late:
        assert "【期限を過ぎています】" in house.last_letter(address)["Subject"]
    assert "115,000円" in house.last_letter("confirmer@imabetsu.example").get_content()
    house.everybody_leaves()


def sees_shares(person: Visitor, *shares: str) -> None:
    """The amounts of the table, in the order of the municipalities, and their sum."""
    total = sum(int(share.replace(",", "")) for share in shares)
    cells = person.view.locator("#split tbody .share-amount, #split tfoot .share-amount")
    expect(cells).to_have_text([*shares, f"{total:,}"])


def change_what_was_sent(house: House) -> None:
    """Who drafts cannot confirm; a change makes what was confirmed void, and says so before."""
    office = house.signed_in("office")
    office.goes_to("/costs/2026-01/confirm")
    office.sees_title("この画面は使えません")

    confirm_by_letter(house, "aomori", "1,964,000円")
    confirm_by_letter(house, "imabetsu", "115,000円")
    office.goes_to("/costs/2026-01")
    pairs = office.view.locator("table.pairs tbody tr")
    expect(pairs.filter(has_text="確認待ち")).to_have_count(3)
    office.presses("直す")
    office.sees("すべての確認が取り消され、もう一度お願いすることになります。")
    office.fills({"国・県などの補助": "1220000"})
    office.presses("変わるところを確かめる")
    office.sees("取り消される確認：青森市 連携推進課長、今別町 企画課長", "111,000円")
    office.fills({"変える理由": "県の補助が10万円増えたため。"})
    office.presses("変えて、もう一度確認をお願いする")
    expect(pairs.filter(has_text="確認待ち")).to_have_count(4)
    assert sorted(house.sends_letters()) == sorted(CONFIRMERS)
    house.everybody_leaves()


def agree(house: House) -> None:
    """With the word of both sides of all four agreements, and not before, the case is agreed."""
    *first, last = SHARES_AFTER_CHANGE.items()
    for slug, share in first:
        confirm_by_letter(house, slug, share).sees("確認待ち")
        house.everybody_leaves()
    confirm_by_letter(house, *last).sees("合意済み")
    assert sorted(house.sends_letters()) == sorted(CONFIRMERS)
    house.everybody_leaves()


def confirm_by_letter(house: House, slug: str, share: str) -> Visitor:
    """From the letter to the own share, in large figures, and the button."""
    person = house.visitor()
    person.goes_to(house.link_for(f"confirmer@{slug}.example", "費用負担"))
    person.signs_in("confirmer", slug)
    expect(person.view.locator(".own-share")).to_have_text(share)
    person.presses("この内容で確認する")
    person.sees("内容を確認しました。")
    return person
