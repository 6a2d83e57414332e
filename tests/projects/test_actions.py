"""What happens to projects and rounds, on both databases."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.projects.makers import (
    ALL,
    DUE,
    H1,
    letters,
    make_plan,
    make_project,
    make_round,
    measure_id,
    report_of,
    save,
    submit,
    writer,
)
from tracker.agreements.models import Agreement
from tracker.amounts.exact import Exact
from tracker.duties.queries import all_duties
from tracker.duty.kinds import Kind
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import actions as municipalities
from tracker.municipalities.models import EntryKind, Municipality
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import IndicatorTarget, Project, RoundPart
from tracker.projects.plans import actions
from tracker.projects.plans.rules import IndicatorText, Part
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports.rules import Content
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rounds.rules import Telling
from tracker.projects.rules import Ended, ReportState, YearMark

pytestmark = pytest.mark.engines_by_turns

LATER = cast.NOW + timedelta(hours=1)
Who = Callable[..., Actor]


def test_a_project_is_entered_with_its_year(both: Flask) -> None:
    parts = {
        "aomori": Part(8_000_000, None, {1: Exact(389)}),
        "imabetsu": Part(0, None, {1: Exact(20)}),
    }
    project = make_project(parts=parts, comment="順調です。")
    rows = queries.parts(project.id, FiscalYear(2026))
    assert [(row.year, row.budget_yen, str(row.measured[0].target)) for row in rows] == [
        (2026, 8_000_000, "389"),
        (2026, 0, "20"),
    ]
    assert (rows[0].comment, rows[0].commented_at) == ("順調です。", cast.NOW)
    head = queries.head(project.id)
    assert head is not None
    assert (head.lead, head.measure_number) == ("青森市 農業振興センター", "1-1")
    assert [(one.name, one.unit) for one in queries.indicators(project.id)] == [("参加者数", "人")]
    assert (project.name, project.search_key) == ("農業研修事業", "農業研修事業")
    project.name = "外が浜 まつり"
    assert project.search_key == "外ケ浜マツリ"
    db.session.rollback()


def test_changing_one_year_leaves_the_other_years_alone(both: Flask) -> None:
    project = make_project(year=FiscalYear(2025), comment="昨年度の言葉")
    plan = make_plan(parts={"hiranai": Part(1, 2, {1: Exact(3)})}, mark=YearMark.NOT_STARTED)
    actions.change_project(Act(None, LATER), project, plan)
    before, now = (queries.parts(project.id, FiscalYear(year)) for year in (2025, 2026))
    assert len(before) == 5 and before[0].comment == "昨年度の言葉"
    assert [(row.actual_yen, row.mark) for row in now] == [(2, YearMark.NOT_STARTED)]
    assert [one.target for row in now for one in row.measured] == [Exact(3)]


def test_the_lead_s_words_keep_their_day_until_they_change(both: Flask) -> None:
    project = make_project(comment="順調です。")
    for plan, at in (
        (make_plan(comment="順調です。", parts={"imabetsu": Part()}), cast.NOW),
        (make_plan(comment="遅れています。"), LATER),
    ):
        actions.change_project(Act(None, LATER), project, plan)
        assert queries.parts(project.id, FiscalYear(2026))[0].commented_at == at


def test_a_change_of_parts_alone_counts_as_a_change(both: Flask) -> None:
    project = make_project()
    seen = project.seen
    actions.change_project(Act(None, LATER), project, make_plan(parts={"imabetsu": Part()}), seen)
    with pytest.raises(Conflict, match="ほかの画面で11月24日 11:00に先に直しました。"):
        actions.change_project(Act(None, LATER), project, make_plan(), seen)


def test_only_a_municipality_whose_agreement_covers_the_measure_takes_part(both: Flask) -> None:
    ended = db.session.scalars(select(Agreement).where(Agreement.title.contains("今別町"))).one()
    ended.ended_on = date(2026, 3, 31)
    db.session.commit()
    with pytest.raises(Refusal, match="今別町の協約には、この連携施策がありません。") as refusal:
        make_project()
    assert refusal.value.field == "part_imabetsu"
    db.session.rollback()
    make_project(year=FiscalYear(2025))  # in that year the agreement was in force


def test_who_has_begun_to_report_cannot_be_taken_out(both: Flask) -> None:
    project = make_project()
    make_round()
    save(report_of(project), Content())
    without = {slug: part for slug, part in ALL.items() if slug != "imabetsu"}
    with pytest.raises(Refusal, match="今別町は令和8年度の報告を始めています。"):
        actions.change_project(Act(None, LATER), project, make_plan(parts=without))


def test_an_indicator_is_mended_but_not_lost(both: Flask) -> None:
    project = make_project()
    mended = make_plan(indicators={1: IndicatorText("受講者数", "人", "")})
    actions.change_project(Act(None, LATER), project, mended)
    assert [one.name for one in queries.indicators(project.id)] == ["受講者数"]
    make_round()
    submit(report_of(project))
    bare = make_plan(indicators={}, parts=dict.fromkeys(ALL, Part()))
    with pytest.raises(Refusal, match="報告のある成果指標は消せません。"):
        actions.change_project(Act(None, LATER), project, bare)


def test_an_indicator_without_a_report_goes_with_its_targets_of_all_years(both: Flask) -> None:
    liked = IndicatorText("満足度", "点", "", 1)
    people = make_plan().indicators[1]
    parts = {"imabetsu": Part(targets={1: Exact(20), 2: Exact(85, 10, 1)})}
    project = make_project(indicators={1: people, 2: liked}, parts=parts)
    [row] = queries.parts(project.id, FiscalYear(2026))
    assert [(one.name, str(one.target)) for one in row.measured] == [
        ("参加者数", "20"),
        ("満足度", "8.5"),
    ]
    rest = {"imabetsu": Part(targets={2: Exact(9)})}
    actions.change_project(Act(None, LATER), project, make_plan(indicators={2: liked}, parts=rest))
    assert [one.number for one in queries.indicators(project.id)] == [2]
    assert db.session.scalar(select(func.count()).select_from(IndicatorTarget)) == 1


def test_two_projects_do_not_share_a_name_and_a_post_is_the_lead_s(both: Flask) -> None:
    make_project()
    with pytest.raises(Refusal, match="同じ名前の事業があります。"):
        make_project()
    db.session.rollback()
    with pytest.raises(Refusal, match="主担当の市町村の役職から"):
        make_project(name="環境学習事業", lead="hiranai")


def test_a_copied_year_has_the_participants_and_targets_but_no_amounts(
    both: Flask, actor: Who
) -> None:
    make_project(comment="言葉", mark=YearMark.SKIPPED)
    make_project(
        name="環境学習事業",
        measure_id=measure_id("3(1)-2"),
        indicators={},
        parts={"imabetsu": Part(5, 5)},
    )
    copied = actions.copy_year(Act(actor("office"), LATER), FiscalYear(2026), FiscalYear(2027))
    assert copied == 2
    rows = queries.of_year(FiscalYear(2027), None)
    assert [(row.project, row.town.slug) for row in rows] == [
        *(("農業研修事業", slug) for slug in ALL),
        ("環境学習事業", "imabetsu"),
    ]
    assert {(row.budget_yen, row.actual_yen, row.mark) for row in rows} == {(None, None, None)}
    kept = select(func.count()).where(IndicatorTarget.fiscal_year == 2027)
    assert db.session.scalar(kept) == 5


def test_a_year_is_copied_once_and_not_from_nothing(both: Flask) -> None:
    make_project()
    for source, target, said in (
        (2024, 2025, "令和6年度の事業がないため、写せません。"),
        (2025, 2026, "令和8年度の事業は、すでに登録されています。"),
    ):
        with pytest.raises(Refusal, match=said):
            actions.copy_year(Act(None, LATER), FiscalYear(source), FiscalYear(target))


def test_a_part_whose_agreement_has_ended_is_not_copied(both: Flask) -> None:
    make_project()
    ended = db.session.scalars(select(Agreement).where(Agreement.title.contains("今別町"))).one()
    ended.ended_on = date(2027, 3, 31)
    db.session.commit()
    actions.copy_year(Act(None, LATER), FiscalYear(2026), FiscalYear(2027))
    slugs = {row.town.slug for row in queries.of_year(FiscalYear(2027), None)}
    assert slugs == set(ALL) - {"imabetsu"}


def test_opening_a_round_writes_one_letter_to_everybody_who_reports(both: Flask) -> None:
    make_project()
    make_project(name="環境学習事業", parts={slug: Part() for slug in ("aomori", "imabetsu")})
    make_project(
        name="平内町の事業",
        lead="hiranai",
        lead_post_id=None,
        parts={slug: Part() for slug in ("aomori", "hiranai")},
    )
    make_round()
    asked = {letter.to_email: letter for letter in letters("report_request")}
    assert set(asked) == {
        "lead@aomori.example",
        "office@aomori.example",
        "officer@hiranai.example",
        "officer@imabetsu.example",
        "officer@yomogita.example",
        "officer@sotogahama.example",
    }
    assert "2事業について" in asked["officer@imabetsu.example"].body
    assert "2事業について" in asked["lead@aomori.example"].body
    assert "1事業について" in asked["office@aomori.example"].body


def test_a_year_called_off_is_not_asked_about(both: Flask) -> None:
    make_project(mark=YearMark.SKIPPED)
    with pytest.raises(Refusal, match="事業がまだ登録されていません"):
        make_round()
    db.session.rollback()
    make_project(name="環境学習事業", parts={"imabetsu": Part()})
    make_round()
    assert {fact.project for fact in queries.requested_reports(FiscalYear(2026))} == {
        "環境学習事業"
    }
    assert "1事業について" in letters("report_request")[0].body


def parts_asked() -> list[tuple[str, Ended | None, date | None]]:
    rows = db.session.execute(
        select(Municipality.slug, RoundPart.ended, RoundPart.ended_on)
        .join(Municipality, Municipality.id == RoundPart.municipality_id)
        .order_by(Municipality.code)
    )
    return [tuple(row) for row in rows]


def change(project: Project, **changes: object) -> None:
    actions.change_project(Act(None, LATER), project, make_plan(**changes))


def test_what_an_open_round_asks_ends_with_its_day_and_reason_and_comes_back(both: Flask) -> None:
    project = make_project()
    make_round()
    every = [(slug, None, None) for slug in ALL]
    assert parts_asked() == every
    rest = {slug: part for slug, part in ALL.items() if slug != "hiranai"}
    change(project, parts=rest)
    left = [
        (slug, *((Ended.LEFT, cast.TODAY) if slug not in rest else (None, None))) for slug in ALL
    ]
    assert parts_asked() == left
    assert {one.town.slug for one in queries.asked_of(H1)} == set(rest)
    change(project, parts=rest, mark=YearMark.SKIPPED)
    assert parts_asked() == [(slug, Ended.CALLED_OFF, cast.TODAY) for slug in ALL]
    assert (queries.asked_of(H1), queries.requested_reports(FiscalYear(2026))) == ([], ())
    change(project)
    assert parts_asked() == every


def test_a_project_entered_later_joins_no_round_by_itself(both: Flask) -> None:
    make_project(parts={"imabetsu": Part()})
    opened = make_round()
    later = make_project(name="環境学習事業", parts={"imabetsu": Part()})
    assert queries.story(H1, later.id, "imabetsu") is None
    assert len(queries.asked_of(H1)) == 1
    round_actions.ask(opened)
    assert [one.project for one in queries.asked_of(H1)] == ["環境学習事業", "農業研修事業"]


def test_the_office_takes_a_later_project_and_a_later_municipality_into_a_running_round(
    both: Flask, actor: Who
) -> None:
    first = make_project(parts={"imabetsu": Part()})
    make_round()
    later = make_project(
        name="環境学習事業", parts={slug: Part() for slug in ("aomori", "hiranai")}
    )
    change(first, parts={slug: Part() for slug in ("imabetsu", "yomogita")})
    make_project(name="見送りの事業", mark=YearMark.SKIPPED)
    found = queries.unasked(queries.rounds()[0])
    assert [(one.name, one.towns) for one in found] == [
        ("環境学習事業", ("青森市", "平内町")),
        ("農業研修事業", ("蓬田村",)),
    ]
    office = Act(actor("office"), LATER)
    # Somebody changed who takes part after the office had looked.
    change(later, name=later.name, parts={"hiranai": Part()})
    with pytest.raises(Conflict):
        round_actions.take_in(office, H1, later, found[0].seen)
    db.session.rollback()
    assert round_actions.take_in(office, H1, later, later.seen) == 1
    assert round_actions.take_in(office, H1, first, first.seen) == 1
    told = {letter.to_email: letter.body for letter in letters("report_added")}
    assert set(told) == {"officer@hiranai.example", "officer@yomogita.example"}
    assert (
        "　事業　環境学習事業\n　期限　令和8年11月30日（月）17時" in told["officer@hiranai.example"]
    )
    assert [(one.project, one.town.slug) for one in queries.asked_of(H1)] == [
        ("環境学習事業", "hiranai"),
        ("農業研修事業", "imabetsu"),
        ("農業研修事業", "yomogita"),
    ]
    owing = {one.owner.municipality: one.total for one in all_duties(cast.TODAY) if one.total}
    assert {"hiranai", "yomogita"} <= set(owing)
    assert not queries.unasked(queries.rounds()[0])
    with pytest.raises(Refusal, match="すでにこの回に入っています。"):
        round_actions.take_in(office, H1, first)
    db.session.rollback()
    round_actions.close_round(office, H1)
    with pytest.raises(Refusal, match="すでに締め切っています。"):
        round_actions.take_in(office, H1, first)


def test_a_closed_round_stays_as_it_was_asked(both: Flask) -> None:
    project = make_project()
    make_round()
    round_actions.close_round(Act(None, LATER), H1)
    change(project, parts={"imabetsu": Part()})
    assert {one.town.slug for one in queries.answers(H1)} == set(ALL)
    change(project, parts={"imabetsu": Part()}, mark=YearMark.SKIPPED)
    assert parts_asked() == [(slug, None, None) for slug in ALL]


def test_a_round_is_due_on_a_day_the_hub_is_open(both: Flask, actor: Who) -> None:
    make_project()
    act = Act(actor("office"), cast.NOW)
    municipalities.enter_days(act, ["aomori"], EntryKind.CLOSURE, "庁舎点検", DUE, DUE)
    with pytest.raises(Refusal, match="11月30日は閉庁日です。"):
        make_round()


def test_the_due_day_of_an_open_round_moves_with_its_duty_and_a_letter(
    both: Flask, actor: Who
) -> None:
    make_project()
    make_round()
    nearer, later = date(2026, 11, 26), date(2026, 12, 4)
    act = Act(actor("office"), LATER)
    assert round_actions.move_due_day(act, H1, nearer, Telling.NEARER) == 5
    told = letters("report_due_moved")
    assert {letter.to_email for letter in told} == {
        letter.to_email for letter in letters("report_request")
    }
    assert (
        "　変更前　令和8年11月30日（月）17時\n　変更後　令和8年11月26日（木）17時" in told[0].body
    )
    assert "11月26日まで" in told[0].subject
    duties = [one for one in all_duties(cast.TODAY) if one.kind is Kind.REPORT_UNSUBMITTED]
    assert {duty.due_on for duty in duties} == {nearer} and len(duties) == 5
    # Back to a later day nobody is told of unless the office wishes it.
    again = Act(actor("office"), LATER + timedelta(minutes=1))
    assert round_actions.move_due_day(again, H1, later, Telling.NEARER) == 0
    assert len(letters("report_due_moved")) == 5
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.verb == "round.due_moved")
    ).first()
    assert entry is not None and entry.payload is not None
    assert (entry.payload["before"]["due_on"], entry.payload["after"]) == (
        "2026-11-30",
        {"due_on": "2026-11-26", "letters": 5},
    )


def test_a_closed_round_opens_again_with_its_reason_and_asks_those_who_are_left(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    submit(report_of(project, "yomogita"))
    report_actions.confirm(Act(actor("lead"), LATER), report_of(project, "yomogita"))
    office = Act(actor("office"), LATER)
    day, reason = date(2026, 12, 4), "豪雪のため。"
    with pytest.raises(Refusal, match="まだ受け付けています"):
        round_actions.reopen_round(office, H1, day, reason, telling=True)
    db.session.rollback()
    round_actions.close_round(office, H1)
    # One leaves while it is closed: the round asks it no longer once it is open again.
    change(project, parts={slug: part for slug, part in ALL.items() if slug != "hiranai"})
    with pytest.raises(Refusal, match="明日以降"):
        round_actions.reopen_round(office, H1, cast.TODAY, reason, telling=True)
    db.session.rollback()
    assert round_actions.reopen_round(office, H1, day, reason, telling=True) == 2
    told = {letter.to_email: letter.body for letter in letters("report_reopened")}
    assert set(told) == {"lead@aomori.example", "officer@sotogahama.example"}
    body = told["officer@sotogahama.example"]
    assert "令和8年12月4日（金）17時" in body and "豪雪のため。" in body
    assert {one.town.slug: one.state for one in queries.asked_of(H1)} == {
        "aomori": ReportState.NONE,
        "imabetsu": ReportState.SUBMITTED,
        "yomogita": ReportState.CONFIRMED,
        "sotogahama": ReportState.NONE,
    }
    found = queries.rounds()[0]
    assert (found.due_on, found.closed_at, found.reopened_by, found.reopen_reason) == (
        *(day, None, "青森市 連携推進担当", reason),
    )
    submit(report_of(project, "sotogahama"))
    # Closed once more and opened without a letter.
    round_actions.close_round(office, H1)
    assert round_actions.reopen_round(office, H1, day, "集計のため。", telling=False) == 0
    reasons = db.session.scalars(
        select(HistoryEntry.payload).where(HistoryEntry.verb == "round.reopened")
    )
    assert [one["after"]["reopen_reason"] for one in reasons if one] == [reason, "集計のため。"]


def test_a_closed_round_is_locked_but_can_still_be_confirmed(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    round_actions.close_round(Act(actor("office"), LATER), H1)
    place = report_of(project)
    for press in (
        lambda: save(report_of(project, "hiranai")),
        lambda: report_actions.withdraw(Act(writer(), LATER), place),
        lambda: report_actions.return_report(Act(actor("lead"), LATER), place, "なぜですか。"),
    ):
        with pytest.raises(Refusal, match="この期間の報告は締め切りました。"):
            press()
        db.session.rollback()
    report_actions.confirm(Act(actor("lead"), LATER), place)
    assert report_of(project).state is ReportState.CONFIRMED
    with pytest.raises(Refusal, match="すでに締め切っています。"):
        round_actions.close_round(Act(actor("office"), LATER), H1)


def test_whoever_is_late_is_asked_again_once_a_day(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    office = Act(actor("office"), LATER)
    names = round_actions.ask_again(office, H1)
    told = {letter.to_email: letter.body for letter in letters("report_again")}
    assert set(told) == {
        "lead@aomori.example",
        *(f"officer@{slug}.example" for slug in ("hiranai", "yomogita", "sotogahama")),
    }
    assert len(names) == 4 and "1　農業研修事業" in told["officer@hiranai.example"]
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.verb == "round.asked_again")
    ).one()
    assert "平内町 企画担当" in entry.summary
    with pytest.raises(Refusal, match="今日は、すでにお願いしています。"):
        round_actions.ask_again(office, H1)
    db.session.rollback()
    assert len(round_actions.ask_again(Act(actor("office"), LATER + timedelta(days=1)), H1)) == 4
    round_actions.close_round(office, H1)
    with pytest.raises(Refusal, match="すでに締め切っています。"):
        round_actions.ask_again(office, H1)
