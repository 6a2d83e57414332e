"""Every form with every field wrong: a sentence at the field, and nothing typed is lost."""

from tests.cost_sharing.makers import (
    CASE,
    PARTNERS,
    act_of,
    make_draft,
    make_project,
    make_proposal,
    make_sent,
    sentences,
)
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.rules import CaseKind

START = {
    "year": "2026",
    "kind": "money",
    "stage": "estimate",
    "total_yen": "3,620千円",
    "subsidy_yen": "１，１２０，０００",
}


def test_a_new_case_with_every_field_wrong(browse, given):
    page = browse("office").fill(
        "/costs/new",
        {
            "project": "999",
            "year": "1066",
            "kind": "gift",
            "stage": "",
            "title": "あ" * 151,
            "total_yen": "たくさん",
            "subsidy_yen": "-1",
        },
    )
    assert page.status == 422
    assert sentences(page) == [
        "事業を選んでください。",
        "年度を選んでください。",
        "区分を1つ選んでください。",
        "段階を1つ選んでください。",
        "150字までで入力してください（今 151字）。",
        "金額は「115,000円」または「115千円」のように数字で入力してください。",
        "金額は0円以上で入力してください。",
    ]
    assert page.fields()["total_yen"] == "たくさん"


def test_money_needs_an_amount_and_funds_stay_below_it(browse, given):
    given(make_project)
    fields = {**START, "project": "1"}
    page = browse("office").fill("/costs/new", {**fields, "total_yen": ""})
    assert sentences(page) == ["総事業費を入力してください。ないときは「0」を入れてください。"]
    page = browse("office").fill("/costs/new", {**fields, "total_yen": "1,000円"})
    assert sentences(page) == ["補助の額が総事業費を超えています。どちらかを直してください。"]
    assert page.one("#subsidy_yen")["aria-invalid"] == "true"


def test_a_formula_with_every_field_wrong(browse, given):
    given(make_draft)
    office = browse("office")
    fields = office.get(f"{CASE}/formula").fields()
    for kind in ("host", "fixed", "rate"):
        fields = office.post(f"{CASE}/formula", {**fields, "add": kind}).fields()
    wrong = {
        "title": " ",
        "stage": "never",
        "total_yen": "",
        "subsidy_yen": "1.5",
        "parts-0-percent": "120",
        "parts-0-weight_aomori": "-1",
        "parts-0-only": ["hirosaki"],
        "parts-1-percent": "二割",
        "parts-1-series_id": "999",
        "parts-1-rounding": "7-sideways",
        "parts-2-only": "hirosaki",
        "parts-3-reason": "あ" * 301,
        "parts-3-amount_aomori": "12万3",
        "parts-4-rate": "0.0123%",
        "cap_imabetsu": "多め",
        "unit": "7",
        "mode": "sideways",
        "remainder": "hirosaki",
        "participants": ["hirosaki"],
        "save": "1",
    }
    page = office.post(f"{CASE}/formula", {**fields, **wrong})
    assert page.status == 422
    assert set(sentences(page)) == {
        "件名を入力してください。",
        "段階を1つ選んでください。",
        "分担する市町村を選び直してください。",
        "総事業費を入力してください。ないときは「0」を入れてください。",
        "金額は小数を使わず、1円単位の整数で入力してください。",
        "対象の市町村を選び直してください。",
        "市町村を選び直してください。",
        "300字までで入力してください（今 301字）。",
        "端数の単位を選んでください。",
        "端数の扱いを選んでください。",
        "端数の扱いを選び直してください。",
        "端数の負担者を選んでください。",
        "割合は0から100までの数字で、小数は6けたまで入力してください（例 20）。",
        "人口割の基礎数値を選んでください。",
        "青森市の均等割の重みは0以上の数字で、小数は6けたまで入力してください（例 12.5）。",
        "率は0以上の数字で、小数は12けたまで入力してください（例 12.5）。",
        "金額の「12万3」は、120,003円とも123,000円とも読めます。"
        "「120,003円」か「123,000円」のように、最後まで入力してください。",
        "金額は「115,000円」または「115千円」のように数字で入力してください。",
    }
    for name in (
        "parts-1-percent",
        "parts-0-weight_aomori",
        "parts-3-amount_aomori",
        "cap_imabetsu",
    ):
        assert page.fields()[name] == wrong[name]


def test_all_gaps_of_a_formula_are_named_at_once_each_at_its_box(browse, given):
    given(make_draft)
    office = browse("office")
    fields = office.get(f"{CASE}/formula").fields()
    for kind in ("ratio", "host", "fixed"):
        fields = office.post(f"{CASE}/formula", {**fields, "add": kind}).fields()
    typed = {
        **fields,
        "title": "",
        "parts-0-percent": "20",
        "parts-0-only": [],
        "parts-2-percent": "30",
        "parts-2-weight_aomori": "60.00",
        "parts-3-percent": "40",
        "parts-4-amount_aomori": "30万円",
        "cap_aomori": "100万円",
    }
    page = office.post(f"{CASE}/formula", {**typed, "save": "1"})
    said = {str(a["href"]): a.text for a in page.all(".error-summary li a")}
    assert said == {
        "#title": "件名を入力してください。",
        "#parts-0-only": "均等割の対象の市町村を入れてください。",
        "#parts-2-weight_hiranai": "比率割に「平内町」「今別町」「蓬田村」「外ヶ浜町」の値がありません。"
        "ないときは0を入れてください。",
        "#parts-3-only": "開催地等の負担の対象の市町村を入れてください。",
        "#parts-4-reason": "定額の根拠を入力してください（なぜこの額か）。",
        "#cap_aomori": "端数の負担者（青森市）には、上限を付けられません。どちらかを直してください。",
    }
    assert "割り方の合計が90％です。あと10％をどこかに足してください。" in sentences(page)
    assert len(sentences(page)) == 7
    assert "parts-2-weight_hiranai" in str(page.one("#parts-2-weight_hiranai"))


def test_fixed_amounts_need_a_reason_once_they_are_kept_and_not_before(browse, given):
    given(make_draft)
    office = browse("office")
    fields = office.fill(f"{CASE}/formula", {"add": "fixed"}).fields()
    typed = {**fields, "parts-2-amount_aomori": "250万円"}
    live = office.post(f"{CASE}/formula", {**typed, "calculate": "1"})
    assert live.one("table.split tbody .share-amount:-soup-contains('2,500,000')")
    page = office.post(f"{CASE}/formula", {**typed, "save": "1"})
    assert sentences(page) == ["定額の根拠を入力してください（なぜこの額か）。"]
    page = office.post(f"{CASE}/formula", {**typed, "parts-2-reason": "会場の費用", "save": "1"})
    assert page.status == 302


def test_percents_need_their_figures(browse, given):
    given(make_draft)
    office = browse("office")
    fields = office.fill(f"{CASE}/formula", {"add": "ratio"}).fields()
    weights = {f"parts-2-weight_{slug}": "1" for slug in ("aomori", *PARTNERS)}
    page = office.post(f"{CASE}/formula", {**fields, **weights, "save": "1"})
    assert sentences(page) == ["比率割の％を入れてください。"]


def test_a_consultation_with_every_field_wrong_stays_on_the_page(browse, given):
    given(make_draft)
    office = browse("office")
    wrong = {"consulted_on": "13/40", "place": "", "participants": " ", "gist": ""}
    page = office.fill(CASE, wrong, to=f"{CASE}/consultations")
    assert len(sentences(page)) == 4
    assert page.one("details.add[open] [name=consulted_on]")["value"] == "13/40"
    typed = {"consulted_on": "11/25", "place": "電話", "participants": "平内町", "gist": "相談。"}
    page = office.fill(CASE, typed, to=f"{CASE}/consultations")
    assert sentences(page) == ["協議の日がまだ来ていません。協議した日を入れてください。"]
    assert page.one("textarea[name=gist]").text.strip() == "相談。"
    page = office.fill(CASE, {**typed, "consulted_on": "1900-01-01"}, to=f"{CASE}/consultations")
    assert sentences(page) == [
        "明治33年1月1日は、連携協約を結んだ日（令和元年12月25日）より前です。年を確かめてください。"
    ]
    page = office.fill(
        CASE, {**typed, "consulted_on": "平成32年1月6日"}, to=f"{CASE}/consultations"
    )
    assert "令和2年1月6日（月）　電話（平内町）" in office.follow(page).html.get_text()


def test_sending_with_a_wrong_day_and_without_a_consultation(browse, given):
    given(lambda: formula.save_formula(act_of("office"), make_draft(), make_proposal()))
    office = browse("office")
    page = office.fill(f"{CASE}/send", {"send": "1"})
    assert sentences(page) == ["協議の記録を1件以上入れてください（協約第4条第2項）。"]
    page = office.fill(f"{CASE}/send", {"reply_due_on": "いつでも", "send": "1"})
    assert page.status == 422
    assert page.fields()["reply_due_on"] == "いつでも"
    page = office.fill(f"{CASE}/send", {"reply_due_on": "12/11", "preview": "1"})
    assert "（12月11日まで）" in page.text


def test_an_answer_without_a_choice_or_without_words_is_asked_for(browse, given):
    given(make_sent)
    imabetsu = browse("confirmer", "imabetsu")
    page = imabetsu.fill(f"{CASE}/confirm", {})
    assert sentences(page) == ["「この内容で確認する」か「意見を付けて戻す」を選んでください。"]
    page = imabetsu.fill(f"{CASE}/confirm", {"decision": "returned", "opinion": "\u200b\u3000"})
    assert sentences(page) == ["意見を入力してください。直してほしい所を書いてください。"]
    page = imabetsu.fill(f"{CASE}/confirm", {"decision": "confirmed", "opinion": "あ" * 1001})
    assert sentences(page) == ["1000字までで入力してください（今 1001字）。"]


def test_work_with_every_field_wrong(browse, given):
    given(lambda: make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0))
    page = browse("office").fill(
        f"{CASE}/formula",
        {
            **{"title": "", "stage": "x", "participants": [], "save": "1"},
            **{"rows-0-what": "あ" * 201, "rows-0-promised": "-1", "rows-0-unit": ""},
        },
    )
    assert len(sentences(page)) == 6
