"""Base figures and closed days, entered on a page."""

from datetime import date

import pytest

FIGURES = {
    "kind": "population",
    "name": "住民基本台帳",
    "as_of_on": "令和8年4月1日",
    "source": "各市町村 住民基本台帳",
    "value_aomori": "２６９，０９５",
    "value_imabetsu": "2311",
}


def test_figures_are_entered_with_source_and_day_and_an_absent_one_stays_absent(browse):
    office = browse("office")
    done = office.fill("/admin/bases/new", FIGURES)
    page = office.follow(done)
    row = next(row for row in page.all("tbody tr") if "住民基本台帳" in row.get_text())
    cells = [cell.get_text(strip=True) for cell in row.select("td")]
    assert cells == ["令和8年4月1日", "269,095", "—", "2,311", "—", "—"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": ""}, "種類を1つ選んでください。"),
        ({"name": " "}, "名前を入力してください"),
        ({"name": "令和2年国勢調査"}, "「令和2年国勢調査」はすでに登録されています"),
        ({"as_of_on": "2月30日"}, "日付"),
        ({"as_of_on": "令和9年4月1日"}, "基準日がまだ来ていません"),
        ({"source": ""}, "出典"),
        ({"value_imabetsu": "約20"}, "今別町の数値は数字で入力してください"),
        ({"value_imabetsu": "-1"}, "今別町の数値は0以上の整数で入力してください"),
        ({"value_aomori": "", "value_imabetsu": ""}, "1つ以上入力してください"),
    ],
)
def test_wrong_figures_get_a_sentence_and_keep_what_was_typed(browse, changes, sentence):
    office = browse("office")
    before = office.get("/admin/bases").text
    page = office.fill("/admin/bases/new", {**FIGURES, **changes})
    assert page.status == 422
    assert sentence in page.one(".error-summary").get_text()
    typed = page.fields()
    for name, value in {**FIGURES, **changes}.items():
        if name != "kind" and value.strip():
            assert typed[name] == value
    assert office.get("/admin/bases").text == before


ENTRY = {
    "municipality": "imabetsu",
    "kind": "closure",
    "name": "開町記念日",
    "begins_on": "令和8年12月3日",
    "ends_on": "2026-12-03",
}


def test_an_officer_enters_closed_days_of_the_own_town_only(browse, app):
    officer = browse("officer", "imabetsu")
    page = officer.get("/admin/holidays/new")
    offered = [option["value"] for option in page.all("select[name=municipality] option")]
    assert offered == ["imabetsu"]
    assert "開町記念日" in officer.follow(officer.fill("/admin/holidays/new", ENTRY)).text
    forged = officer.fill("/admin/holidays/new", {**ENTRY, "municipality": "yomogita"})
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
    assert "登録された閉庁日・議会日程はありません" in officer.follow(done).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "名前を入力してください"),
        ({"begins_on": "あした"}, "日付は「令和8年11月30日」"),
        ({"ends_on": "令和8年12月2日"}, "終わりの日は、始まりの日より後の日にしてください"),
        ({"ends_on": "令和9年12月2日"}, "60日を超えています"),
        ({"kind": "party"}, ""),
    ],
)
def test_a_wrong_entry_gets_a_sentence(browse, changes, sentence):
    page = browse("office").fill("/admin/holidays/new", {**ENTRY, **changes})
    assert page.status == 422
    assert sentence in page.one(".error-summary").get_text()


def test_a_reader_may_look_but_not_enter(browse):
    reader = browse("reader")
    assert "数値を登録する" not in reader.get("/admin/bases").text
    assert "だけが使えます" in reader.get("/admin/bases/new", status=403).text
