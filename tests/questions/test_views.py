"""A question through its pages, from either side to its settlement; nobody writes for the other."""

import pytest

from tests.questions.makers import TEXT, make_draft, make_put, make_sent, make_settled
from tracker.kernel.permissions import Role
from tracker.plumbing.db import db

QUESTION = "/questions/2026-01"
WORDS = {
    "title": "「その都度」の範囲について",
    "doubt": "前年度と同じ算式でも、協議の記録が要るか。",
    "place": "4-2",
}
CONSULTED = {
    "consulted_on": "11/20",
    "place": "電話",
    "participants": "双方の担当",
    "gist": "一致。",
}


@pytest.fixture
def given(app):
    """given(make, ...): makes something before the pages, in a context that ends with it."""

    def carry_out(make, *args, **kwargs):
        with app.app_context():
            no = str(make(*args, **kwargs).no)
            db.session.remove()
        return f"/questions/{no}"

    return carry_out


def state(page):
    """The chip over the page."""
    return page.one(".page-actions .chip").text.strip()


@pytest.mark.parametrize("asker", ["imabetsu", "aomori"])
def test_a_question_goes_from_either_side_to_its_settlement(browse, asker):
    town, hub = browse("officer", "imabetsu"), browse("office")
    asks, other = (town, hub) if asker == "imabetsu" else (hub, town)
    new = "/questions/new?article=4"
    if asker == "aomori":
        new = hub.get(new).link("今別町との連携協約")
    draft = asks.get(new)
    assert draft.one("select[name=place] option[selected]")["value"] == "4"
    show = asks.follow(asks.post(new, {**draft.fields(), **WORDS, "view": "要ると考える。"}))
    assert (show.title, state(show)) == (WORDS["title"], "下書き")
    # A draft of the other side answers as a number that nobody gave out.
    assert other.get(QUESTION, status=404).text == other.get("/questions/2026-99", status=404).text
    assert WORDS["title"] not in other.get("/questions").text

    show = asks.follow(asks.fill(f"{QUESTION}/put", {"answer_due_on": "12/8"}))
    assert state(show) == "受付"
    page = other.get(f"{QUESTION}/view")
    assert "要ると考える。" in page.text and page.one("textarea").text.strip() == ""
    show = other.follow(other.fill(f"{QUESTION}/view", {"text": "電話でもよいので要る。"}))
    assert state(show) == "協議中"
    to = f"{QUESTION}/consultations"
    show = hub.follow(hub.post(to, {**hub.get(QUESTION).fields(0), **CONSULTED}))
    assert "令和8年11月20日（金）　電話（双方の担当）" in show.html.get_text()

    page = town.get(f"{QUESTION}/settlement")
    assert [one.text for one in page.all(".choice b")] == ["平内町", "蓬田村", "外ヶ浜町"]
    hiranai = page.one("label:-soup-contains('平内町') input")["value"]
    fields = {"text": TEXT, "sisters": [hiranai], "reply_due_on": "12/18"}
    show = town.follow(town.post(f"{QUESTION}/settlement", {**page.fields(), **fields}))
    assert state(show) == "確認待ち"
    for slug in ("aomori", "imabetsu"):
        confirmer = browse("confirmer", slug)
        shown = confirmer.get(f"{QUESTION}/confirm").text
        assert all(one in shown for one in (TEXT, "要ると考える。", "電話でもよいので要る。"))
        show = confirmer.follow(confirmer.fill(f"{QUESTION}/confirm", {"decision": "confirmed"}))
    assert state(show) == "解決"
    assert len(show.all("table .chip-ok")) == 2

    partner = browse("confirmer", "hiranai")
    seen = partner.get(QUESTION)
    assert TEXT in seen.text and WORDS["doubt"] in seen.text
    assert "要ると考える。" not in seen.text and "一致。" not in seen.text
    show = partner.follow(partner.fill(f"{QUESTION}/apply", {"decision": "same"}))
    assert "同じ扱いとする" in show.text
    assert "平内町 企画課長" in hub.get(QUESTION).text
    for outsider in (browse("confirmer", "yomogita"), browse("officer", "yomogita")):
        outsider.get(QUESTION, status=404)


def test_nobody_writes_the_other_side_s_view_whatever_is_sent(browse, given):
    given(make_put)
    office = browse("office")
    page = office.get(f"{QUESTION}/view")
    # The page has one box, for the own side; a side named in the form changes nothing.
    assert [one["name"] for one in page.all("main textarea")] == ["text"]
    sent = {**page.fields(), "text": "青森市の考え。", "municipality_id": "3", "side": "imabetsu"}
    show = office.follow(office.post(f"{QUESTION}/view", sent))
    words = [card.text for card in show.all("section.card") if "の考え" in card.h2.text]
    assert "青森市の考え。" in words[0] and "青森市 連携推進担当" in words[0]
    assert "要ると考える。" in words[1] and "今別町 企画担当" in words[1]
    for role, slug, code in (
        *((Role.OFFICER, "yomogita", 404), (Role.LEAD, "aomori", 403)),
        (Role.READER, "aomori", 403),
    ):
        browse(role, slug).get(f"{QUESTION}/view", status=code)


def test_silence_settles_nothing_however_long(browse, given, now):
    given(make_sent)
    browse("confirmer").fill(f"{QUESTION}/confirm", {"decision": "confirmed"})
    now.shift(400 * 86400)
    show = browse("office").get(QUESTION)
    assert state(show) == "確認待ち"
    assert "お返事がないことを、確認とはみなしません" in show.text


def test_a_changed_text_voids_what_was_confirmed_and_says_so_before(browse, given):
    given(make_sent)
    confirmer, officer = browse("confirmer", "imabetsu"), browse("officer", "imabetsu")
    stale = confirmer.get(f"{QUESTION}/confirm").fields()
    confirmer.fill(f"{QUESTION}/confirm", {"decision": "confirmed"})
    page = officer.get(f"{QUESTION}/settlement")
    assert "いただいた確認はすべて取り消しになります" in page.text
    officer.post(f"{QUESTION}/settlement", {**page.fields(), "text": "電話でもよい。"})
    refused = confirmer.post(f"{QUESTION}/confirm", {**stale, "decision": "confirmed"})
    assert refused.status == 409 and "先に直しました" in refused.text
    show = officer.get(QUESTION)
    assert state(show) == "確認待ち" and "第2版" in show.text
    assert not show.all("table .chip-ok")


def test_a_return_without_words_is_asked_for_them_beside_the_box(browse, given):
    given(make_sent)
    confirmer = browse("confirmer", "imabetsu")
    page = confirmer.fill(f"{QUESTION}/confirm", {"decision": "returned", "opinion": " 　"})
    assert page.status == 422
    assert "直してほしい所を書いてください" in page.one(".error").text
    show = confirmer.follow(
        confirmer.fill(f"{QUESTION}/confirm", {"decision": "returned", "opinion": "電話でもよい。"})
    )
    assert state(show) == "意見あり" and "電話でもよい。" in show.text


def test_who_drafts_does_not_confirm_and_who_confirms_does_not_draft(browse, given):
    given(make_sent)
    browse("office").get(f"{QUESTION}/confirm", status=403)
    confirmer = browse("confirmer")
    for page in ("view", "settlement", "edit", "put"):
        confirmer.get(f"{QUESTION}/{page}", status=403)
    assert confirmer.get(QUESTION).link("内容を確認する") == f"{QUESTION}/confirm"


def test_the_list_says_what_waits_and_is_narrowed_to_what_it_is_about(browse, given):
    empty = browse("officer", "imabetsu").get("/questions")
    assert "次の担当の助けになります" in empty.text
    given(make_settled)
    given(make_put)
    given(make_draft)
    given(make_put, "hiranai")
    town, hub = browse("officer", "imabetsu"), browse("office")
    listed = town.get("/questions")
    assert [row.select(".chip")[0].text.strip() for row in listed.all("tbody tr")] == [
        *("下書き", "受付", "解決"),
    ]
    assert len(hub.get("/questions").all("tbody tr")) == 3
    assert len(hub.get("/questions?agreement=1").all("tbody tr")) == 1
    assert hub.get("/questions?project=7").all("tbody tr") == []
    # As a stranger: what others have is neither listed nor counted.
    assert browse("officer", "yomogita").get("/questions").all("tbody tr") == []


def test_the_side_that_asked_takes_it_back(browse, given):
    given(make_put)
    office, town = browse("office"), browse("officer", "imabetsu")
    assert "取り下げる" not in office.get(QUESTION).text
    show = town.follow(town.fill(QUESTION, {}, to=f"{QUESTION}/withdraw"))
    assert state(show) == "取下げ"
    assert office.get(f"{QUESTION}/view", status=302).location == QUESTION
