"""What was entered by mistake is struck through, counts no more, and can be put back."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    DUE,
    act_of,
    confirm_by,
    letters_of,
    make_agreed,
    make_project,
    make_proposal,
    make_ready,
    make_sent,
    make_usage,
    read,
    somebody,
)
from tests.pages import Page
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.answers.rules import shown
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as talks
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import ProposedPart
from tracker.cost_sharing.models import Consultation, CostCase
from tracker.cost_sharing.rules import CaseState
from tracker.duties.queries import all_duties
from tracker.duty.kinds import Kind
from tracker.figures import actions as figures
from tracker.figures import queries as bases
from tracker.figures.models import FigureSeries
from tracker.figures.rules import FigureKind
from tracker.history import history
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.shares.rules import PartKind

pytestmark = pytest.mark.engines_by_turns

WHY = "別の事業の協議を記録していたため。"


def consultations(case: CostCase) -> list[Consultation]:
    return list(queries.consultations(read(case)))


def strike(case: CostCase, one: Consultation, seen: str | None = None) -> None:
    talks.strike_consultation(act_of("office"), case, one, WHY, seen)


@pytest.mark.usefixtures("both")
def test_without_its_only_consultation_a_case_is_a_draft_that_cannot_be_sent():
    case = make_ready()
    (one,) = consultations(case)
    strike(case, one)
    assert (one.struck_by, one.struck_at, one.struck_reason) == (
        *("青森市 連携推進担当", cast.NOW, WHY),
    )
    assert case.state is CaseState.DRAFT and read(case).consulted_at is None
    with pytest.raises(Refusal, match="協議の記録を1件以上入れてください"):
        actions.send(act_of("office"), case, DUE)
    db.session.rollback()
    with pytest.raises(Refusal, match="すでに取り消されています。"):
        strike(case, one)
    db.session.rollback()
    talks.put_consultation_back(act_of("office"), case, one)
    assert case.state is CaseState.CONSULTING and not one.is_struck
    assert one.gist == "均等割を20％とすることで意見が一致。"
    actions.send(act_of("office"), case, DUE)


@pytest.mark.usefixtures("both")
def test_words_that_rest_on_a_struck_consultation_are_void_and_asked_for_anew():
    case = make_sent()
    confirm_by(case, "hiranai", "imabetsu")
    (one,) = consultations(case)
    shown = case.seen
    confirm_by(case, "yomogita")
    with pytest.raises(Conflict):
        strike(case, one, shown)
    db.session.rollback()
    assert read(case).confirmed == 3
    strike(case, one)
    assert (case.state, read(case).confirmed) == (CaseState.CONSULTING, 0)
    told = letters_of("cost_recalled")
    assert [letter.to_email for letter in told] == [
        letter.to_email for letter in letters_of("cost_request")
    ]
    assert WHY in told[0].body.replace("\n　　　　　", "")
    kinds = {one.kind for one in all_duties(cast.TODAY)}
    assert Kind.COST_UNCONFIRMED not in kinds and Kind.COST_UNSENT in kinds
    # Those who were asked can still read it.
    assert read(case).sent_on == cast.TODAY
    # Putting it back gives no word back; sent again, everybody is asked again.
    talks.put_consultation_back(act_of("office"), case, one)
    assert (case.state, read(case).confirmed) == (CaseState.CONSULTING, 0)
    actions.send(act_of("office"), case, DUE)
    assert len(letters_of("cost_request")) == 10
    confirm_by(case, "aomori", "hiranai", "imabetsu", "yomogita", "sotogahama")
    assert case.state is CaseState.AGREED


@pytest.mark.usefixtures("both")
def test_words_stay_where_another_consultation_was_held_before_sending():
    case = make_ready()
    office = act_of("office")
    talks.add_consultation(office, case, date(2026, 11, 20), "電話", "全市町村", "同じ内容。")
    actions.send(office, case, DUE)
    confirm_by(case, "hiranai")
    strike(case, consultations(case)[1])
    assert (case.state, read(case).confirmed) == (CaseState.AWAITING, 1)
    assert letters_of("cost_recalled") == []


@pytest.mark.slow
@pytest.mark.usefixtures("both")
def test_what_both_sides_confirmed_keeps_its_consultation():
    case = make_agreed()
    (one,) = consultations(case)
    later = Act(somebody("office"), cast.NOW + timedelta(days=1))
    with pytest.raises(Refusal, match="「合意済み」の案件の協議の記録は取り消せません。"):
        talks.strike_consultation(later, case, one, WHY)


CENSUS, RIGHT = "令和2年国勢調査", {slug: 1_000 for _, slug, *_ in cast.TOWNS}


def census() -> FigureSeries:
    return next(one for one, *_ in bases.rows() if one.kind is FigureKind.POPULATION)


def enter_right() -> FigureSeries:
    day, source = date(2020, 10, 1), "総務省統計局"
    return figures.enter_figures(
        act_of("office"),
        *(FigureKind.POPULATION, CENSUS, day, source, RIGHT),
        is_confirmed=True,
    )


def of(series: FigureSeries) -> tuple[ProposedPart, ...]:
    return (ProposedPart(PartKind.POPULATION, Decimal(100), series.id),)


@pytest.mark.usefixtures("both")
def test_struck_figures_leave_what_is_agreed_and_their_name_to_the_right_ones():
    agreed, ready = make_agreed(), make_ready()
    before, wrong, wanted = read(agreed), census(), make_proposal()
    with pytest.raises(Refusal, match="「令和2年国勢調査」はすでに登録されています。"):
        enter_right()
    db.session.rollback()
    figures.strike_figures(act_of("office"), wrong, "町の数を取り違えたため。")
    assert (read(agreed).shares, read(agreed).parts) == (before.shares, before.parts)
    assert [one.no for one in queries.using(wrong.id, cast.TODAY)] == [ready.no]
    # What is agreed keeps its yen, and says on what they rest.
    assert [one.name for one in queries.struck_series(read(agreed))] == [CENSUS]
    assert [one.name for one in queries.struck_series(read(ready))] == [CENSUS]
    with pytest.raises(
        Refusal, match="算式に使った基礎数値「令和2年国勢調査」は取り消されています。"
    ):
        actions.send(act_of("office"), ready, DUE)
    db.session.rollback()
    # No formula takes a figure from it any more.
    assert bases.series(FigureKind.POPULATION) == []
    with pytest.raises(Refusal):
        formula.save_formula(
            act_of("office"),
            ready,
            replace(wanted, parts=of(wrong)),
        )
    db.session.rollback()
    right = enter_right()
    formula.save_formula(act_of("office"), ready, replace(wanted, parts=of(right)))
    assert set(read(ready).shares.values()) == {500_000}
    actions.send(act_of("office"), ready, DUE)
    with pytest.raises(Refusal, match="すでに登録されています。"):
        figures.put_figures_back(act_of("office"), wrong)
    db.session.rollback()
    figures.strike_figures(act_of("office"), right, "こちらが誤りでした。")
    figures.put_figures_back(act_of("office"), wrong)
    assert [one.id for one in bases.series()] == [wrong.id]


@pytest.mark.usefixtures("both")
def test_nobody_confirms_without_having_seen_that_figures_were_struck():
    case = make_sent()
    seen = shown(case.revision, ())
    figures.strike_figures(act_of("office"), census(), "町の数を取り違えたため。")
    for answer in (answers.confirm, answers.return_case):
        with pytest.raises(Conflict, match="取り消されたため、まだお答えを受け付けていません。"):
            answer(act_of("confirmer", "imabetsu"), case, "届きました。", seen)
        db.session.rollback()
    assert not read(case).answers
    answers.confirm(act_of("confirmer", "imabetsu"), case, "", shown(case.revision, [census().id]))
    assert read(case).confirmed_after(cast.NOW - timedelta(seconds=1)) == ["今別町"]
    assert read(case).confirmed_after(cast.NOW) == []


def test_the_lead_takes_out_the_usage_of_its_own_project_and_no_other_figures(app, browse, given):
    given(lambda: make_usage(make_project().id))
    lead = browse("lead")
    page = lead.get("/admin/bases")
    address = page.link("取り消す：相談件数")
    assert [one for one in page.all("main a") if "取り消す" in one.text] == [
        one for one in page.all("main a") if one["href"] == address
    ]
    assert lead.fill(address, {"reason": " "}).status == 422
    page = lead.follow(lead.fill(address, {"reason": WHY}))
    assert WHY in page.text
    with app.app_context():
        last = history.last_of(history.Subject("figures", 2))
        assert (last.verb, last.actor) == ("figures.struck", "青森市 農業振興センター")
        assert WHY in last.summary
    assert "を元に戻しました。" in lead.follow(lead.fill(address, {})).text
    # Neither another project's address, nor the census, nor another municipality.
    lead.get(address.replace("projects/1/2", "projects/1/1"), 404)
    lead.get("/admin/bases/1/strike", 403)
    browse("officer", "imabetsu").get(address, 403)


def test_a_page_opened_before_figures_were_struck_confirms_nothing(app, browse, given):
    given(make_sent)
    town, asked = browse("confirmer", "imabetsu"), f"{CASE}/confirm"
    opened = {**town.get(asked).fields(), "decision": "confirmed"}
    given(lambda: figures.strike_figures(act_of("office"), census(), "町の数を取り違えたため。"))
    refused = town.post(asked, opened)
    assert refused.status == 409
    assert "割り方に使った基礎数値「令和2年国勢調査」は取り消されています。" in refused.text
    assert town.post(asked, {**refused.fields(), "decision": "confirmed"}).status == 302
    office = browse("office").get(CASE)
    assert "取り消した後に確認した市町村：今別町" in office.text


@pytest.mark.usefixtures("both")
def test_struck_figures_come_and_go_with_the_release():
    wrong = census()
    figures.strike_figures(act_of("office"), wrong, "誤りのため。")
    right = enter_right()
    ids = (wrong.id, right.id)
    db.session.commit()
    downgrade(revision="0022")
    names = "SELECT name FROM figure_series WHERE kind = 'population' ORDER BY id"
    assert db.session.scalars(text(names)).all() == [f"{CENSUS}（取消し{ids[0]}）", CENSUS]
    db.session.commit()
    upgrade(revision="0023")
    values = "SELECT count(*) FROM base_figure WHERE series_id = :id"
    assert [db.session.scalar(text(values), {"id": id_}) for id_ in ids] == [5, 5]


def test_the_page_of_figures_strikes_a_series_and_names_the_open_cases(app, browse):
    with app.app_context():
        make_ready()
        make_agreed()
    office = browse("office")
    page = office.get("/admin/bases")
    address = page.link(f"取り消す：{CENSUS}")
    page = office.get(address)
    assert "合意済みの案件に写した数値は変わりません。" in page.text
    assert [str(one["href"]) for one in page.all("main li a")] == [CASE]
    page = office.follow(office.fill(address, {"reason": "誤りのため。"}))
    assert f"「基礎数値 {CENSUS}」を取り消しました。" in page.text
    assert "理由：誤りのため。" in page.text and len(page.all("main td s")) == 5
    assert f"基礎数値「{CENSUS}」は取り消されています。" in office.get(CASE).text
    assert not office.get(f"{CASE}/formula").all("#series_population")
    assert not office.get("/costs/2026-02").all("main .note-warn")
    browse("officer", "imabetsu").get(address, status=403)
    office.follow(office.fill(address, {}))
    assert not office.get("/admin/bases").all("main s")


def struck_line(page: Page) -> str:
    return " ".join(page.all(".log li")[0].get_text(" ", strip=True).split())


def test_the_page_strikes_a_consultation_with_its_reason_and_puts_it_back(app, browse):
    with app.app_context():
        make_sent()
    office, town = browse("office"), browse("officer", "imabetsu")
    address = office.get(CASE).link("取り消す：令和8年11月5日（木）　オンライン（5市町村の担当者）")
    page = office.get(address)
    assert "案件は「協議中」に戻ります。" in page.text
    refused = office.fill(address, {"reason": " "})
    assert refused.status == 422
    assert "取り消す理由を入力してください。" in refused.one("#reason-error").get_text()
    page = office.follow(office.fill(address, {"reason": WHY}))
    assert "を取り消しました。" in page.text
    said = struck_line(town.get(CASE))
    assert town.get(CASE).all(".log s") and WHY in said and "青森市 連携推進担当" in said
    town.get(address, status=403)
    # The page that was open before does not strike, nor put back, what it has not seen.
    assert office.post(address, {**office.get(address).fields(), "seen": "1"}).status == 409
    page = office.follow(office.fill(address, {}))
    assert "を元に戻しました。" in page.text and not page.all(".log s")


@pytest.mark.slow
@pytest.mark.usefixtures("both")
def test_a_struck_consultation_does_not_count_in_the_release_before():
    case = make_ready()
    office = act_of("office")
    talks.add_consultation(office, case, date(2026, 11, 20), "電話", "全市町村", "同じ内容。")
    strike(case, consultations(case)[1])
    db.session.commit()
    downgrade(revision="0021")
    columns = {one["name"] for one in inspect(db.engine).get_columns("consultation")}
    assert "gist" in columns and "struck_at" not in columns
    places = "SELECT place FROM consultation"
    assert db.session.scalars(text(places)).all() == ["電話"]
    db.session.commit()
    upgrade(revision="0022")
    found = db.session.execute(text("SELECT place, struck_at FROM consultation")).all()
    assert [tuple(row) for row in found] == [("電話", None)]


def test_who_confirms_sees_that_the_figures_were_taken_out(app, browse):
    with app.app_context():
        make_sent()
        figures.strike_figures(act_of("office"), census(), "誤りのため。")
    page = browse("confirmer", "imabetsu").get(f"{CASE}/confirm")
    assert f"基礎数値「{CENSUS}」は取り消されています。" in page.one(".note-warn").get_text()
    assert "理由：誤りのため。" in page.text
