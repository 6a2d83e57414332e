"""What is left to read at the end: the letters sent, the history, and the door."""

from tests.browser.chapters import MOVING
from tests.browser.house import House

# What the record says of a chapter.
REPORTS = (
    f"連携事業「{MOVING}」を登録しました。",
    "令和8年度上期の進捗報告を5件の宛先にお願いしました（期限 令和8年11月30日）。",
    "報告を質問して戻しました。",
)
MEETING = ("今別町長のご予定に今別町 秘書が回答しました。",)
COSTS = ("理由：県の補助が10万円増えたため。", "すべての双方の確認がそろいました。")


def read_the_record(house: House, *chapters: tuple[str, ...]) -> None:
    """Every letter is listed, every step stands in the history; then everybody goes home."""
    office = house.signed_in("office")
    office.presses("通知")
    office.sees(f"送った記録{len(house.mail.messages)}通")
    office.presses(f"【御礼】{MOVING}の費用負担について、確認がそろいました")
    office.sees("250 Message accepted")
    office.goes_to("/audit")
    for sentences in chapters:
        office.sees(*sentences)
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
