"""What happens to projects, rounds and reports, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.projects.makers import (
    ALL,
    DUE,
    FY,
    H1,
    WRITTEN,
    find_place,
    make_plan,
    make_project,
    make_round,
    measure_id,
    save,
    submit,
    submit_before,
    writer,
)
from tracker.agreements.models import Agreement
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import actions as municipalities
from tracker.municipalities.models import EntryKind
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry
from tracker.plumbing.letters import Letter
from tracker.projects import actions, facts, queries, report_actions, round_actions
from tracker.projects.models import (
    IndicatorTarget,
    IndicatorValue,
    Participation,
    ProgressReport,
    ProjectYear,
    ReportVersion,
)
from tracker.projects.planning import Conflict, Content, IndicatorText, Part
from tracker.projects.report_queries import story
from tracker.projects.rules import Rating, ReportState, YearMark

LATER = cast.NOW + timedelta(hours=1)
Who = Callable[..., Actor]


def letters(kind: str) -> list[Letter]:
    found = db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id))
    return list(found)


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# --- projects


def test_a_project_is_entered_with_its_year(both: Flask) -> None:
    parts = {"aomori": Part(8_000_000, None, 389), "imabetsu": Part(0, None, 20)}
    project = make_project(parts=parts, comment="順調です。")
    rows = queries.parts(project.id)
    assert [(row.year, row.budget_yen, row.target) for row in rows] == [
        (2026, 8_000_000, 389),
        (2026, 0, 20),
    ]
    assert (rows[0].comment, rows[0].commented_at) == ("順調です。", cast.NOW)
    head = queries.head(project.id)
    assert head is not None
    assert (head.lead, head.unit, head.measure_number) == ("青森市 農業振興センター", "人", "1-1")


def test_changing_one_year_leaves_the_other_years_alone(both: Flask) -> None:
    project = make_project(year=FiscalYear(2025), comment="昨年度の言葉")
    plan = make_plan(parts={"hiranai": Part(1, 2, 3)}, mark=YearMark.NOT_STARTED)
    actions.change_project(project, plan, project.version, by=None, at=LATER)
    by_year: dict[int, list[queries.PartRow]] = {}
    for row in queries.parts(project.id):
        by_year.setdefault(row.year, []).append(row)
    assert len(by_year[2025]) == 5 and by_year[2025][0].comment == "昨年度の言葉"
    assert [(row.actual_yen, row.target, row.mark) for row in by_year[2026]] == [
        (2, 3, YearMark.NOT_STARTED)
    ]


def test_the_lead_s_words_keep_their_day_until_they_change(both: Flask) -> None:
    project = make_project(comment="順調です。")
    for plan, at in (
        (make_plan(comment="順調です。", parts={"imabetsu": Part()}), cast.NOW),
        (make_plan(comment="遅れています。"), LATER),
    ):
        actions.change_project(project, plan, project.version, by=None, at=LATER)
        assert queries.parts(project.id)[0].commented_at == at


def test_a_change_of_parts_alone_counts_as_a_change(both: Flask) -> None:
    project = make_project()
    seen = project.version
    actions.change_project(project, make_plan(parts={"imabetsu": Part()}), seen, by=None, at=LATER)
    with pytest.raises(Conflict, match="ほかの人が先に直しました。"):
        actions.change_project(project, make_plan(), seen, by=None, at=LATER)


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
    save(find_place(project), Content())
    without = {slug: part for slug, part in ALL.items() if slug != "imabetsu"}
    with pytest.raises(Refusal, match="今別町は令和8年度の報告を始めています。"):
        actions.change_project(
            project, make_plan(parts=without), project.version, by=None, at=LATER
        )


def test_an_indicator_is_mended_but_not_lost(both: Flask) -> None:
    project = make_project()
    mended = make_plan(indicator=IndicatorText("受講者数", "人", ""))
    actions.change_project(project, mended, project.version, by=None, at=LATER)
    head = queries.head(project.id)
    assert head is not None and head.indicator_name == "受講者数"
    bare = make_plan(indicator=None, parts={"imabetsu": Part()})
    with pytest.raises(Refusal, match="登録した成果指標は消せません。"):
        actions.change_project(project, bare, project.version, by=None, at=LATER)


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
        indicator=None,
        parts={"imabetsu": Part(5, 5)},
    )
    copied = actions.copy_year(FiscalYear(2026), FiscalYear(2027), by=actor("office"), at=LATER)
    assert copied == 2
    rows = queries.matrix(FiscalYear(2027), None)
    assert [(row.project, row.municipality) for row in rows] == [
        ("環境学習事業", "imabetsu"),
        *(("農業研修事業", slug) for slug in ALL),
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
            actions.copy_year(FiscalYear(source), FiscalYear(target), by=None, at=LATER)


def test_a_part_whose_agreement_has_ended_is_not_copied(both: Flask) -> None:
    make_project()
    ended = db.session.scalars(select(Agreement).where(Agreement.title.contains("今別町"))).one()
    ended.ended_on = date(2027, 3, 31)
    db.session.commit()
    actions.copy_year(FiscalYear(2026), FiscalYear(2027), by=None, at=LATER)
    slugs = {row.municipality for row in queries.matrix(FiscalYear(2027), None)}
    assert slugs == set(ALL) - {"imabetsu"}


# --- rounds


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
    assert {fact.project for fact in facts.reports(FiscalYear(2026))} == {"環境学習事業"}
    assert "1事業について" in letters("report_request")[0].body


def test_a_round_is_due_on_a_day_the_hub_is_open(both: Flask, actor: Who) -> None:
    make_project()
    municipalities.add_calendar_entry(
        "aomori", EntryKind.CLOSURE, "庁舎点検", DUE, DUE, by=actor("office"), at=cast.NOW
    )
    with pytest.raises(Refusal, match="11月30日は閉庁日です。"):
        make_round()


def test_a_closed_round_is_locked_but_can_still_be_confirmed(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(find_place(project))
    round_actions.close_round(H1, by=actor("office"), at=LATER)
    place = find_place(project)
    for act in (
        lambda: save(find_place(project, "hiranai")),
        lambda: report_actions.withdraw(place, by=writer(), at=LATER),
        lambda: report_actions.return_report(place, "なぜですか。", by=actor("lead"), at=LATER),
    ):
        with pytest.raises(Refusal, match="この期間の報告は締め切りました。"):
            act()
        db.session.rollback()
    assert report_actions.confirm(place, by=actor("lead"), at=LATER).state is ReportState.CONFIRMED
    with pytest.raises(Refusal, match="すでに締め切っています。"):
        round_actions.close_round(H1, by=actor("office"), at=LATER)


# --- reports


def test_a_draft_is_saved_with_gaps_and_its_words_stay_out_of_the_record(both: Flask) -> None:
    project = make_project()
    make_round()
    version = save(find_place(project), Content(done="町民7人が参加した。"))
    told = story(find_place(project))
    assert (told.now.state, told.now.version) == (ReportState.DRAFT, version)
    assert (told.now.content.value, told.now.content.rating) == (None, None)
    assert told.now.written_by == "今別町 企画担当"
    assert not db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject_kind == "report")
    ).all()


def test_a_submission_has_a_receipt_and_is_kept_for_ever(both: Flask) -> None:
    project = make_project()
    make_round()
    report = submit(find_place(project))
    assert report.state is ReportState.SUBMITTED
    assert report.receipt == f"R8上-今別-{project.id:03}"
    kept = db.session.scalars(select(ReportVersion)).one()
    assert (kept.number, kept.submitted_by) == (1, "今別町 企画担当")
    assert kept.content == {
        "value": 7,
        "rating": "slightly_late",
        "done": "栽培講座に町民7人が参加した。",
        "trouble": "会場まで片道1時間以上かかる。",
        "for_meeting": True,
        "plan": "冬季講座を開く。",
    }
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.verb == "report.submitted")
    ).one()
    assert entry.summary == "今別町の令和8年度上期「農業研修事業」の報告を提出しました。"


@pytest.mark.parametrize(
    ("content", "field", "said"),
    [
        (replace(WRITTEN, value=None), "values", "今別町の参加者数を入力してください。"),
        (replace(WRITTEN, rating=None), "rating", "事業の状況を1つ選んでください。"),
        (replace(WRITTEN, done=" "), "done", "この半年に行ったことを入力してください。"),
        (replace(WRITTEN, plan="あ" * 401), "plan", "400字までで入力してください（今 401字）。"),
    ],
)
def test_a_report_with_gaps_is_saved_but_not_submitted(
    both: Flask, content: Content, field: str, said: str
) -> None:
    project = make_project()
    make_round()
    version = save(find_place(project), content)
    with pytest.raises(Refusal, match=said) as refusal:
        report_actions.submit(find_place(project), version, by=writer(), at=LATER)
    assert refusal.value.field == field
    db.session.rollback()
    assert story(find_place(project)).now.state is ReportState.DRAFT
    assert count(ReportVersion) == 0


def test_a_report_without_an_indicator_needs_no_number(both: Flask) -> None:
    project = make_project(indicator=None, parts={"imabetsu": Part()})
    make_round()
    assert submit(find_place(project), replace(WRITTEN, value=None)).submitted_at == cast.NOW
    assert count(IndicatorValue) == 0


def test_zero_is_a_number(both: Flask) -> None:
    project = make_project()
    make_round()
    submit(find_place(project), replace(WRITTEN, value=0))
    assert story(find_place(project)).now.content.value == 0


def test_who_saves_over_another_s_words_is_told_who_was_first(both: Flask) -> None:
    project = make_project()
    make_round()
    place = find_place(project)
    first = save(place, replace(WRITTEN, done="先の言葉"))
    for stale in (0, first + 1):
        with pytest.raises(Conflict, match="今別町 企画担当が先に直しました。"):
            save(place, replace(WRITTEN, done="後の言葉"), stale)
        db.session.rollback()
    assert story(place).now.content.done == "先の言葉"
    assert save(place, replace(WRITTEN, done="後の言葉"), first) > first


def test_what_was_checked_is_what_is_submitted(both: Flask) -> None:
    project = make_project()
    make_round()
    place = find_place(project)
    seen = save(place)
    save(place, replace(WRITTEN, value=70), seen)
    with pytest.raises(Conflict):
        report_actions.submit(place, seen, by=writer(), at=LATER)


def test_nobody_reports_on_a_project_without_taking_part(both: Flask) -> None:
    project = make_project(parts={"imabetsu": Part()})
    make_round()
    with pytest.raises(Refusal, match="平内町はこの事業に参加していない"):
        save(find_place(project, "hiranai"))


def test_a_report_nobody_began_is_neither_submitted_nor_checked(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    place = find_place(project)
    for act in (
        lambda: report_actions.submit(place, 0, by=writer(), at=LATER),
        lambda: report_actions.confirm(place, by=actor("lead"), at=LATER),
        lambda: report_actions.withdraw(place, by=writer(), at=LATER),
    ):
        with pytest.raises(Refusal, match="まだ報告がありません。"):
            act()
        db.session.rollback()


def test_a_submitted_report_is_taken_back_until_it_is_confirmed(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    place = find_place(project)
    report = submit(place)
    report_actions.withdraw(place, by=writer(), at=LATER)
    assert (report.state, report.submitted_at) == (ReportState.DRAFT, None)
    again = save(place, replace(WRITTEN, value=8), report.version)
    report_actions.submit(place, again, by=writer(), at=LATER)
    report_actions.confirm(place, by=actor("lead"), at=LATER)
    with pytest.raises(Refusal, match="確認済みの報告は直せません。"):
        report_actions.withdraw(place, by=writer(), at=LATER)
    db.session.rollback()
    assert [row.content["value"] for row in db.session.scalars(select(ReportVersion))] == [7, 8]


def test_a_returned_report_comes_with_its_question_and_goes_out_again(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    place = find_place(project)
    submit(place)
    question = "参加者数が5人となっていましたが、受講者名簿では7人です。"
    report = report_actions.return_report(place, question, by=actor("lead"), at=LATER)
    assert (report.state, report.asked_by) == (ReportState.RETURNED, "青森市 農業振興センター")
    letter = letters("report_returned")
    assert [one.to_email for one in letter] == ["officer@imabetsu.example"]
    fact = next(
        one for one in facts.reports(FiscalYear(2026)) if one.municipality_slug == "imabetsu"
    )
    assert (fact.state, fact.returned_on) == (ReportState.RETURNED, cast.TODAY)
    kept = save(place, replace(WRITTEN, value=9), report.version)
    assert report.state is ReportState.RETURNED
    report_actions.submit(place, kept, by=writer(), at=LATER)
    report_actions.return_report(place, "もう1点。", by=actor("lead"), at=LATER)
    assert len(letters("report_returned")) == 2


def test_a_question_is_needed_to_return_a_report(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(find_place(project))
    with pytest.raises(Refusal, match="どこを、どう直していただきたいかを書いてください"):
        report_actions.return_report(find_place(project), " 　", by=actor("lead"), at=LATER)


def test_a_return_of_the_hub_s_report_reaches_the_section_that_leads(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    submit(find_place(project, "aomori"))
    report_actions.return_report(
        find_place(project, "aomori"), "なぜですか。", by=actor("office"), at=LATER
    )
    assert [one.to_email for one in letters("report_returned")] == ["lead@aomori.example"]


def test_one_letter_thanks_when_the_last_report_is_confirmed(both: Flask, actor: Who) -> None:
    one, other = make_project(), make_project(name="環境学習事業", parts={"imabetsu": Part()})
    make_round()
    for project in (one, other):
        submit(find_place(project))
    report_actions.confirm(find_place(one), by=actor("lead"), at=LATER)
    assert letters("report_confirmed") == []
    report_actions.confirm(find_place(other), by=actor("lead"), at=LATER)
    assert [letter.to_email for letter in letters("report_confirmed")] == [
        "officer@imabetsu.example"
    ]
    # Asked about once more and confirmed again: nobody is thanked twice.
    report = report_actions.return_report(find_place(one), "もう1点。", by=actor("lead"), at=LATER)
    report_actions.submit(find_place(one), report.version, by=writer(), at=LATER)
    report_actions.confirm(find_place(one), by=actor("lead"), at=LATER)
    assert len(letters("report_confirmed")) == 1


# --- what others read


def test_the_facts_hold_open_reports_of_earlier_years_too(both: Flask, actor: Who) -> None:
    project = make_project(parts={"aomori": Part(), "imabetsu": Part()})
    submit_before(project, WRITTEN)
    make_round()
    told = [
        (str(fact.period), fact.municipality_slug, fact.state, fact.submitted_on)
        for fact in facts.reports(FiscalYear(2026))
    ]
    none = ReportState.NONE
    assert told[:2] == [("2026-h1", "aomori", none, None), ("2026-h1", "imabetsu", none, None)]
    assert ("2025-fy", "imabetsu", ReportState.SUBMITTED, date(2026, 5, 11)) in told
    assert len(told) == 7
    round_actions.close_round(FY, by=actor("office"), at=LATER)
    assert len(facts.reports(FiscalYear(2026))) == 2
    fact = facts.reports(FiscalYear(2026))[1]
    assert fact.report_path == f"/reports/2026-h1/{project.id}/imabetsu"
    assert (fact.round_path, fact.due_on, fact.lead_municipality) == (
        "/reports/2026-h1",
        DUE,
        "aomori",
    )


def test_the_matrix_tells_no_rating_of_a_draft(both: Flask) -> None:
    project = make_project(parts={"aomori": Part(3, 2), "imabetsu": Part()})
    make_round()
    save(find_place(project))
    submit(find_place(project, "aomori"))
    rows = queries.matrix(FiscalYear(2026), H1)
    assert [(row.municipality, row.state, row.rating, row.actual_yen) for row in rows] == [
        ("aomori", ReportState.SUBMITTED, Rating.SLIGHTLY_LATE, 2),
        ("imabetsu", ReportState.DRAFT, None, None),
    ]
    assert {row.state for row in queries.matrix(FiscalYear(2026), None)} == {ReportState.NONE}


def test_last_time_and_last_year_are_told_apart(both: Flask) -> None:
    at = datetime(2025, 10, 20, tzinfo=UTC)
    project = make_project(at, year=FiscalYear(2025))
    make_round(H1.same_half_last_year, date(2025, 11, 28), at)
    submit(find_place(project, period=H1.same_half_last_year), replace(WRITTEN, value=6), at)
    submit_before(project, replace(WRITTEN, value=12, done="昨年度に行ったこと"))
    plan = make_plan()
    actions.change_project(project, plan, project.version, by=None, at=cast.NOW)
    make_round()
    told = story(find_place(project))
    assert told.last_year == 6
    assert told.previous is not None
    assert (told.previous.period, told.previous.content.value) == (FY, 12)
    assert [one.content.value for one in told.earlier] == [6]
    assert count(ProjectYear) == 2 and count(Participation) == 10
    assert count(ProgressReport) == 2
