"""Pages of the materials: from the office's first press to a municipality that reads them."""

import io

import pytest
from pypdf import PdfReader

from tests.materials.test_materials import locked
from tests.meetings.makers import dates_of, make_fixed
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
    ):
        assert words in page.text
    changed = town.get(f"{place}/changed.pdf").response.data
    [only] = PdfReader(io.BytesIO(changed)).pages
    assert "金額を直した" in only.extract_text() and "差替え" in only.extract_text()
    assert town.get(f"{place}/files/1").response.data == one
    assert "日程が変わりました" not in page.text

    # The meeting moves: what was frozen says the day before until it is made once more.
    meeting = materials.removesuffix("/materials")
    with app.app_context():
        other = dates_of(db.session.get_one(MeetingRow, int(meeting.rpartition("/")[2])))[3]
        db.session.remove()
    office.fill(f"{meeting}/dates/{other}/fix", {"reason": "会場の都合"})
    assert "前の日程のままの資料：次第" in town.get(materials).text
