"""What happens to reports, on both databases, and what others read of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.projects.makers import (
    DUE,
    FY,
    H1,
    WRITTEN,
    YEAR_END,
    letters,
    make_plan,
    make_project,
    make_round,
    report_of,
    save,
    story_of,
    submit,
    submit_before,
    writer,
)
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry
from tracker.projects import actions, queries, report_actions, round_actions
from tracker.projects.models import (
    IndicatorValue,
    Participation,
    ProgressReport,
    ProjectYear,
    ReportVersion,
)
from tracker.projects.planning import Conflict, Content, Part
from tracker.projects.rules import Rating, ReportState

LATER = cast.NOW + timedelta(hours=1)
Who = Callable[..., Actor]


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_draft_is_saved_with_gaps_and_its_words_stay_out_of_the_record(both: Flask) -> None:
    project = make_project()
    make_round()
    version = save(report_of(project), Content(done="町民7人が参加した。"))
    told = story_of(project)
    assert (told.now.state, told.now.version) == (ReportState.DRAFT, version)
    assert (told.now.value, told.now.rating) == (None, None)
    assert told.now.written_by == "今別町 企画担当"
    save(report_of(project), Content(done="町民8人が参加した。"), version)
    entry = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject_kind == "report")
    ).one()
    assert entry.verb == "report.begun"
    assert entry.payload == {"before": {}, "after": {"state": "draft", "version": None}}


def test_a_submission_has_a_receipt_and_is_kept_for_ever(both: Flask) -> None:
    project = make_project()
    make_round()
    report = submit(report_of(project))
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
    version = save(report_of(project), content)
    with pytest.raises(Refusal, match=said) as refusal:
        report_actions.submit(report_of(project), version, by=writer(), at=LATER)
    assert refusal.value.field == field
    db.session.rollback()
    assert report_of(project).state is ReportState.DRAFT
    assert count(ReportVersion) == 0


def test_a_report_without_an_indicator_needs_no_number(both: Flask) -> None:
    project = make_project(indicator=None, parts={"imabetsu": Part()})
    make_round()
    assert submit(report_of(project), replace(WRITTEN, value=None)).submitted_at == cast.NOW
    assert count(IndicatorValue) == 0


def test_zero_is_a_number(both: Flask) -> None:
    project = make_project()
    make_round()
    submit(report_of(project), replace(WRITTEN, value=0))
    assert report_of(project).value == 0


def test_who_saves_over_another_s_words_is_told_who_was_first(both: Flask) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    first = save(place, replace(WRITTEN, done="先の言葉"))
    for stale in (0, first + 1):
        with pytest.raises(Conflict, match="今別町 企画担当が先に直しました。"):
            save(place, replace(WRITTEN, done="後の言葉"), stale)
        db.session.rollback()
    assert report_of(project).done == "先の言葉"
    assert save(place, replace(WRITTEN, done="後の言葉"), first) > first


def test_what_was_checked_is_what_is_submitted(both: Flask) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    seen = save(place)
    save(place, replace(WRITTEN, value=70), seen)
    with pytest.raises(Conflict):
        report_actions.submit(place, seen, by=writer(), at=LATER)


def test_nobody_reports_on_a_project_without_taking_part(both: Flask) -> None:
    project = make_project(parts={"imabetsu": Part()})
    make_round()
    assert queries.story(H1, project.id, "hiranai") is None


def test_a_report_nobody_began_is_neither_submitted_nor_checked(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
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
    place = report_of(project)
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
    place = report_of(project)
    submit(place)
    question = "参加者数が5人となっていましたが、受講者名簿では7人です。"
    report = report_actions.return_report(place, question, by=actor("lead"), at=LATER)
    assert (report.state, report.asked_by) == (ReportState.RETURNED, "青森市 農業振興センター")
    letter = letters("report_returned")
    assert [one.to_email for one in letter] == ["officer@imabetsu.example"]
    fact = next(
        one for one in queries.requested_reports(FiscalYear(2026)) if one.town.slug == "imabetsu"
    )
    assert (fact.state, fact.returned_at) == (ReportState.RETURNED, LATER)
    kept = save(place, replace(WRITTEN, value=9), report.version)
    assert report.state is ReportState.RETURNED
    report_actions.submit(place, kept, by=writer(), at=LATER)
    report_actions.return_report(place, "もう1点。", by=actor("lead"), at=LATER)
    assert len(letters("report_returned")) == 2


def test_a_question_is_needed_to_return_a_report(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    with pytest.raises(Refusal, match="どこを、どう直していただきたいかを書いてください"):
        report_actions.return_report(report_of(project), " 　", by=actor("lead"), at=LATER)


def test_a_return_of_the_hub_s_report_reaches_the_section_that_leads(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    submit(report_of(project, "aomori"))
    report_actions.return_report(
        report_of(project, "aomori"), "なぜですか。", by=actor("office"), at=LATER
    )
    assert [one.to_email for one in letters("report_returned")] == ["lead@aomori.example"]


def test_one_letter_thanks_when_the_last_report_is_confirmed(both: Flask, actor: Who) -> None:
    one, other = make_project(), make_project(name="環境学習事業", parts={"imabetsu": Part()})
    make_round()
    for project in (one, other):
        submit(report_of(project))
    report_actions.confirm(report_of(one), by=actor("lead"), at=LATER)
    assert letters("report_confirmed") == []
    report_actions.confirm(report_of(other), by=actor("lead"), at=LATER)
    assert [letter.to_email for letter in letters("report_confirmed")] == [
        "officer@imabetsu.example"
    ]
    # Asked about once more and confirmed again: nobody is thanked twice.
    report = report_actions.return_report(report_of(one), "もう1点。", by=actor("lead"), at=LATER)
    report_actions.submit(report_of(one), report.version, by=writer(), at=LATER)
    report_actions.confirm(report_of(one), by=actor("lead"), at=LATER)
    assert len(letters("report_confirmed")) == 1


def test_the_facts_hold_open_reports_of_earlier_years_too(both: Flask, actor: Who) -> None:
    project = make_project(parts={"aomori": Part(), "imabetsu": Part()})
    submit_before(project, WRITTEN)
    make_round()
    told = [
        (str(fact.period), fact.town.slug, fact.state, fact.submitted_at)
        for fact in queries.requested_reports(FiscalYear(2026))
    ]
    none = ReportState.NONE
    assert told[:2] == [("2026-h1", "aomori", none, None), ("2026-h1", "imabetsu", none, None)]
    assert ("2025-fy", "imabetsu", ReportState.SUBMITTED, YEAR_END) in told
    assert len(told) == 7
    round_actions.close_round(FY, by=actor("office"), at=LATER)
    assert len(queries.requested_reports(FiscalYear(2026))) == 2
    fact = queries.requested_reports(FiscalYear(2026))[1]
    assert fact.path == f"/reports/2026-h1/{project.id}/imabetsu"
    assert (fact.round_path, fact.due_on, fact.lead.slug) == (
        "/reports/2026-h1",
        DUE,
        "aomori",
    )


def test_the_matrix_tells_no_rating_of_a_draft(both: Flask) -> None:
    project = make_project(parts={"aomori": Part(3, 2), "imabetsu": Part()})
    make_round()
    save(report_of(project))
    submit(report_of(project, "aomori"))
    rows = queries.of_year(FiscalYear(2026), Half.H1)
    assert [(row.town.slug, row.state, row.rating, row.actual_yen) for row in rows] == [
        ("aomori", ReportState.SUBMITTED, Rating.SLIGHTLY_LATE, 2),
        ("imabetsu", ReportState.DRAFT, None, None),
    ]
    assert {row.state for row in queries.of_year(FiscalYear(2026), None)} == {ReportState.NONE}


def test_last_time_and_last_year_are_told_apart(both: Flask) -> None:
    at = datetime(2025, 10, 20, tzinfo=UTC)
    project = make_project(at, year=FiscalYear(2025))
    make_round(H1.same_half_last_year, date(2025, 11, 28), at)
    submit(report_of(project, period=H1.same_half_last_year), replace(WRITTEN, value=6), at)
    submit_before(project, replace(WRITTEN, value=12, done="昨年度に行ったこと"))
    plan = make_plan()
    actions.change_project(project, plan, project.version, by=None, at=cast.NOW)
    make_round()
    told = story_of(project)
    assert told.last_year == 6
    assert told.previous is not None
    assert (told.previous.period, told.previous.value) == (FY, 12)
    assert [one.value for one in told.earlier] == [6]
    assert count(ProjectYear) == 2 and count(Participation) == 10
    assert count(ProgressReport) == 2
