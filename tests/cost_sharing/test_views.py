"""A case through its pages, from an idea to agreement, and what it voids on the way."""

import re

from tests.cost_sharing.makers import (
    CASE,
    PARTNERS,
    SHARES,
    answer,
    cells,
    make_agreed,
    make_project,
    make_proposal,
    make_ready,
    make_sent,
    sentences,
)
from tracker.cost_sharing.rules import Stage
from tracker.projects.plans import queries as plans

START = {
    "year": "2026",
    "kind": "money",
    "stage": "estimate",
    "total_yen": "3,620千円",
    "subsidy_yen": "１，１２０，０００",
}
WORKED = {"parts-0-percent": "20", "parts-1-percent": "80"}


def test_a_case_goes_from_an_idea_to_agreement_through_the_pages(browse, given):
    given(make_project)
    office = browse("office")
    new = office.get("/costs/new")
    project = new.one("option:-soup-contains('東青地域移住促進事業')")["value"]
    page = office.post("/costs/new", {**new.fields(), **START, "project": project})
    assert page.location == f"{CASE}/formula"
    page = office.fill(f"{CASE}/formula", {**WORKED, "save": "1"})
    show = office.follow(page)
    amounts = [row[1] for row in cells(show.one("table.split"))[1:-1]]
    assert amounts == [f"{yen:,}" for yen in SHARES.values()]
    assert cells(show.one("table.split"))[1] == [
        "青森市 端数を負担", "1,964,000", "100,000", "1,861,965.6", "1,961,965.6", "+2,034.4", "78.56",
    ]  # fmt: skip
    assert cells(show.one("table.split"))[-1] == [
        "合計", "2,500,000", "500,000", "2,000,000.0", "2,500,000.0", "0.0", "100.00",
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
    assert "令和8年11月5日（木）　オンライン（5市町村）" in show.html.get_text()
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


def test_a_change_says_what_it_voids_before_anything_is_saved(browse, given):
    given(make_sent)
    given(lambda: answer("hiranai"))
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert "すべての確認が取り消され" in page.text
    same = office.fill(f"{CASE}/formula", {"save": "1"})
    assert (same.status, same.title) == (422, "算式と負担額") and "前と同じ内容です" in same.text
    check = office.fill(f"{CASE}/formula", {"subsidy_yen": "1,020,000", "save": "1"})
    assert check.title == "変わるところの確認"
    typed = {
        **check.fields(),
        "participants": [box["value"] for box in check.all("[name=participants]")],
    }
    assert "取り消される確認：平内町 企画課長" in check.text
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


def test_two_at_the_same_formula_see_both_texts_and_who_was_first(browse, given):
    given(make_ready)
    one, two = browse("office"), browse("lead")
    page = one.get(f"{CASE}/formula")
    assert two.fill(f"{CASE}/formula", {"total_yen": "4,000,000", "save": "1"}).status == 302
    late = one.post(f"{CASE}/formula", {**page.fields(), "total_yen": "5,000,000", "save": "1"})
    assert late.status == 409
    assert re.search(r"^青森市 .*が11月24日 .*に先に直しました。", sentences(late)[0])
    rows = cells(late.one(".conflict table"))
    assert ["総事業費", "5,000,000", "4,000,000"] in rows
    assert late.fields()["total_yen"] == "5,000,000"
    assert "4,000,000円" in one.get(CASE).text
    assert one.post(f"{CASE}/formula", {**late.fields(), "save": "1"}).status == 302
    assert "5,000,000円" in one.get(CASE).text


def test_a_change_checked_too_late_shows_both_texts_and_voids_nothing(browse, given):
    given(make_sent)
    office = browse("office")
    check = office.fill(f"{CASE}/formula", {"subsidy_yen": "1,020,000", "save": "1"})
    typed = {**check.fields(), "participants": [*PARTNERS, "aomori"], "checked": "1"}
    given(lambda: answer("hiranai"))
    late = office.post(f"{CASE}/formula", {**typed, "reason": "補助が決定"})
    assert (late.status, late.title) == (409, "算式と負担額")
    assert ["国・県などの補助", "1,020,000", "1,120,000"] in cells(late.one(".conflict table"))
    assert len(office.get(CASE).all(".pairs .chip-ok")) == 1


def test_nobody_decides_about_what_they_have_not_seen(browse, given):
    given(make_ready)
    office = browse("office")
    send, show = office.get(f"{CASE}/send"), office.get(CASE)
    assert office.fill(f"{CASE}/formula", {"total_yen": "4,000,000", "save": "1"}).status == 302
    for page, path in ((send, "send"), (show, "withdraw")):
        late = office.post(f"{CASE}/{path}", page.fields())
        assert late.status == 409
        assert "先に直しました" in late.text
    assert office.get(CASE).one(".page-actions .chip").text == "協議中"


def test_a_side_confirms_the_amounts_it_saw_whatever_others_answered(browse, given):
    given(make_sent)
    imabetsu, yomogita = browse("confirmer", "imabetsu"), browse("confirmer", "yomogita")
    seen = imabetsu.get(f"{CASE}/confirm"), yomogita.get(f"{CASE}/confirm")
    given(lambda: answer("hiranai"))
    said = {**seen[0].fields(), "decision": "confirmed"}
    assert imabetsu.post(f"{CASE}/confirm", said).status == 302
    office = browse("office")
    check = office.fill(f"{CASE}/formula", {"subsidy_yen": "1,020,000", "save": "1"})
    typed = {**check.fields(), "participants": [*PARTNERS, "aomori"], "checked": "1"}
    assert office.post(f"{CASE}/formula", {**typed, "reason": "補助が決定"}).status == 302
    late = yomogita.post(
        f"{CASE}/confirm", {**seen[1].fields(), "decision": "confirmed", "opinion": "異議なし"}
    )
    assert late.status == 409
    assert late.one(".own-share").text != seen[1].one(".own-share").text
    assert late.fields()["opinion"] == "異議なし"
    assert not office.get(CASE).all(".pairs .chip-ok")


def test_an_agreed_case_offers_only_its_replacement(browse, given):
    given(make_agreed)
    office = browse("office")
    page = office.get(CASE)
    assert not page.all("a:-soup-contains('直す')")
    assert office.get(f"{CASE}/formula", status=302).location == CASE
    refused = office.post(f"{CASE}/withdraw", page.fields())
    assert "この案件は「合意済み」です。" in office.follow(refused).text
    missing = office.post(f"{CASE}/replace", page.fields())
    assert (missing.status, sentences(missing)) == (422, ["差し替える理由を入力してください。"])
    new = office.post(f"{CASE}/replace", {**page.fields(), "reason": "補助の額が変わったため。"})
    assert new.location == "/costs/2026-02/formula"
    assert "第8-01号 を差し替える案です" in office.get("/costs/2026-02").text


def test_a_draft_can_be_withdrawn(browse, given):
    given(make_ready)
    office = browse("office")
    page = office.post(f"{CASE}/withdraw", office.get(CASE).fields())
    assert office.follow(page).one(".page-actions .chip").text == "取下げ"


def test_only_some_projects_are_listed_and_the_rest_is_found_by_name(browse, given, monkeypatch):
    monkeypatch.setattr(plans, "MOST_TO_CHOOSE", 2)
    for name in ("い事業", "ろ事業", "は事業", "に事業"):
        given(lambda name=name: make_project(name=name))
    office = browse("office")
    page = office.get("/costs/new")
    assert len(page.all("#project option")) == 3
    assert "一覧は名前の順に2件までです" in page.text
    found = office.get("/costs/new?q=に事")
    assert [one.text for one in found.all("#project option")] == ["選んでください", "に事業"]
    kept = office.get("/costs/new?project=4&q=い事")
    assert [one.text for one in kept.all("#project option")][1:] == ["い事業", "に事業"]
    assert kept.one("#project option[selected]").text == "に事業"


def test_the_reconciliation_shows_what_is_paid_or_given_back(browse, given):
    given(make_agreed)
    given(lambda: make_ready(make_proposal(stage=Stage.RECONCILIATION, total_yen=3_500_000)))
    page = browse("office").get("/costs/2026-02")
    table = next(t for t in page.all("table") if "差額" in t.text)
    assert cells(table)[3] == ["今別町", "115,000", "110,000", "−5,000", "返還"]
