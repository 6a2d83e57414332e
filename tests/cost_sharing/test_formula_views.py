"""The formula as it is typed, with JavaScript and without."""

from datetime import timedelta
from typing import Any

import lxml.html
from sqlalchemy import update

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    NAMES,
    PARTNERS,
    cells,
    confirm_by,
    make_agreed,
    make_draft,
    make_proposal,
    make_ready,
    make_sent,
    sentences,
)
from tests.pages import Page, PageClient
from tracker.agreements.models import Agreement
from tracker.cost_sharing.formula.proposal import Proposal
from tracker.figures.actions import enter_figures
from tracker.figures.rules import FigureKind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

WORKED = {"parts-0-percent": "20", "parts-1-percent": "80"}


def of_four() -> Proposal:
    """The worked check without its last municipality."""
    return make_proposal(participants=NAMES[:4])


def end_agreements() -> None:
    """No agreement binds any more."""
    db.session.execute(update(Agreement).values(ended_on=cast.TODAY - timedelta(days=1)))
    db.session.commit()


def with_part(person: PageClient, kind: str, **more: Any) -> Page:
    """The page of the formula after one of its buttons has added a part of that kind."""
    return person.fill(f"{CASE}/formula", {"add": kind, **more})


def by_town(at: str, values: str) -> dict[str, str]:
    """A value for each of the five municipalities, in their order."""
    slugs = ("aomori", *PARTNERS)
    return {f"{at}_{slug}": one for slug, one in zip(slugs, values.split(), strict=True)}


LIVE = (
    ("equal", WORKED),
    ("equal", {"parts-0-percent": "100", **by_town("parts-0-weight", "100 50 50 50 50")}),
    ("ratio", {"parts-2-percent": "100", **by_town("parts-2-weight", "8 1 1 1 0.5")}),
    ("fixed", {**WORKED, "parts-2-amount_aomori": "10,000", "remainder": "largest_remainder"}),
    ("host", {"parts-0-percent": "90", "parts-2-percent": "10", "parts-2-only": "sotogahama"}),
    ("rate", {**WORKED, "parts-2-rate": "0.5", "cap_imabetsu": "10万円"}),
    ("equal", {"parts-0-percent": "95"}),
    ("equal", {"parts-0-percent": "abc", "total_yen": ""}),
    ("equal", {"parts-0-percent": "100", "participants": ["aomori"]}),
)


def test_the_live_table_is_the_table_of_the_page_without_javascript(browse, given):
    given(make_draft)
    office = browse("office")
    added = {kind: with_part(office, kind).fields() for kind in dict(LIVE)}
    for kind, typed in LIVE:
        fields = {**added[kind], **typed}
        page = office.post(f"{CASE}/formula", {**fields, "calculate": "1"})
        headers = {"X-Fragment": "1"}
        live = office.client.post(f"{CASE}/formula/preview", data=fields, headers=headers)
        assert live.mimetype == "text/html" and page.status == live.status_code, (kind, typed)
        assert split_of(page.said) == split_of(live.get_data(as_text=True)), (kind, typed)
    assert "算式はまだ決まっていません" in office.get(CASE).text


def split_of(said: str) -> bytes:
    """The one table of shares in a page, or in a part of it."""
    [found] = lxml.html.fromstring(f"<div>{said}</div>").xpath("//*[@id='split']")
    return lxml.html.tostring(found, with_tail=False)


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
    page = browse("office").fill(f"{CASE}/formula", {"parts-0-percent": "95", "save": "1"})
    assert page.status == 422
    assert sentences(page) == ["割り方の合計が95％です。あと5％をどこかに足してください。"]
    assert page.fields()["parts-0-percent"] == "95"


def test_figures_that_nobody_entered_are_offered_once_they_are(browse, given):
    given(make_draft)
    office = browse("office")
    page = office.get(f"{CASE}/formula")
    assert not page.all("button[name=add][value=usage]")
    assert "利用実績割・財政規模割・特別交付税上限割は、" in page.text
    given(
        lambda: enter_figures(
            Act(None, cast.NOW),
            FigureKind.USAGE,
            "令和6年度の利用者",
            cast.TODAY,
            "青森市の集計",
            {"aomori": 70, "imabetsu": 30},
            is_confirmed=False,
        )
    )
    added = with_part(office, "usage").fields()
    only_two = {**added, "parts-2-percent": "100", "participants": ["aomori", "imabetsu"]}
    page = office.post(f"{CASE}/formula", {**only_two, "calculate": "1"})
    assert [row[1] for row in cells(page.one("table.split"))[1:-1]] == ["1,750,000", "750,000"]
    assert "利用実績：青森市 70、今別町 30（計 100）。令和6年度の利用者（暫定値、" in page.text
    everybody = {**only_two, "participants": ["aomori", *PARTNERS], "calculate": "1"}
    page = office.post(f"{CASE}/formula", everybody)
    assert sentences(page) == [
        "利用実績割に「平内町」「蓬田村」「外ヶ浜町」の値がありません。ないときは0を入れてください。"
    ]


def test_last_years_formula_stands_in_the_boxes_with_its_shares_and_is_saved_by_nobody(
    browse, given
):
    given(lambda: confirm_by(make_sent(of_four(), year=FiscalYear(2025)), "aomori", *PARTNERS[:3]))
    # Nobody takes part in the project in its new year yet.
    given(lambda: make_draft(year=FiscalYear(2027)))
    office, path = browse("office"), "/costs/2027-01"
    page = office.get(f"{path}/formula")
    assert "算式はまだ決まっていません" in page.one("#split").text
    assert not page.all("[name=participants][checked]")
    copied = office.get(page.link("令和7年度の算式を写す"))
    fields = copied.fields()
    assert (fields["parts-0-percent"], fields["parts-1-percent"]) == ("20", "80")
    assert fields["participants"] == ["aomori", *PARTNERS[:3]]
    assert len(cells(copied.one("table.split"))) == 6
    assert "第7-01号の算式を写しています。" in copied.text
    assert "算式はまだ決まっていません" in office.get(path).text
    assert office.post(f"{path}/formula", {**fields, "save": "1"}).status == 302
    assert "2,500,000" in office.get(path).one("table.split").text


def test_a_new_case_begins_with_the_formula_agreed_last(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    office = browse("office")
    new = office.get("/costs/new?project=1")
    start = {"kind": "money", "stage": "estimate", "total_yen": "1.5百万円"}
    page = office.post("/costs/new", {**new.fields(), **start})
    assert page.location == f"{CASE}/formula?from=2025-01"
    assert "1,500,000" in office.follow(page).one("table.split").text
    work = {**new.fields(), "kind": "work", "stage": "estimate"}
    assert office.post("/costs/new", work).location == "/costs/2026-02/formula"


def test_who_is_given_something_and_does_not_share_is_told_by_the_tick(browse, given):
    given(make_draft)
    office = browse("office")
    typed = {**WORKED, "participants": ["aomori", *PARTNERS[1:]], "parts-0-weight_hiranai": "2"}
    weights = {f"parts-0-weight_{slug}": "1" for slug in ("aomori", *PARTNERS[1:])}
    more = {"remainder": "hiranai", "cap_hiranai": "10万円", "calculate": "1"}
    page = office.fill(f"{CASE}/formula", {**typed, **weights, **more})
    assert set(sentences(page)) == {
        f"{where}の「平内町」は、「分担する」に印が付いていません。"
        "印を付けるか、ここから外してください。"
        for where in ("均等割の重み", "端数の負担者", "上限")
    }


def test_a_town_that_left_the_agreement_is_named_before_anything_is_saved(browse, given):
    given(make_draft)
    given(end_agreements)
    page = browse("office").fill(f"{CASE}/formula", {**WORKED, "save": "1"})
    assert "平内町との間に、今、効力のある連携協約がありません" in sentences(page)[0]


def test_a_part_just_added_stands_over_no_amounts_of_the_stored_formula(given, browse) -> None:
    given(make_ready)
    office = browse("office")
    assert "115,000" in office.get(f"{CASE}/formula").one("#split").text
    split = with_part(office, "fixed").one("#split").text
    assert "115,000" not in split and "「計算する」を押すと" in split


def test_a_formula_has_twelve_parts_at_the_most_and_says_so(browse, given):
    given(make_draft)
    office = browse("office")
    eleven = {f"parts-{n}-kind": "fixed" for n in range(2, 11)}
    full = with_part(office, "fixed", **eleven)
    said = "割り方は12個までです。加えるときは、先にどれかを取り除いてください。"
    assert said in full.text and not full.all("button[name=add]")
    assert len(full.all("[name$=-kind]")) == 12
    more = office.post(f"{CASE}/formula", {**full.fields(), "add": "fixed"})
    assert len(more.all("[name$=-kind]")) == 12 and said in more.text
    less = office.post(f"{CASE}/formula", {**full.fields(), "drop": "11"})
    assert len(less.all("[name$=-kind]")) == 11 and said not in less.text
