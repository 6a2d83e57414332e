"""Saves, submits and takes back a report; the lead confirms it or returns it with a question."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import flag_modified

from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing import history
from tracker.plumbing.db import db, insert_missing
from tracker.plumbing.history import Subject
from tracker.projects import mailing, queries
from tracker.projects.models import IndicatorValue, ProgressReport, ReportVersion
from tracker.projects.planning import Conflict, Content, check_unlocked, receipt
from tracker.projects.report import Report
from tracker.projects.rules import ReportState, check_report, check_step, saved

QUESTION_MISSING = "どこを、どう直していただきたいかを書いてください。"


def save_draft(
    place: Report, content: Content, version: int, *, by: Actor, at: datetime
) -> ProgressReport:
    """Saves what was written so far; a returned report stays returned until it is submitted.

    Drafts are their municipality's alone: that one was begun is recorded, its words are not.
    `version` is the one the writer saw, 0 for none. Raises Conflict when somebody saved meanwhile,
    Refusal when the round is closed or the report already submitted.
    """
    check_unlocked(place.is_closed)
    report = _to_write(place, version, at)
    is_first = report.state is ReportState.NONE
    report.state = saved(report.state)
    report.rating, report.done = content.rating, content.done
    report.trouble, report.for_meeting = content.trouble, content.for_meeting
    report.plan = content.plan
    report.written_by, report.written_at = by.name, at
    # The version counts a change of the number too, which stands in another table.
    flag_modified(report, "written_at")
    if place.indicator_id is not None:
        value = db.session.get(IndicatorValue, (report.id, place.indicator_id)) or IndicatorValue(
            report_id=report.id, indicator_id=place.indicator_id
        )
        value.value = content.value
        db.session.add(value)
    if is_first:
        _record("begun", "書き始めました", place, report, by=by, at=at)
    db.session.commit()
    return report


def _to_write(place: Report, version: int, at: datetime) -> ProgressReport:
    """The report's row, made when there is none; two writers cannot both find it theirs."""
    made = not version and insert_missing(
        ProgressReport,
        [
            {
                "round_id": place.round_id,
                "project_id": place.project_id,
                "municipality_id": place.town.id,
                "state": ReportState.NONE,
                "written_at": at,
            }
        ],
        ["round_id", "project_id", "municipality_id"],
    )
    report = _find(place)
    if report is None or not (made or report.version == version):
        raise Conflict(report.written_by if report else None)
    return report


def _find(place: Report) -> ProgressReport | None:
    return db.session.scalar(
        select(ProgressReport)
        .where(
            ProgressReport.round_id == place.round_id,
            ProgressReport.project_id == place.project_id,
            ProgressReport.municipality_id == place.town.id,
        )
        .with_for_update()
    )


def _get(place: Report) -> ProgressReport:
    """The report; one that nobody has begun cannot be submitted, checked or taken back."""
    report = _find(place)
    if report is None:
        raise Refusal("まだ報告がありません。内容を入力してから提出してください。")
    return report


def submit(place: Report, version: int, *, by: Actor, at: datetime) -> ProgressReport:
    """Submits what was saved; the version submitted is kept for ever (ux/spec.md 7.5)."""
    report = _get(place)
    if report.version != version:
        raise Conflict(report.written_by)
    content = _content(report)
    check_step(report.state, ReportState.SUBMITTED)
    check_report(
        opened=True,
        closed=place.is_closed,
        participates=True,
        municipality=place.town.name,
        values={place.indicator: content.value} if place.indicator else {},
        rating=content.rating,
        done=content.done,
        trouble=content.trouble,
        plan=content.plan,
    )
    report.state, report.submitted_at = ReportState.SUBMITTED, at
    report.receipt = receipt(place.period, place.town.name, place.project_id)
    number = _last_version(report) + 1
    db.session.add(
        ReportVersion(
            report_id=report.id,
            number=number,
            submitted_at=at,
            submitted_by=by.name,
            content=asdict(content),
        )
    )
    _record("submitted", "提出しました", place, report, by=by, at=at, version=number)
    db.session.commit()
    return report


def _content(report: ProgressReport) -> Content:
    value = db.session.scalar(
        select(IndicatorValue.value).where(IndicatorValue.report_id == report.id)
    )
    return Content(
        value, report.rating, report.done, report.trouble, report.for_meeting, report.plan
    )


def _last_version(report: ProgressReport) -> int:
    return (
        db.session.scalar(
            select(func.max(ReportVersion.number)).where(ReportVersion.report_id == report.id)
        )
        or 0
    )


def withdraw(place: Report, *, by: Actor, at: datetime) -> ProgressReport:
    """取り戻して直す: a submitted report is a draft again, until the lead has confirmed it."""
    check_unlocked(place.is_closed)
    report = _get(place)
    check_step(report.state, ReportState.DRAFT)
    report.state, report.submitted_at = ReportState.DRAFT, None
    _record("withdrawn", "取り戻しました", place, report, by=by, at=at)
    db.session.commit()
    return report


def return_report(place: Report, question: str, *, by: Actor, at: datetime) -> ProgressReport:
    """質問して戻す: the report goes back with a question, by letter M4 to those who write it."""
    if not question.strip():
        raise Refusal(QUESTION_MISSING, field="question")
    check_unlocked(place.is_closed)
    report = _get(place)
    check_step(report.state, ReportState.RETURNED)
    report.state, report.question = ReportState.RETURNED, question.strip()
    report.asked_by, report.asked_at = by.name, at
    report.confirmed_by = report.confirmed_at = None
    number = _last_version(report)
    _record("returned", "質問して戻しました", place, report, by=by, at=at, version=number)
    cause = f"report:{report.id}:returned:{number}"
    mailing.put_question(place, report.question, cause=cause, at=at)
    db.session.commit()
    return report


def confirm(place: Report, *, by: Actor, at: datetime) -> ProgressReport:
    """確認済みにする; when it was the municipality's last, letter M5 thanks for all of them."""
    report = _confirm(place, by=by, at=at)
    _thank(place, at)
    db.session.commit()
    return report


def confirm_all(places: Sequence[Report], *, by: Actor, at: datetime) -> int:
    """The same for several reports at once; returns how many."""
    for place in places:
        _confirm(place, by=by, at=at)
    for last in {place.town: place for place in places}.values():
        _thank(last, at)
    db.session.commit()
    return len(places)


def _confirm(place: Report, *, by: Actor, at: datetime) -> ProgressReport:
    report = _get(place)
    check_step(report.state, ReportState.CONFIRMED)
    report.state, report.confirmed_by, report.confirmed_at = ReportState.CONFIRMED, by.name, at
    _record("confirmed", "確認済みにしました", place, report, by=by, at=at)
    return report


def _thank(place: Report, at: datetime) -> None:
    db.session.flush()
    asked = queries.asked_of(place.period, place.town.id)
    if all(one.state is ReportState.CONFIRMED for one in asked):
        mailing.put_thanks(place, asked, at=at)


def _record(
    verb: str,
    done: str,
    place: Report,
    report: ProgressReport,
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> None:
    history.record(
        by,
        f"report.{verb}",
        Subject("report", report.id),
        f"{place.town.name}の{place.period.label}「{place.project}」の報告を{done}。",
        at=at,
        after={"state": report.state, "version": version},
    )
