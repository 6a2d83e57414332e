"""The pages of agreements: the list, the full text, the import and its review."""

from io import BytesIO
from typing import Any

import pytest

from tests.agreements.makers import CONTENT, REAL, changed, clear_agreements, make_agreement
from tests.pages import Page, PageClient
from tracker.plumbing.changes import NOT_OF_THIS

OTHER = ("今別町", "外ヶ浜町")
REVIEW = "/agreements/import/1"


@pytest.fixture
def empty(app):
    with app.app_context():
        clear_agreements()
    return app


@pytest.fixture
def office(empty, browse) -> PageClient:
    return browse("office")


def upload(client: PageClient, data: bytes, name: str, **more: Any) -> Page:
    form = client.get("/agreements/import").fields()
    return client.post("/agreements/import", {**form, "file": (BytesIO(data), name), **more})


def hidden(client: PageClient) -> dict[str, str]:
    """What every form of the review carries unseen."""
    form = client.get(REVIEW).html.select("main form")[0]
    return {str(box["name"]): str(box["value"]) for box in form.select("input[type=hidden]")}


def answer(client: PageClient, key: str, choice: str, **more: str) -> Page:
    fields = {**hidden(client), "choice": choice, **more}
    return client.post(f"{REVIEW}/answers/{key}", fields)


def press(client: PageClient, action: str) -> Page:
    return client.post(f"{REVIEW}/{action}", hidden(client))


ANSWERS = {
    "joined_line-43": ("accept", {}),
    "name_maybe_cut-57": ("type", {"value": "中嶋久彰"}),
    "split_row-84": ("accept", {}),
    "stray_text-102": ("accept", {}),
    "annual_meeting-5-1": ("accept", {}),
}


def test_from_the_file_to_the_full_text(office):
    page = office.follow(upload(office, REAL.encode(), "協約書.txt"))
    assert page.title == "読み取った内容の確認"
    assert page.one(".page-actions button").text == "登録する（要確認 あと5件）"
    assert page.one(".page-actions button").has_attr("disabled")
    for left, (key, (choice, more)) in zip((4, 3, 2, 1, 0), ANSWERS.items(), strict=True):
        done = answer(office, key, choice, **more)
        assert done.location == f"{REVIEW}#{key}"
        page = office.follow(done)
        assert f"確認済み {5 - left}件" in page.text
        assert (f"要確認 {left}件" in page.text) is (left > 0)
    assert not page.one(".page-actions button").has_attr("disabled")
    page = office.follow(press(office, "register"))
    assert page.title == "青森市及び今別町における連携中枢都市圏の形成に係る連携協約"
    assert "乙　今別町長　中嶋久彰" in page.one(".agreement ul").get_text()
    assert "毎年度の義務" in page.one("#art5").get_text()
    assert "その都度の義務（第2項）" in page.one("#art4").get_text()
    assert len(page.all("table.annex tbody tr")) == 15
    assert "取り組む。" in page.one("[id='measure-3(1)-4']").get_text()
    listed = office.get("/agreements")
    assert "令和元年12月25日 6条 15件" in listed.text
    assert office.get(REVIEW, status=302).location == "/agreements/1"


def test_the_review_shows_every_line_and_every_unplaced_one(office):
    page = office.follow(upload(office, REAL.encode(), "協約書.txt"))
    shown = [int(line["id"].removeprefix("line-")) for line in page.all(".source li[id]")]
    assert shown == [n for n, line in enumerate(REAL.split("\n"), start=1) if line.strip()]
    asked = [int(line["id"].removeprefix("line-")) for line in page.all(".source li.ask")]
    assert asked == [35, 37, 43, 45, 57, 84, 86, 102, 103, 105, 106, 107]
    stray = page.one("#stray_text-102 .quote")
    assert [each.get_text() for each in stray.select("dd")] == [
        "清華大學", "圖書館", "清華大學", "圖書館", "藏書",
    ]  # fmt: skip
    assert "条文 6条 ／ 連携施策 15件" in page.text
    assert "毎年度の義務 1件" in page.text and "その都度の義務 2件" in page.text
    labels = [row.th.get_text() for row in page.all("#items tbody tr")]
    assert "連携施策 3(1)-4" not in labels and "連携施策 3(1)-5" in labels
    assert "当事者 乙" not in labels and "末尾の文" not in labels


def test_pasting_the_words_does_the_same(office):
    page = office.fill("/agreements/import", {"pasted": REAL.replace("\n", "\r\n")})
    assert "貼り付けた文" in office.follow(page).text
    assert "確認の途中の取込み" in office.get("/agreements/import").text


def test_an_answer_that_cannot_be_kept_stands_at_its_field(office):
    upload(office, REAL.encode(), "協約書.txt")
    page = answer(office, "name_maybe_cut-57", "type", value=" 　 ")
    assert page.status == 422
    assert "氏名を入力してください。" in page.one("#box-name_maybe_cut-57-error").get_text()
    assert page.one(".error-summary a")["href"] == "#box-name_maybe_cut-57"
    page = answer(office, "name_maybe_cut-57", "type", value="あ" * 101)
    assert page.one("#box-name_maybe_cut-57")["value"] == "あ" * 101


def test_who_answers_on_a_page_gone_stale_sees_the_other_answer(office, browse):
    upload(office, REAL.encode(), "協約書.txt")
    other, key = browse("admin"), "name_maybe_cut-57"
    stale = hidden(other)
    answer(office, key, "type", value="中嶋久彰")
    without = {name: text for name, text in stale.items() if name != "seen"}
    for seen, who in ((stale, "青森市 連携推進担当"), (without, NOT_OF_THIS)):
        fields = {**seen, "once": f"again{len(seen)}", "choice": "type", "value": "中嶋久"}
        page = other.post(f"{REVIEW}/answers/{key}", fields)
        assert page.status == 409
        assert who in page.one(".error-summary").text
        assert "中嶋久彰" in page.text
        assert page.one(f"#box-{key}")["value"] == "中嶋久"
    assert answer(other, key, "type", value="中嶋久").status == 302
    assert other.post(f"{REVIEW}/register", {**stale, "once": "r"}).status == 409
    # A button has no form of its own to come back to: its page leads to what is stored now.
    late = other.post(f"{REVIEW}/discard", {**stale, "once": "d"})
    newest = late.one("main a.btn")
    assert (late.status, newest.text.strip()) == (409, "最新の内容を見る")
    assert newest["href"] == "/agreements/import"


def test_registering_before_the_last_answer_is_refused_by_the_server(office):
    upload(office, REAL.encode(), "協約書.txt")
    page = press(office, "register")
    assert page.status == 422 and "確認していないところが5件あります" in page.text
    assert "協約はまだ登録されていません" in office.get("/agreements").text


def test_what_was_read_wrong_is_mended_in_the_words_and_read_again(office):
    upload(office, REAL.encode(), "協約書.txt")
    link = office.get(REVIEW).link("原文の文字を直して、もう一度読み取る")
    assert office.get(link).fields(0)["pasted"].endswith(REAL)
    press(office, "discard")
    office.get(REVIEW, status=404)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "empty.txt", "ファイルの中身が空です。"),
        ("　\n".encode(), "blank.txt", "ファイルの中身が空です。"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "photo.txt", "このファイルは取り込めません。"),
        (b"\x00\x01\x02\xff\xfe", "data.txt", "文字として読めないファイルです。"),
        (b"%PDF-1.7", "agreement.pdf", "テキスト形式（.txt）だけを読み取れます。"),
        (b"PK\x03\x04", "agreement.docx", "文字をコピーして貼り付けてください。"),
        (b"\xd0\xcf\x11\xe0", "AGREEMENT.DOC", "このファイルは取り込めません。"),
        (b"\x80\x81\xff\xa0", "euc.txt", "文字として読めないファイルです。"),
        (b"5" * 300_001, "long.txt", "文字の数が多すぎます（今 300,001字、"),
        ("お知らせ\n明日は休みです。".encode(), "note.txt", "連携協約の文ではないようです"),
        (REAL.partition("（目的）")[0].encode(), "head.txt", "連携協約の文ではないようです"),
        (
            changed(("地域医療", "地域\ue000医療")).encode(),
            "gaiji.txt",
            "（「地域」のすぐ後ろ）に、外字",
        ),
        (
            changed(("地域医療", "地域\u202e医療")).encode(),
            "turned.txt",
            "行目の3文字目（「地域」のすぐ後ろ）に",
        ),
    ],
)
def test_bad_files_get_a_plain_sentence_at_the_field(office, data, name, said):
    page = upload(office, data, name)
    assert page.status == 422
    assert said in page.one("#file-error").get_text()
    assert "確認の途中" not in office.get("/agreements/import").text


def test_one_source_is_chosen_and_pasted_words_stay(office):
    page = office.fill("/agreements/import", {"pasted": ""})
    assert (
        "ファイルを選ぶか、協約の文字を貼り付けてください。" in page.one("#file-error").get_text()
    )
    page = upload(office, REAL.encode(), "協約書.txt", pasted="協約")
    assert "どちらか1つだけ" in page.one("#file-error").get_text()
    page = office.fill("/agreements/import", {"pasted": "5" * 5_000_000})
    assert "文字の数が多すぎます（今 5,000,000字、" in page.one("#pasted-error").get_text()
    page = office.fill("/agreements/import", {"pasted": "覚書"})
    assert "連携協約の文ではない" in page.one("#pasted-error").get_text()
    assert page.fields()["pasted"].strip() == "覚書"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_text_files_of_windows_are_read(office, encoding):
    text = REAL.partition("清華大學")[0].replace("\n", "\r\n")
    page = office.follow(upload(office, text.encode(encoding), "文書/協約書.txt"))
    assert "連携施策 15件" in page.text
    assert page.one(".eyebrow").get_text() == "協約の取込み　／　協約書.txt"


def test_another_annex_is_set_beside_those_of_the_area(office, empty):
    with empty.app_context():
        make_agreement()
    text = changed(
        OTHER, ("地域医療\t", "消防\t消防を整える。\t甲は、行う。\t乙は、行う。\n地域医療\t")
    )
    page = office.follow(upload(office, text.encode(), "外ヶ浜町.txt"))
    assert page.link("原文 85行目") == "#line-85"
    assert (
        "この協約の連携施策は16件です。 今別町の協約 15件 この協約だけにあるもの 1件 消防"
        in page.text
    )
    page = office.follow(upload(office, REAL.encode(), "今別町.txt"))
    assert "今別町との協約は、すでに登録されています。" in page.text


def test_another_wording_keeps_its_own_place_in_the_full_text(office, empty):
    with empty.app_context():
        make_agreement()
        make_agreement(changed(OTHER, (CONTENT, "海と山の情報発信等")))
    assert CONTENT in office.get("/agreements/1").one("#measure-1-4").get_text()
    assert "海と山の情報発信等" in office.get("/agreements/2").one("#measure-1-4").get_text()


@pytest.mark.parametrize("role", ["lead", "confirmer", "reader", "officer"])
def test_only_office_and_admin_import(browse, role):
    client = browse(role, "imabetsu" if role == "officer" else "aomori")
    assert "協約を取り込む" not in client.get("/agreements").text
    client.get("/agreements/1")
    refused = client.get("/agreements/import", status=403)
    assert "連携推進担当・管理者だけが使えます" in refused.text
    client.get("/agreements/import/1", status=403)
    assert client.post("/agreements/import/1/register", {}).status in (400, 403)


def test_admin_may_import_and_strangers_sign_in_first(browse):
    assert browse("admin").get("/agreements").link("協約を取り込む") == "/agreements/import"
    assert "/login" in browse().get("/agreements", status=302).location


def test_an_example_is_marked_as_one(browse):
    client = browse("reader")
    rows = {row.a.get_text(): row.get_text() for row in client.get("/agreements").all("tbody tr")}
    assert list(rows) == [f"青森市・{town}" for town in ("平内町", "今別町", "蓬田村", "外ヶ浜町")]
    assert [("例示" in text) for text in rows.values()] == [True, False, True, True]


def test_queries_do_not_grow_with_the_text(browse, app):
    client = browse("office")
    for path in ("/agreements", "/agreements/2"):
        client.get(path)
    small = [len(client.get(path).queries) for path in ("/agreements", "/agreements/2")]
    with app.app_context():
        clear_agreements()
        for town in ("平内町", "今別町", "蓬田村", "外ヶ浜町"):
            make_agreement(REAL.replace("今別町", town))
    upload(client, REAL.encode(), "協約書.txt")
    path = [row.a["href"] for row in client.get("/agreements").all("tbody tr")][1]
    client.get(path)
    assert [len(client.get(each).queries) for each in ("/agreements", path)] == small
    client.get("/agreements/import/5")
