"""Pages of the materials: from the office's first press to a municipality that reads them."""

import io

import pytest
from pypdf import PdfReader

from tests.materials.test_materials import locked
from tests.meetings.makers import dates_of, make_fixed, make_meeting
from tracker.meetings.models import MeetingRow
from tracker.papers import pdf
from tracker.papers.kinds import Document, Lines
from tracker.plumbing.db import db


@pytest.fixture
def materials(app):
    """The address of the materials of a meeting."""
    with app.app_context():
        path = f"/meetings/{make_fixed().id}/materials"
        db.session.remove()
    return path


def paper(*texts: str) -> bytes:
    return pdf.write(Document("案", [Lines([one]) for one in texts]))


# Above 2 s: one house from the first press until the meeting is called off, files judged and bound by
# child processes, and every page of the meeting once.
def test_from_the_first_press_to_whoever_reads(app, browse, materials):
    office, town = browse("office"), browse("officer", "imabetsu")
    assert "資料はまだ届いていません" in town.get(materials).text
    page = office.get(materials)
    office.post(f"{materials}/make/all", page.fields(0))
    new, one = f"{materials}/new", paper("冬季講座の案")
    told = {"number": "資料 ９", "title": "冬季講座"}
    page = office.fill(new, {"file": (io.BytesIO(locked("")), "制限.pdf"), **told})
    assert page.status == 422 and "「制限.pdf」：パスワードか、編集・印刷の制限が" in page.text
    good = {**page.fields(), "file": (io.BytesIO(one), "案.pdf")}
    page = office.follow(office.post(new, good))
    assert "資料9" in page.text
    number = [one["id"] for one in page.all("tr[id]")][-1].partition("-")[2]
    town.get(f"{materials}/book.pdf", 404)
    assert "手紙は" in office.follow(office.fill(f"{materials}/send", {})).text
    page = town.get(materials)
    assert "冬季講座" in page.text and "まだ開いていない市町村" not in page.text
    book = town.get(f"{materials}/book.pdf").response
    pages = PdfReader(io.BytesIO(book.data)).pages
    assert "出席者の名簿" in pages[1].extract_text()
    assert "冬季講座の案" in pages[-1].extract_text()
    read = office.get(materials).text
    assert "すべて開いた" in read and "今別町 企画担当" in read

    # 差替え: the old one stays, and whoever has opened it is told so.
    place = f"{materials}/{number}"
    again = io.BytesIO(paper("冬季講座の案", "金額を直した"))
    page = office.fill(f"{place}/replace", {"file": (again, "案.pdf"), "reason": "金額の誤り"})
    page = town.follow(page)
    for words in (
        "差替え",
        "理由：金額の誤り",
        "変わったページ：1",
        "あなたはこの版を開いています",
        "差替え前の第1版（",
    ):
        assert words in page.text
    changed = town.get(f"{place}/changed.pdf").response.data
    read = PdfReader(io.BytesIO(changed))
    [only] = read.pages
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"].value
    assert "金額を直した" in only.extract_text() and "差替え" in only.extract_text()
    assert town.get(f"{place}/files/1").response.data == one
    assert "日程が変わりました" not in page.text and "会場が変わりました" not in page.text

    # It is held elsewhere: what letters and papers said before is named until it is put right.
    meeting = materials.removesuffix("/materials")
    typed = {"place": "県民福祉プラザ", "text": "庁議室の隣の控室もお使いください。"}
    page = office.fill(f"{meeting}/notice", {**typed, "preview": "1"})
    assert "これまでのメールでは、会場を「青森市役所 本庁舎 庁議室」と" in page.text
    assert "会場が変わりました" not in office.get(materials).text
    office.fill(f"{meeting}/notice", {**typed, "text": "会場は青森市役所　本庁舎　庁議室です。"})
    page = office.get(f"{meeting}/notice")
    assert "これまでのメール" not in page.text
    assert (
        "文面に「青森市役所 本庁舎 庁議室」とありますが、会場は「県民福祉プラザ」です。"
        in page.text
    )
    assert "前の会場のままの資料：次第" in town.get(materials).text

    # The meeting moves: what was frozen says the day before until it is made once more.
    with app.app_context():
        other = dates_of(db.session.get_one(MeetingRow, int(meeting.rpartition("/")[2])))[3]
        db.session.remove()
    office.fill(f"{meeting}/dates/{other}/fix", {"reason": "会場の都合"})
    assert "前の日程のままの資料：次第" in town.get(materials).text

    # Called off, none of its pages has a form any more, by an old bookmark either: each could only
    # refuse.
    office.fill(f"{meeting}/cancel", {"reason": "大雪のため"})
    pages = PdfReader(io.BytesIO(town.get(f"{materials}/book.pdf").response.data)).pages
    for front in pages[:2]:
        assert "取りやめになりました。理由" in front.extract_text().replace("\n", "")
    told = {"meeting_id": meeting.rpartition("/")[2], "material_id": number}
    told |= {"candidate_id": other, "municipality": "imabetsu"}
    rules = [one for one in app.url_map.iter_rules() if "GET" in one.methods]
    of = [one for one in rules if "meeting_id" in one.arguments and one.arguments <= told.keys()]
    addresses = app.url_map.bind("")
    seen = {one.rule: office.piece(addresses.build(one.endpoint, told)) for one in of}
    pages = {rule: page for rule, page in seen.items() if page.response.mimetype == "text/html"}
    assert len(pages) > 20
    assert [rule for rule, page in pages.items() if page.all("main form[method=post]")] == []
    for place in ("agenda", "minutes", "replies", "council", "materials"):
        [page] = [page for rule, page in pages.items() if rule.endswith(f"id>/{place}")]
        assert "に取りやめになりました。 理由 大雪のため" in page.text
        assert not page.all(".note-warn")
    for place in ("fix", "replace", "notice", "attendance", "agenda/new"):
        [page] = [page for rule, page in pages.items() if rule.endswith(f"/{place}")]
        assert "この会議は取りやめになりました。" in page.text


def test_materials_wait_for_the_day_of_the_meeting(app, browse):
    office = browse("office")
    with app.app_context():
        path = f"/meetings/{make_meeting().id}/materials"
        db.session.remove()
    page = office.follow(office.post(f"{path}/make/all", office.get(path).fields(0)))
    assert "資料はまだ送っていません" in page.text and not page.all("a[href$='/send']")
    assert "開催日を決めてから、資料を送ってください。" in page.text
    assert not office.get(f"{path}/send").all("main form")
