"""What happens to reports, on both databases, and what others read of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.projects.makers import (
    DUE,
    FY,
    H1,
    LATER,
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
from tracker.amounts.exact import Exact
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import (
    IndicatorValue,
    Participation,
    ProgressReport,
    ProjectYear,
    ReportVersion,
)
from tracker.projects.plans import actions
from tracker.projects.plans.rules import Part
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports.rules import Content
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rules import Rating, ReportState

pytestmark = pytest.mark.engines_by_turns

Who = Callable[..., Actor]


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_draft_is_saved_with_gaps_and_its_words_stay_out_of_the_record(both: Flask) -> None:
    project = make_project()
    make_round()
    seen = save(report_of(project), Content(done="町民7人が参加した。")).seen
    told = report_of(project)
    assert (told.state, told.seen) == (ReportState.DRAFT, seen)
    assert (told.values, told.rating) == ({}, None)
    assert told.written_by == "今別町 企画担当"
    save(told, Content(done="町民8人が参加した。"), seen)
    begun, again = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject_kind == "report").order_by(HistoryEntry.id)
    )
    assert (begun.verb, again.verb) == ("report.begun", "report.saved")
    assert begun.payload["after"]["state"] == "draft"
    assert again.payload["before"]["done"] == begun.payload["after"]["done"]
    assert again.payload["after"]["done"].keys() == {"digest", "length"}
    assert "町民" not in str(begun.payload) + str(again.payload)


def test_saving_the_same_again_is_no_change(both: Flask) -> None:
    project = make_project()
    make_round()
    seen = save(report_of(project)).seen
    assert save(report_of(project), WRITTEN, seen).seen == seen
    assert count(HistoryEntry) == 3


def test_a_submission_has_a_receipt_and_is_kept_for_ever(both: Flask) -> None:
    project = make_project()
    make_round()
    report = submit(report_of(project))
    assert report.state is ReportState.SUBMITTED
    assert report.receipt == f"R8上-今別-{project.id:03}"
    kept = db.session.scalars(select(ReportVersion)).one()
    assert (kept.number, kept.submitted_by) == (1, "今別町 企画担当")
    assert kept.content == {
        "values": [
            {
                "number": 1,
                "name": "参加者数",
                "unit": "人",
                "value": {"numerator": 7, "denominator": 1, "decimals": 0, "n": None},
            }
        ],
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
        (replace(WRITTEN, values={}), "values", "今別町の参加者数を入力してください。"),
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
    save(report_of(project), content)
    with pytest.raises(Refusal, match=said) as refusal:
        report_actions.submit(Act(writer(), LATER), report_of(project))
    assert refusal.value.field == field
    db.session.rollback()
    assert report_of(project).state is ReportState.DRAFT
    assert count(ReportVersion) == 0


def test_a_report_without_an_indicator_needs_no_number(both: Flask) -> None:
    project = make_project(indicators={}, parts={"imabetsu": Part()})
    make_round()
    assert submit(report_of(project), replace(WRITTEN, values={})).submitted_at == cast.NOW
    assert count(IndicatorValue) == 0


def test_zero_is_a_number(both: Flask) -> None:
    project = make_project()
    make_round()
    submit(report_of(project), replace(WRITTEN, values={1: Exact(0)}))
    assert report_of(project).values == {1: Exact(0)}


def test_who_saves_over_another_s_words_is_told_who_was_first(both: Flask) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    first = save(place, replace(WRITTEN, done="先の言葉")).seen
    first_here, never_seen = "ほかの画面で11月24日 10:00に先に直しました。", "確かめられません。"
    for stale, said in (("0", first_here), ("7", never_seen), ("", never_seen)):
        with pytest.raises(Conflict, match=said):
            save(place, replace(WRITTEN, done="後の言葉"), stale)
        db.session.rollback()
    assert report_of(project).done == "先の言葉"
    assert save(place, replace(WRITTEN, done="後の言葉"), first).seen != first


def test_what_was_checked_is_what_is_submitted(both: Flask) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    seen = save(place).seen
    save(place, replace(WRITTEN, values={1: Exact(70)}), seen)
    with pytest.raises(Conflict):
        report_actions.submit(Act(writer(), LATER), place, seen)


def test_nobody_reports_on_a_project_without_taking_part(both: Flask) -> None:
    project = make_project(parts={"imabetsu": Part()})
    make_round()
    assert queries.story(H1, project.id, "hiranai") is None


def test_a_report_nobody_began_is_neither_submitted_nor_checked(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    for press in (
        lambda: report_actions.submit(Act(writer(), LATER), place),
        lambda: report_actions.confirm(Act(actor("lead"), LATER), place),
        lambda: report_actions.withdraw(Act(writer(), LATER), place),
    ):
        with pytest.raises(Refusal, match="まだ報告がありません。"):
            press()
        db.session.rollback()


def test_a_submitted_report_is_taken_back_until_it_is_confirmed(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    report = submit(place)
    report_actions.withdraw(Act(writer(), LATER), place)
    assert (report.state, report.submitted_at) == (ReportState.DRAFT, None)
    save(place, replace(WRITTEN, values={1: Exact(8)}), report.seen)
    report_actions.submit(Act(writer(), LATER), place)
    report_actions.confirm(Act(actor("lead"), LATER), place)
    with pytest.raises(Refusal, match="確認済みの報告は直せません。"):
        report_actions.withdraw(Act(writer(), LATER), place)
    db.session.rollback()
    told = [row.told for row in db.session.scalars(select(ReportVersion))]
    assert told == [[("参加者数", "7人")], [("参加者数", "8人")]]


def test_a_returned_report_comes_with_its_question_and_goes_out_again(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    place = report_of(project)
    submit(place)
    question = "参加者数が5人となっていましたが、受講者名簿では7人です。"
    report = report_actions.return_report(Act(actor("lead"), LATER), place, question)
    assert (report.state, report.asked_by) == (ReportState.RETURNED, "青森市 農業振興センター")
    letter = letters("report_returned")
    assert [one.to_email for one in letter] == ["officer@imabetsu.example"]
    fact = next(
        one for one in queries.requested_reports(FiscalYear(2026)) if one.town.slug == "imabetsu"
    )
    assert (fact.state, fact.returned_at) == (ReportState.RETURNED, LATER)
    save(place, replace(WRITTEN, values={1: Exact(9)}), report.seen)
    assert report.state is ReportState.RETURNED
    report_actions.submit(Act(writer(), LATER), place)
    report_actions.return_report(Act(actor("lead"), LATER), place, "もう1点。")
    assert len(letters("report_returned")) == 2


def test_a_question_is_needed_to_return_a_report(both: Flask, actor: Who) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    with pytest.raises(Refusal, match="どこを、どう直していただきたいかを書いてください"):
        report_actions.return_report(Act(actor("lead"), LATER), report_of(project), " 　")


def test_a_return_of_the_hub_s_report_reaches_the_section_that_leads(
    both: Flask, actor: Who
) -> None:
    project = make_project()
    make_round()
    submit(report_of(project, "aomori"))
    report_actions.return_report(
        Act(actor("lead"), LATER), report_of(project, "aomori"), "なぜですか。"
    )
    assert [one.to_email for one in letters("report_returned")] == ["lead@aomori.example"]


def test_one_letter_thanks_when_the_last_report_is_confirmed(both: Flask, actor: Who) -> None:
    one, other = make_project(), make_project(name="環境学習事業", parts={"imabetsu": Part()})
    make_round()
    for project in (one, other):
        submit(report_of(project))
    report_actions.confirm(Act(actor("lead"), LATER), report_of(one))
    assert letters("report_confirmed") == []
    report_actions.confirm(Act(actor("lead"), LATER), report_of(other))
    assert [letter.to_email for letter in letters("report_confirmed")] == [
        "officer@imabetsu.example"
    ]
    # Asked about once more and confirmed again: nobody is thanked twice.
    report_actions.return_report(Act(actor("lead"), LATER), report_of(one), "もう1点。")
    report_actions.submit(Act(writer(), LATER), report_of(one))
    report_actions.confirm(Act(actor("lead"), LATER), report_of(one))
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
    round_actions.close_round(Act(actor("office"), LATER), FY)
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
    submit(
        report_of(project, period=H1.same_half_last_year),
        replace(WRITTEN, values={1: Exact(6)}),
        at,
    )
    submit_before(project, replace(WRITTEN, values={1: Exact(12)}, done="昨年度に行ったこと"))
    plan = make_plan()
    actions.change_project(Act(None, cast.NOW), project, plan)
    make_round()
    told = story_of(project)
    assert told.last_year == {1: Exact(6)}
    assert told.previous is not None
    assert (told.previous.period, told.previous.values) == (FY, {1: Exact(12)})
    assert [one.values for one in told.earlier] == [{1: Exact(6)}]
    assert count(ProjectYear) == 2 and count(Participation) == 10
    assert count(ProgressReport) == 2
