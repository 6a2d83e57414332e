"""Who sees what of a case, and in how many queries."""

import re

from tests.cost_sharing.makers import (
    CASE,
    answer,
    make_agreed,
    make_draft,
    make_proposal,
    make_ready,
    make_sent,
)
from tests.pages import counting
from tracker.kernel.fiscal_year import FiscalYear

STRANGERS = (
    *(("officer", "imabetsu"), ("confirmer", "imabetsu"), ("confirmer", "aomori")),
    *(("reader", "aomori"), ("admin", "aomori")),
)


def test_a_draft_is_unknown_to_everybody_but_those_who_draft(browse, given):
    given(make_ready)
    for role, slug in STRANGERS:
        client = browse(role, slug)
        client.get(CASE, status=404)
        client.get(f"{CASE}/formula", status=403)
        assert "この年度の費用負担の記録はありません" in client.get("/costs").text, role
        if role == "confirmer":
            client.get(f"{CASE}/confirm", status=404)
    for role in ("office", "lead"):
        client = browse(role)
        assert client.get(CASE).one(".page-actions .chip").text == "協議中"
        assert len(client.get("/costs").all("tbody tr")) == 1


def test_a_case_once_sent_is_read_by_all_and_changed_by_none_of_them(browse, given):
    given(make_sent)
    for role, slug in (*STRANGERS[:1], *STRANGERS[3:], ("confirmer", "hiranai")):
        client = browse(role, slug)
        page = client.get(CASE)
        assert "115,000" in page.text and not page.tree.xpath("//main//form"), role
        for path in ("formula", "send"):
            client.get(f"{CASE}/{path}", status=403)
        if role != "confirmer":
            client.get(f"{CASE}/confirm", status=403)


def test_a_confirmer_of_a_town_that_takes_no_part_is_refused(browse, given):
    given(lambda: make_sent(make_proposal(participants=("青森市", "平内町"))))
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


def test_nothing_can_be_sent_twice_or_before_it_has_content(browse, given):
    given(make_draft)
    given(make_sent)
    office = browse("office")
    for no in ("2026-01", "2026-02"):
        assert office.get(f"/costs/{no}/send", status=302).location == f"/costs/{no}"


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
