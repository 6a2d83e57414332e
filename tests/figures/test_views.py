"""Base figures, entered on a page."""

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


def test_a_reader_may_look_but_not_enter(browse):
    reader = browse("reader")
    assert "数値を登録する" not in reader.get("/admin/bases").text
    assert "だけが使えます" in reader.get("/admin/bases/new", status=403).text
