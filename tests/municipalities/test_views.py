"""Closed days and assembly sessions, entered on a page."""

from datetime import date

import pytest

ENTRY = {
    "municipalities": ["imabetsu"],
    "kind": "closure",
    "name": "開町記念日",
    "begins_on": "令和8年12月3日",
    "ends_on": "2026-12-03",
}


def test_an_officer_enters_closed_days_of_the_own_town_only(browse, app):
    officer = browse("officer", "imabetsu")
    page = officer.get("/admin/holidays/new")
    offered = [option["value"] for option in page.all("input[name=municipalities]")]
    assert offered == ["imabetsu"]
    assert "開町記念日" in officer.follow(officer.fill("/admin/holidays/new", ENTRY)).text
    forged = officer.fill("/admin/holidays/new", {**ENTRY, "municipalities": ["yomogita"]})
    assert forged.status == 422
    from tracker.municipalities import queries

    with app.app_context():
        closed = queries.closures(date(2026, 12, 1), date(2026, 12, 31))
        assert closed["imabetsu"] == {date(2026, 12, 3)}
        assert closed["yomogita"] == frozenset()


def test_an_entry_is_taken_out_by_its_own_town_and_not_by_another(browse):
    officer = browse("officer", "imabetsu")
    page = officer.follow(officer.fill("/admin/holidays/new", ENTRY))
    remove = page.one("main form")["action"]
    other = browse("officer", "yomogita")
    token = other.get("/admin/holidays/new").fields()["csrf_token"]
    assert other.post(remove, {"csrf_token": token}).status == 403
    done = officer.post(remove, {"csrf_token": page.fields()["csrf_token"]})
    assert "登録された日程はありません" in officer.follow(done).text


def test_an_absence_is_entered_for_several_and_read_by_its_own_and_the_office(browse, app):
    office = browse("office")
    both = {**ENTRY, "municipalities": ["imabetsu", "yomogita"], "kind": "absence", "name": "上京"}
    page = office.follow(office.fill("/admin/holidays/new", both))
    assert page.text.count("上京") == 2 + 1
    assert page.text.count("青森市 連携推進担当") >= 2
    own = browse("officer", "imabetsu").get("/admin/holidays")
    assert "上京" in own.text
    assert "蓬田村" not in own.one("table").text
    for stranger in (browse("officer", "hiranai"), browse("reader"), browse("lead")):
        assert "上京" not in stranger.get("/admin/holidays").text
    said = browse("confirmer", "hiranai").get("/audit").text
    assert "今別町長の不在" not in said and "上京" not in said
    remove = own.one("main form")["action"]
    token = {"csrf_token": own.fields()["csrf_token"]}
    assert browse("officer", "hiranai").post(remove, token).status in (400, 403)
    mine = browse("officer", "imabetsu")
    left = mine.follow(mine.post(remove, mine.get("/admin/holidays").fields()))
    assert "上京" not in left.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "名前を入力してください"),
        ({"begins_on": "あした"}, "日付は「令和8年11月30日」"),
        ({"ends_on": "令和8年12月2日"}, "終わりの日は、始まりの日か、それより後の日にしてください"),
        ({"ends_on": "令和9年12月2日"}, "60日を超えています"),
        ({"kind": "party"}, ""),
        ({"municipalities": []}, "市町村を1つ以上選んでください"),
    ],
)
def test_a_wrong_entry_gets_a_sentence(browse, changes, sentence):
    page = browse("office").fill("/admin/holidays/new", {**ENTRY, **changes})
    assert page.status == 422
    assert sentence in page.one(".error-summary").get_text()
