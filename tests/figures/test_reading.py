"""Tables of figures as they are copied and sent: each row read, or named with what to do."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl
import pytest

from tests import cast
from tests.pages import Page, PageClient
from tracker.attachments import sniffing
from tracker.figures.reading.rules import csv_rows, pasted_rows, read_rows
from tracker.kernel.refusal import Refusal
from tracker.municipalities.rules import Town

TOWNS = tuple(
    Town(number, code, slug, name, slug == "aomori", None)
    for number, (code, slug, name, *_rest) in enumerate(cast.TOWNS, 1)
)
ALL = {"青森市": 275192, "平内町": 10126, "今別町": 2334, "蓬田村": 2540, "外ヶ浜町": 5401}


def read(text: str) -> tuple[Mapping[str, int], Sequence[str], list[str]]:
    """What a pasted text says by slug, what is to be done, and who is missing."""
    found = read_rows(pasted_rows(text), TOWNS)
    return found.values, found.problems, [town.name for town in found.missing]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("今別町\t2334", 2334),
        ("今別町\t２，３３４", 2334),
        (" 今別町　\t 2,334人 ", 2334),
        ("今別\t2334", 2334),
        ("東津軽郡今別町\t2334", 2334),
        ("青森県東津軽郡 今別町\t2334", 2334),
        ("青森県 東津軽郡 今別町 2334", 2334),
        ("02303\t2334", 2334),
        ("2303\t2334", 2334),
        ("０２３０３５\t2334", 2334),
        ("02303\t今別町\t2334", 2334),
        ("今別町,2334", 2334),
        ("今別町 2334", 2334),
        ('"今別町"\t"2,334"', 2334),
        ("今別町\t2334.0", 2334),
        ("今別町\t0", 0),
        ("今別町\t2303", 2303),
        ("2303\t2303", 2303),
        ("今別町\t2334\t（速報）", 2334),
    ],
)
def test_a_row_is_read_as_clerks_write_it(line, value):
    values, problems, missing = read(f"市町村\t人口\n{line}\n合計\t999\n\n")
    assert (dict(values), list(problems)) == ({"imabetsu": value}, [])
    assert missing == ["青森市", "平内町", "蓬田村", "外ヶ浜町"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("八戸市\t100", "圏域の市町村が見つかりません"),
        ("022039\t100", "圏域の市町村が見つかりません"),
        ("023031\t100", "圏域の市町村が見つかりません"),
        ("02303\t平内町\t100", "団体コードと名前が合いません"),
        ("今別町\t12.5", "0以上の整数で入力してください"),
        ("今別町\t-5", "0以上の整数で入力してください"),
        ("今別町\t△5", "数値がありません"),
        ("今別町\t", "数値がありません"),
        ("今別町\t—", "数値がありません"),
        ("今別町\t12くらい", "数字で入力してください"),
        ("今別町\t1e9", "数字で入力してください"),
        pytest.param("今別町\t" + "9" * 5000, "大きすぎ", id="long"),
        ("今別町\t100\t200", "数値が2個あります"),
        ("今別町\t=1+1", "数値がありません"),
        ("今別町\t²", "数値がありません"),
        ("今別町\t٣", "数値がありません"),
    ],
)
def test_a_row_that_is_not_understood_is_named_with_its_number(line, said):
    values, problems, _missing = read(f"青森市\t275192\n{line}")
    assert dict(values) == {"aomori": 275192}
    (problem,) = problems
    assert problem.startswith("2行目（")
    assert said in problem
    assert len(problem) < 200


def test_a_row_twice_counts_neither_time_and_a_short_name_must_be_the_only_one():
    values, problems, _missing = read("今別町\t1\n青森市\t5\n今別\t2")
    assert dict(values) == {"aomori": 5}
    assert [one[:3] for one in problems] == ["1行目", "3行目"]
    assert "今別町の行が2つ以上あります" in problems[0]
    twins = [Town(1, "02201", "a", "北市", True, None), Town(2, "02301", "b", "北町", False, None)]
    found = read_rows(pasted_rows("北\t1\n北町\t2"), twins)
    assert dict(found.values) == {"b": 2}
    assert "北市・北町のどれか分かりません" in found.problems[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_in_both_codes(encoding, end):
    rows = ["団体コード,市町村,人口", '022012,青森市,"275,192"', '02303,"今別町",２３３４']
    found = read_rows(csv_rows(end.join(rows).encode(encoding)), TOWNS)
    assert dict(found.values) == {"aomori": 275192, "imabetsu": 2334}
    assert not found.problems


def test_what_is_no_table_is_refused_and_a_long_one_too():
    with pytest.raises(Refusal, match="CSVとして読めません"):
        csv_rows(b"\xff\xfe\x81")
    for long in (csv_rows, lambda content: pasted_rows(content.decode())):
        with pytest.raises(Refusal, match="500行まで"):
            long("今別町,1\n".encode() * 501)


def book(*rows: Sequence[object]) -> bytes:
    made, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


def test_cells_of_excel_are_read_from_the_first_sheet_that_is_seen():
    made, out = openpyxl.Workbook(), io.BytesIO()
    made.active.sheet_state = "hidden"
    made.active.append(["今別町", 1])
    sheet = made.create_sheet("人口")
    sheet["B3"], sheet["C3"], sheet["C4"] = 2303, 2334.0, "=1+1"
    made.save(out)
    rows = sniffing.cells(out.getvalue())
    assert [one[:3] for one in rows] == [["", "", ""]] * 2 + [["", "2303", "2334"], ["", "", ""]]
    assert dict(read_rows(rows, TOWNS).values) == {"imabetsu": 2334}
    many = sniffing.cells(book(*[["今別町", 1, *"x" * 50]] * 600))
    assert (len(many), len(many[0])) == (501, 30)


USAGE = {
    "kind": "usage",
    "name": "令和7年度の利用者",
    "as_of_on": "令和8年3月31日",
    "source": "集計",
}
NEW = "/admin/bases/new"
TABLE = "\n".join(f"{name}\t{value:,}" for name, value in ALL.items())


def values_of(page: Page) -> dict[str, str]:
    return {name: value for name, value in page.fields().items() if name.startswith("value_")}


def send(office: PageClient, name: str, content: bytes, **more: str) -> Page:
    """The page after a file was sent to be read."""
    fields = {**office.get(NEW).fields(), **USAGE, **more, "read": "1"}
    return office.post(NEW, {**fields, "file": (io.BytesIO(content), name)})


def test_a_pasted_table_is_shown_for_checking_and_saved_by_a_second_press(browse):
    office = browse("office")
    # Pressing 登録する at once reads, too: what is saved has been shown.
    checked = office.fill(NEW, {**USAGE, "pasted": TABLE})
    assert checked.status == 200
    assert "まだ登録していません。" in checked.text
    assert values_of(checked)["value_sotogahama"] == "5,401"
    assert checked.fields()["pasted"] == ""
    assert USAGE["name"] not in office.get("/admin/bases").text
    office.post(NEW, checked.fields())
    shown = office.get("/admin/bases")
    row = next(row for row in shown.all("tbody tr") if USAGE["name"] in row.get_text())
    assert [one.text.strip() for one in row.select("td")][1:] == [
        f"{value:,}" for value in ALL.values()
    ]


def test_what_was_not_read_is_told_at_once_and_may_be_typed_in(browse):
    office = browse("office")
    page = office.fill(NEW, {**USAGE, "pasted": "青森市\t1,000\n八戸市\t5\n今別\t2\n今別町\t3"})
    assert page.status == 422
    said = page.one(".error-summary").get_text()
    for sentence in (
        "2行目（八戸市 5）",
        "3行目（今別 2）",
        "4行目",
        "読み取れない行が3行あります。",
    ):
        assert sentence in said
    assert "平内町・蓬田村・外ヶ浜町。数えていないなら" in page.text
    assert page.fields()["pasted"].startswith("青森市\t1,000")
    assert values_of(page)["value_imabetsu"] == ""
    office.post(NEW, {**page.fields(), "value_imabetsu": "3"})
    row = next(
        row for row in office.get("/admin/bases").all("tbody tr") if USAGE["name"] in row.get_text()
    )
    assert [one.text.strip() for one in row.select("td")][1:] == ["1,000", "—", "3", "—", "—"]


@pytest.mark.parametrize("name", ["人口.xlsx", "人口.csv"])
def test_a_file_is_read_into_the_boxes(browse, name):
    rows = [["市町村", "人口"], *ALL.items()]
    text = "\r\n".join(",".join(map(str, row)) for row in rows)
    content = book(*rows) if name.endswith("xlsx") else text.encode("cp932")
    page = send(browse("office"), name, content)
    assert page.status == 200
    assert list(values_of(page).values()) == [f"{value:,}" for value in ALL.values()]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("[Content_Types].xml", "<Types/>")
        zipped.writestr("xl/worksheets/sheet1.xml", b" " * (30 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("a.xlsx", _bomb(), "極端に大きくなる", id="bomb"),
        pytest.param("a.xlsx", book(["今別町", 1])[:-40], "壊れている", id="cut"),
        ("a.xlsx", b"x,1", "拡張子"),
        ("a.csv", b"\x00\x01", "添付できない種類"),
        ("a.csv", b"", "中身がありません"),
        ("a.csv", b"a,b\n", "市町村と数値の行が見つかりません"),
        ("a.pdf", b"%PDF-1.4\n%%EOF", "ExcelかCSVのファイル"),
        ("", b"", "表を貼り付けるか"),
    ],
)
def test_a_file_that_is_no_table_gets_a_sentence(browse, name, content, said):
    page = send(browse("office"), name, content)
    assert page.status == 422
    assert said in page.one(".error-summary").get_text()
    assert page.fields()["name"] == USAGE["name"]


def test_of_many_rows_that_were_not_read_the_first_are_told_and_how_many_more(browse):
    page = browse("office").fill(NEW, {**USAGE, "pasted": "どこか町\t1\n" * 12})
    said = page.one(".error-summary").get_text()
    assert said.count("行目（どこか町 1）") == 10
    assert "ほかに2行あります。" in said


def test_a_file_and_a_pasted_table_at_once_are_refused(browse):
    page = send(browse("office"), "a.csv", "今別町,1".encode(), pasted=TABLE)
    assert "どちらか1つだけ" in page.one(".error-summary").get_text()
