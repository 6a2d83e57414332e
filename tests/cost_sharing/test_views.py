"""The pages of cost sharing as each role sees them, with and without JavaScript."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import update

from tests import cast
from tests.cost_sharing.makers import (
    PARTNERS,
    SHARES,
    make_agreed,
    make_draft,
    make_project,
    make_proposal,
    make_ready,
    make_sent,
    somebody,
)
from tests.pages import counting
from tracker.agreements.models import Agreement
from tracker.cost_sharing import actions, confirming
from tracker.cost_sharing.models import CaseKind, CostCase
from tracker.cost_sharing.rules import Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.actions import enter_figures
from tracker.municipalities.rules import FigureKind
from tracker.plumbing.db import db

CASE = "/costs/2026-01"
START = {
    "year": "2026",
    "kind": "money",
    "stage": "estimate",
    "total_yen": "3,620千円",
    "subsidy_yen": "１，１２０，０００",
}
WORKED = {"percent_equal": "20", "percent_population": "80"}


@pytest.fixture
def given(app):
    """given(act): does something before the pages, in a context that ends with it."""

    def carry_out(act):
        with app.app_context():
            act()
            db.session.remove()

    return carry_out


def answer(slug: str, opinion: str | None = None) -> None:
    """That municipality's word on the first case: confirmed, or returned with an opinion."""
    case, by = db.session.get(CostCase, 1), somebody("confirmer", slug)
    if opinion is None:
        confirming.confirm(case, by=by, at=cast.NOW)
    else:
        confirming.give_back(case, opinion, by=by, at=cast.NOW)


def end_agreements() -> None:
    """No agreement binds any more."""
    db.session.execute(update(Agreement).values(ended_on=cast.TODAY - timedelta(days=1)))
    db.session.commit()


def cells(table) -> list[list[str]]:
    """The rows of a table as text."""
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in table.select("tr")
    ]


def sentences(page) -> list[str]:
    """What the error summary says."""
    return [item.get_text(strip=True) for item in page.all(".error-summary li")]


# --- the whole way through the pages


def test_a_case_goes_from_an_idea_to_agreement_through_the_pages(browse, given):
    given(make_project)
    office = browse("office")
    new = office.get("/costs/new")
    project = new.one("option:-soup-contains('東青地域移住促進事業')")["value"]
    page = office.post("/costs/new", {**new.fields(), **START, "project": project})
    assert page.location == f"{CASE}/formula"
    page = office.fill(f"{CASE}/formula", {**WORKED, "save": "1"})
    show = office.follow(page)
    amounts = [row[-2] for row in cells(show.one("table.split"))[1:-1]]
    assert amounts == [f"{yen:,}" for yen in SHARES.values()]
    assert cells(show.one("table.split"))[1] == [
        "青森市 端数を負担", "100,000", "1,861,965.6", "1,961,965.6", "+2,034.4", "1,964,000", "78.56",
    ]  # fmt: skip
    assert cells(show.one("table.split"))[-1] == [
        "合計", "500,000", "2,000,000.0", "2,500,000.0", "0.0", "2,500,000", "100.00",
    ]  # fmt: skip
    assert "青森市 275,192人、平内町 10,126人" in show.text
    assert "令和2年国勢調査（確定値、令和2年10月1日現在、出典" in show.text
    page = office.fill(
        CASE,
        {
            "consulted_on": "11/5",
            "place": "オンライン",
            "participants": "5市町村",
            "gist": "一致。",
        },
        to=f"{CASE}/consultations",
    )
    show = office.follow(page)
    assert "11月5日（木）　オンライン（5市町村）" in show.html.get_text()
    send = office.get(show.link("送る内容を確かめる"))
    assert "今別町の負担額　115,000円" in send.html.get_text()
    show = office.follow(office.post(f"{CASE}/send", {**send.fields(), "reply_due_on": "12/4"}))
    assert show.one(".page-actions .chip").text == "確認待ち"
    for slug in ("aomori", *PARTNERS):
        confirmer = browse("confirmer", slug)
        page = confirmer.fill(f"{CASE}/confirm", {"decision": "confirmed"})
        show = confirmer.follow(page)
    assert show.one(".page-actions .chip").text == "合意済み"
    assert len(show.all(".pairs .chip-ok")) == 8


def test_work_is_asked_for_in_words(browse, given):
    given(make_project)
    office = browse("office")
    new = office.get("/costs/new")
    project = new.one("option:-soup-contains('東青地域移住促進事業')")["value"]
    fields = {"project": project, "kind": "work", "stage": "fixed", "title": "相談会の運営"}
    page = office.post("/costs/new", {**new.fields(), **fields})
    page = office.fill(page.location, {"work": "各町村　相談員　1人・日", "save": "1"})
    show = office.follow(page)
    assert "各町村　相談員　1人・日" in show.html.get_text()
    assert not show.all("#split")
    assert cells(show.one("table.pairs"))[0] == ["協約", "青森市", "町村"]


# --- the live table and the page without JavaScript


@pytest.mark.parametrize(
    "typed",
    [
        WORKED,
        {"percent_equal": "100", "weight_aomori": "100"}
        | {f"weight_{slug}": "50" for slug in PARTNERS},
        {"percent_equal": "", "percent_ratio": "100"}
        | dict(
            zip(("ratio_aomori", *(f"ratio_{slug}" for slug in PARTNERS)), "81111", strict=True)
        ),
        {
            **WORKED,
            "fixed_aomori": "10,000",
            "fixed_reason": "会場費",
            "remainder": "largest_remainder",
        },
        {"percent_equal": "90", "percent_host": "10", "host": "sotogahama", "unit": "1"},
        {"percent_equal": "95"},
        {"percent_equal": "abc", "total_yen": ""},
        {"percent_equal": "100", "takers": ["aomori"]},
    ],
)
def test_the_live_table_is_the_table_of_the_page_without_javascript(browse, given, typed):
    given(make_draft)
    office = browse("office")
    fields = {**office.get(f"{CASE}/formula").fields(), **typed}
    page = office.post(f"{CASE}/formula", {**fields, "calculate": "1"})
    live = office.client.post(f"{CASE}/formula/preview", data=fields, headers={"X-Fragment": "1"})
    fragment = BeautifulSoup(live.get_data(as_text=True), "html.parser")
    assert live.mimetype == "text/html"
    assert page.status == live.status_code
    assert str(page.one("#split")) == str(fragment.select_one("#split"))
    assert len(fragment.select("#split")) == 1
    assert "算式はまだ決まっていません" in office.get(CASE).text


def test_the_live_table_says_the_readers_own_share_in_one_sentence(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert page.one("form[data-live]")["data-live"] == f"{CASE}/formula/preview"
    assert page.one("form[data-live]")["data-live-target"] == "split"
    page = office.fill(f"{CASE}/formula", {**WORKED, "calculate": "1"})
    assert page.one("[data-say]").text == "青森市 1,964,000円"
    assert page.one("[data-live-say]")["role"] == "status"


def test_percents_that_do_not_add_up_are_a_sentence_and_stay_as_typed(browse, given):
    given(make_draft)
    page = browse("office").fill(f"{CASE}/formula", {"percent_equal": "95", "save": "1"})
    assert page.status == 422
    assert sentences(page) == ["割り方の合計が95％です。あと5％をどこかに足してください。"]
    assert page.fields()["percent_equal"] == "95"


def test_figures_that_nobody_entered_are_offered_once_they_are(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert not page.all("[name=percent_usage]")
    assert "利用実績割・財政規模割・特別交付税上限割は、" in page.text
    given(
        lambda: enter_figures(
            FigureKind.USAGE,
            "令和6年度の利用者",
            cast.TODAY,
            "青森市の集計",
            {"aomori": 70, "imabetsu": 30},
            is_confirmed=False,
            by=None,
            at=cast.NOW,
        )
    )
    only_two = {"percent_usage": "100", "takers": ["aomori", "imabetsu"], "calculate": "1"}
    page = office.fill(f"{CASE}/formula", only_two)
    assert [row[-2] for row in cells(page.one("table.split"))[1:-1]] == ["1,750,000", "750,000"]
    assert "利用実績：青森市 70、今別町 30（計 100）。令和6年度の利用者（暫定値、" in page.text
    everybody = {**only_two, "takers": ["aomori", *PARTNERS]}
    page = office.fill(f"{CASE}/formula", everybody)
    assert sentences(page) == [
        "利用実績割に「平内町」の値がありません。ないときは0を入れてください。"
    ]


def test_last_years_formula_is_copied_into_the_boxes_and_saved_by_nobody(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    copied = office.get(page.link("前年度の算式を写す"))
    assert (copied.fields()["percent_equal"], copied.fields()["percent_population"]) == ("20", "80")
    assert "算式はまだ決まっていません" in office.get(CASE).text


# --- every field wrong


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
    wrong = {
        "title": " ",
        "stage": "never",
        "total_yen": "",
        "subsidy_yen": "1.5",
        "percent_equal": "120",
        "percent_population": "二割",
        "series_population": "999",
        "percent_ratio": "-1",
        "percent_host": "x",
        "host": "hirosaki",
        "fixed_reason": "あ" * 301,
        "unit": "7",
        "mode": "sideways",
        "remainder": "hirosaki",
        "takers": ["hirosaki"],
        "weight_aomori": "-1",
        "ratio_aomori": "1.5",
        "fixed_aomori": "多め",
        "save": "1",
    }
    page = browse("office").fill(f"{CASE}/formula", wrong)
    assert page.status == 422
    assert set(sentences(page)) == {
        "件名を入力してください。",
        "段階を1つ選んでください。",
        "分担する市町村を選び直してください。",
        "総事業費を入力してください。ないときは「0」を入れてください。",
        "金額は小数を使わず、1円単位の整数で入力してください。",
        "市町村を選び直してください。",
        "300字までで入力してください（今 301字）。",
        "端数の単位を選んでください。",
        "端数の扱いを選んでください。",
        "端数の負担者を選んでください。",
        "割合は0から100までの数字で入力してください。",
        "割合は数字で入力してください（例 20）。",
        "人口割の基礎数値を選んでください。",
        "青森市の均等割の重みは0以上の整数で入力してください。",
        "青森市の割合は0以上の整数で入力してください。",
        "金額は「115,000円」または「115千円」のように数字で入力してください。",
    }
    for name in ("percent_population", "weight_aomori", "fixed_aomori"):
        assert page.fields()[name] == wrong[name]


def test_fixed_amounts_need_a_reason_and_percents_their_figures(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.fill(f"{CASE}/formula", {"fixed_aomori": "2,500,000", "save": "1"})
    assert sentences(page) == ["定額の根拠を入力してください（なぜこの額か）。"]
    page = office.fill(f"{CASE}/formula", {"ratio_aomori": "8", "save": "1"})
    assert sentences(page) == ["割合の％を入れてください。"]


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


def test_sending_with_a_wrong_day_and_without_a_consultation(browse, given):
    given(
        lambda: actions.save_formula(
            make_draft(), make_proposal(), by=somebody("office"), at=cast.NOW
        )
    )
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
    page = imabetsu.fill(f"{CASE}/confirm", {"decision": "returned", "opinion": " "})
    assert sentences(page) == ["意見を入力してください。直してほしい所を書いてください。"]
    page = imabetsu.fill(f"{CASE}/confirm", {"decision": "confirmed", "opinion": "あ" * 1001})
    assert sentences(page) == ["1000字までで入力してください（今 1001字）。"]


# --- changes


def test_a_change_says_what_it_voids_before_anything_is_saved(browse, given):
    given(make_sent)
    given(lambda: answer("hiranai"))
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert "すべての確認が取り消され" in page.text
    check = office.fill(f"{CASE}/formula", {"subsidy_yen": "1,020,000", "save": "1"})
    assert check.title == "変わるところの確認"
    typed = {**check.fields(), "takers": [box["value"] for box in check.all("[name=takers]")]}
    assert "取り消されるもの：平内町 企画課長" in check.text
    assert ["今別町の負担額", "115,000円", "120,000円 変更あり", ""] in cells(check.one("table"))
    assert len(office.get(CASE).all(".pairs .chip-ok")) == 1
    missing = office.post(f"{CASE}/formula", {**typed, "checked": "1", "reason": ""})
    assert sentences(missing) == ["変える理由を入力してください。"]
    back = office.post(f"{CASE}/formula", {**typed, "back": "1"})
    assert (back.title, back.fields()["subsidy_yen"]) == ("算式と負担額", "1,020,000")
    fields = {**typed, "checked": "1", "reason": "補助が決定", "reply_due_on": "12/11"}
    show = office.follow(office.post(f"{CASE}/formula", fields))
    assert not show.all(".pairs .chip-ok")
    assert "2,600,000円" in show.text


def test_two_at_the_same_case_do_not_overwrite_each_other(browse, given):
    given(make_ready)
    one, two = browse("office"), browse("lead")
    page = one.get(f"{CASE}/formula")
    assert two.fill(f"{CASE}/formula", {"total_yen": "4,000,000", "save": "1"}).status == 302
    late = one.post(f"{CASE}/formula", {**page.fields(), "total_yen": "5,000,000", "save": "1"})
    assert "ほかの人が先に直しました" in sentences(late)[0]
    assert late.fields()["total_yen"] == "5,000,000"
    assert "4,000,000円" in one.get(CASE).text


def test_an_agreed_case_offers_only_its_replacement(browse, given):
    given(make_agreed)
    office = browse("office")
    page = office.get(CASE)
    assert not page.all("a:-soup-contains('直す')")
    assert office.get(f"{CASE}/formula", status=302).location == CASE
    token = page.fields()["csrf_token"]
    refused = office.post(f"{CASE}/withdraw", {"csrf_token": token})
    assert "この案件は「合意済み」です。" in office.follow(refused).text
    new = office.post(f"{CASE}/replace", {"csrf_token": token})
    assert new.location == "/costs/2026-02/formula"
    assert "第8-01号 を差し替える案です" in office.get("/costs/2026-02").text


def test_a_draft_can_be_withdrawn(browse, given):
    given(make_ready)
    office = browse("office")
    page = office.post(f"{CASE}/withdraw", {"csrf_token": office.get(CASE).fields()["csrf_token"]})
    assert office.follow(page).one(".page-actions .chip").text == "取下げ"


def test_the_reconciliation_shows_what_is_paid_or_given_back(browse, given):
    given(make_agreed)
    given(lambda: make_ready(make_proposal(stage=Stage.RECONCILIATION, total_yen=3_500_000)))
    page = browse("office").get("/costs/2026-02")
    table = next(t for t in page.all("table") if "差額" in t.text)
    assert cells(table)[3] == ["今別町", "115,000", "110,000", "−5,000", "返還"]


# --- who sees what


@pytest.mark.parametrize(
    ("role", "slug"),
    [
        ("officer", "imabetsu"),
        ("confirmer", "imabetsu"),
        ("confirmer", "aomori"),
        ("reader", "aomori"),
        ("admin", "aomori"),
    ],
)
def test_a_draft_is_unknown_to_everybody_but_those_who_draft(browse, given, role, slug):
    given(make_ready)
    client = browse(role, slug)
    client.get(CASE, status=404)
    client.get(f"{CASE}/formula", status=403)
    assert "この年度の費用負担の記録はありません" in client.get("/costs").text
    if role == "confirmer":
        client.get(f"{CASE}/confirm", status=404)


@pytest.mark.parametrize("role", ["office", "lead"])
def test_those_who_draft_read_drafts(browse, given, role):
    given(make_ready)
    client = browse(role)
    assert client.get(CASE).one(".page-actions .chip").text == "協議中"
    assert len(client.get("/costs").all("tbody tr")) == 1


@pytest.mark.parametrize(
    ("role", "slug"),
    [("officer", "imabetsu"), ("reader", "aomori"), ("admin", "aomori"), ("confirmer", "hiranai")],
)
def test_a_case_once_sent_is_read_by_all_and_changed_by_none_of_them(browse, given, role, slug):
    given(make_sent)
    client = browse(role, slug)
    page = client.get(CASE)
    assert "115,000" in page.text
    assert not page.all("main form")
    for path in ("formula", "send"):
        client.get(f"{CASE}/{path}", status=403)
    if role != "confirmer":
        client.get(f"{CASE}/confirm", status=403)


def test_a_confirmer_of_a_town_that_takes_no_part_is_refused(browse, given):
    given(lambda: make_sent(make_proposal(takers=("青森市", "平内町"))))
    browse("confirmer", "hiranai").get(f"{CASE}/confirm")
    browse("confirmer", "imabetsu").get(f"{CASE}/confirm", status=403)


def test_the_own_share_stands_first_and_the_hub_hears_of_its_four_pairs(browse, given):
    given(lambda: make_agreed(make_proposal(total_yen=3_500_000), year=FiscalYear(2025)))
    given(make_sent)
    page = browse("confirmer", "imabetsu").get(f"{CASE}/confirm")
    assert page.one(".own-share").text == "115,000円"
    assert re.search(r"前年度の負担 110,000円", page.text)
    page = browse("confirmer").get(f"{CASE}/confirm")
    assert page.one(".own-share").text == "1,964,000円"
    assert "4件の協約（平内町・今別町・蓬田村・外ヶ浜町）のすべてに入ります" in page.text


def test_after_confirming_only_an_opinion_is_left(browse, given):
    given(make_sent)
    hiranai = browse("confirmer", "hiranai")
    assert hiranai.get(CASE).link("内容を確認する") == f"{CASE}/confirm"
    hiranai.fill(f"{CASE}/confirm", {"decision": "confirmed"})
    assert not hiranai.get(CASE).all("a:-soup-contains('内容を確認する')")
    page = hiranai.get(f"{CASE}/confirm")
    assert [button["value"] for button in page.all("main button[name=decision]")] == ["returned"]
    page = hiranai.fill(f"{CASE}/confirm", {"decision": "returned", "opinion": "やはり直したい。"})
    assert "平内町の意見" in hiranai.follow(page).text


def test_an_address_that_is_no_case_is_not_found(browse, given):
    given(make_sent)
    office = browse("office")
    for no in ("2026-1", "2026-001", "2026-99", "x", "２０２６-01", "99999-01"):
        office.get(f"/costs/{no}", status=404)


def test_the_list_of_another_year_and_of_one_that_makes_no_sense(browse, given):
    given(make_sent)
    office = browse("office")
    assert len(office.get("/costs?fy=2026").all("tbody tr")) == 1
    empty = office.get("/costs?fy=2027")
    assert "この年度の費用負担の記録はありません。" in empty.text
    for odd in ("1", "99999999999", "x", ""):
        assert len(office.get(f"/costs?fy={odd}").all("tbody tr")) == 1


def test_hostile_words_stay_words(browse, given):
    words = "<script>alert(1)</script>{{ 7*7 }}"
    given(lambda: make_sent(make_proposal(title=words)))
    given(lambda: answer("imabetsu", words))
    for path in ("/costs", CASE, f"{CASE}/formula"):
        page = browse("office").get(path)
        assert words in page.text or path.endswith("formula")
        assert not page.all("main script")


def test_the_number_of_queries_does_not_grow_with_the_rows(browse, given):
    office, confirmer = browse("office"), browse("confirmer", "imabetsu")

    def counts() -> list[int]:
        found = []
        for client, path in (
            (office, "/costs"),
            (office, CASE),
            (office, f"{CASE}/formula"),
            (confirmer, f"{CASE}/confirm"),
        ):
            client.get(path)
            with counting() as seen:
                client.client.get(path)
            found.append(len(seen))
        return found

    given(make_sent)
    few = counts()
    for _ in range(3):
        given(make_sent)
    given(lambda: answer("hiranai", "差し支えなし。"))
    given(lambda: answer("yomogita"))
    assert counts() == few
    assert max(few) <= 8


def test_a_town_that_left_the_agreement_is_named_before_anything_is_saved(browse, given):
    given(make_draft)
    given(end_agreements)
    page = browse("office").fill(f"{CASE}/formula", {**WORKED, "save": "1"})
    assert "平内町との間に、今、効力のある連携協約がありません" in sentences(page)[0]


def test_work_with_every_field_wrong(browse, given):
    given(lambda: make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0))
    page = browse("office").fill(
        f"{CASE}/formula", {"title": "", "stage": "x", "takers": [], "work": " ", "save": "1"}
    )
    assert len(sentences(page)) == 4
