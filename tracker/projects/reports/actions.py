"""Saves, submits and takes back a report; the lead confirms it or returns it with a question."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from tracker.accounts import queries as accounts
from tracker.amounts.exact import Exact
from tracker.attachments import uploads
from tracker.attachments.uploads import Attachment, Sent
from tracker.chain.rules import digest
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, set_rows
from tracker.projects import queries
from tracker.projects.models import (
    Indicator,
    IndicatorValue,
    ProgressReport,
    ReportingRound,
    ReportVersion,
)
from tracker.projects.report import Report, frozen
from tracker.projects.reports.rules import (
    NOT_THE_CHECKER,
    QUESTION_MISSING,
    Content,
    check_report,
    check_step,
    check_unlocked,
    receipt,
    saved,
)
from tracker.projects.rounds import letters
from tracker.projects.rules import ReportState


def save_draft(
    act: Act, place: Report, content: Content, seen: str | None = None
) -> ProgressReport:
    """Saves what was written so far; a returned report stays returned until it is submitted.

    Drafts are their municipality's alone: the record keeps digests of their words.  Raises
    Conflict when somebody saved since `seen`, Refusal when the round is closed or the report
    already submitted.
    """
    found = _lock(act, (place, seen))
    check_unlocked(found.is_closed)
    [report] = found.rows
    wanted = saved(report.state if report else ReportState.NONE)
    if report and (wanted, content) == (report.state, _content(report)):
        return report
    verb, done = ("saved", "の下書きを保存しました") if report else ("begun", "を書き始めました")
    report = report or ProgressReport(
        round_id=place.round_id, project_id=place.project_id, municipality_id=place.town.id
    )
    with act.change(f"report.{verb}", report, _said(place, done)):
        report.state = wanted
        report.rating, report.done = content.rating, content.done
        report.trouble, report.for_meeting = content.trouble, content.for_meeting
        report.plan = content.plan
        report.written_by, report.written_by_id = _person(act)
        report.written_at = act.at
        db.session.add(report)
        db.session.flush()
        _write_values(place, report, content)
    return report


def _write_values(place: Report, report: ProgressReport, content: Content) -> None:
    set_rows(
        IndicatorValue,
        {"report_id": report.id},
        "indicator_id",
        [
            {"indicator_id": one.id, **content.values[one.number]._asdict()}
            for one in place.measured
            if one.number in content.values
        ],
    )


def submit(act: Act, place: Report, seen: str | None = None) -> ProgressReport:
    """Submits what was saved; the version submitted is kept for ever (ux/spec.md 7.5)."""
    found = _lock(act, (place, seen))
    report = _begun(found)
    content = _content(report)
    check_step(report.state, ReportState.SUBMITTED)
    check_report(
        opened=True,
        closed=found.is_closed,
        participates=True,
        municipality=place.town.name,
        values={one.name: content.values.get(one.number) for one in place.measured},
        rating=content.rating,
        done=content.done,
        trouble=content.trouble,
        plan=content.plan,
    )
    number, (by, by_id) = _last_version(report) + 1, _person(act)
    attached = [one.told for one in uploads.of("report", report.id) if not one.is_struck]
    with act.change("report.submitted", report, _said(place, "を提出しました")) as entry:
        entry.told["version"] = number
        report.state, report.submitted_at = ReportState.SUBMITTED, act.at
        report.receipt = receipt(place.period, place.town.name, place.project_id)
        db.session.add(
            ReportVersion(
                report_id=report.id,
                number=number,
                submitted_at=act.at,
                submitted_by=by,
                submitted_by_id=by_id,
                content=frozen(place.measured, content, attached),
            )
        )
    return report


def attach(act: Act, place: Report, sent: Sequence[Sent]) -> None:
    """Adds proof to a report that is being written; whoever adds it is its writer."""
    report = _to_write(act, place)
    said = _said(place, f"に{len(sent)}件添付しました")
    with act.change("report.attached", report, said) as entry:
        report.written_by, report.written_by_id = _person(act)
        report.written_at = act.at
        uploads.add(act, entry, report, sent)


def detach(
    act: Act, place: Report, one: Attachment, reason: str | None, seen: str | None = None
) -> None:
    """Takes a file out: with a reason where a version was submitted with it, else without a trace."""
    report = _to_write(act, place, seen)
    act.lock((one, None))
    is_seen = queries.has_gone_out(one)
    said = _said(place, "の添付を1件取り消しました")
    with act.change("report.detached", report, said + (f"理由：{reason}" if is_seen else "")):
        uploads.take_out(act, one, reason if is_seen else None)


def put_attachment_back(act: Act, place: Report, one: Attachment, seen: str | None = None) -> None:
    """Counts a file again that was struck."""
    report = _to_write(act, place, seen)
    act.lock((one, None))
    said = _said(place, "の添付を1件元に戻しました")
    with act.change("report.attachment_restored", report, said):
        one.put_back()


def _to_write(act: Act, place: Report, seen: str | None = None) -> ProgressReport:
    """The report, locked; raises Refusal where it was not begun, or cannot be written now."""
    found = _lock(act, (place, seen))
    check_unlocked(found.is_closed)
    report = _begun(found)
    saved(report.state)
    return report


def withdraw(act: Act, place: Report, seen: str | None = None) -> ProgressReport:
    """取り戻して直す: a submitted report is a draft again, until the lead has confirmed it."""
    found = _lock(act, (place, seen))
    check_unlocked(found.is_closed)
    report = _begun(found)
    check_step(report.state, ReportState.DRAFT)
    with act.change("report.withdrawn", report, _said(place, "を取り戻しました")):
        report.state, report.submitted_at = ReportState.DRAFT, None
    return report


def return_report(
    act: Act, place: Report, question: str, seen: str | None = None
) -> ProgressReport:
    """質問して戻す: the report goes back with a question, by letter M4 to those who write it."""
    if not question.strip():
        raise Refusal(_(QUESTION_MISSING), field="question")
    found = _lock(act, (place, seen))
    check_unlocked(found.is_closed)
    report = _begun(found)
    _check_checker(act, place)
    check_step(report.state, ReportState.RETURNED)
    number = _last_version(report)
    with act.change("report.returned", report, _said(place, "を質問して戻しました")) as entry:
        entry.told["version"] = number
        report.state, report.question = ReportState.RETURNED, question.strip()
        report.asked_by, report.asked_by_id = _person(act)
        report.asked_at = act.at
        report.confirmed_by = report.confirmed_by_id = report.confirmed_at = None
        cause = f"report:{report.id}:returned:{number}"
        letters.put_question(place, report.question, cause=cause, at=act.at)
    return report


def confirm(act: Act, place: Report, seen: str | None = None) -> None:
    """確認済みにする; when it was the municipality's last, letter M5 thanks for all of them."""
    confirm_all(act, [(place, seen)])


def confirm_all(act: Act, chosen: Sequence[tuple[Report, str | None]]) -> int:
    """The same for several reports of a round at once; returns how many."""
    if not chosen:
        raise Refusal(_("まとめて確認済みにする報告がありません。"))
    reports = [_begun_one(row) for row in _lock(act, *chosen).rows]
    for place, _other in chosen:
        _check_checker(act, place)
    for report in reports:
        check_step(report.state, ReportState.CONFIRMED)
    contents = queries.decided([report.id for report in reports])
    with act:
        for (place, _content), report in zip(chosen, reports, strict=True):
            said = _said(place, "を確認済みにしました")
            with act.change("report.confirmed", report, said) as entry:
                entry.digest = digest(contents[report.id])
                report.state = ReportState.CONFIRMED
                report.confirmed_by, report.confirmed_by_id = _person(act)
                report.confirmed_at = act.at
        for last in {place.town: place for place, _other in chosen}.values():
            _thank(act, last)
    return len(reports)


def _check_checker(act: Act, place: Report) -> None:
    """Refuses whoever does not check this report (contracts.md, Trust)."""
    if act.by and act.by.person_id not in [
        one.person_id for one in place.checked_by(accounts.staff())
    ]:
        raise Refusal(_(NOT_THE_CHECKER))


def _thank(act: Act, place: Report) -> None:
    asked = queries.asked_of(place.period, place.town.id)
    if all(one.state is ReportState.CONFIRMED for one in asked):
        letters.put_thanks(place, asked, at=act.at)


class _Found(NamedTuple):
    """What an act has locked: whether the round is closed, and the rows of its reports."""

    is_closed: bool
    rows: Sequence[ProgressReport | None]


def _lock(act: Act, *wanted: tuple[Report, str | None]) -> _Found:
    """Locks the round, then its reports; one that nobody has begun has no row.

    The round comes first: two who begin the same report at once wait for each other there.
    """
    asked = db.session.get_one(ReportingRound, wanted[0][0].round_id)
    act.lock((asked, None))
    rows = [_find(place) for place, _other in wanted]
    act.lock(
        *(
            (row, seen, f"{place.town.name}　{place.project}")
            for row, (place, seen) in zip(rows, wanted, strict=True)
        )
    )
    return _Found(asked.closed_at is not None, rows)


def _find(place: Report) -> ProgressReport | None:
    return db.session.scalar(
        select(ProgressReport).where(
            ProgressReport.round_id == place.round_id,
            ProgressReport.project_id == place.project_id,
            ProgressReport.municipality_id == place.town.id,
        )
    )


def _begun(found: _Found) -> ProgressReport:
    return _begun_one(found.rows[0])


def _begun_one(row: ProgressReport | None) -> ProgressReport:
    """A report that nobody has begun cannot be submitted, checked or taken back."""
    if row is None:
        raise Refusal(_("まだ報告がありません。内容を入力してから提出してください。"))
    return row


def _content(report: ProgressReport) -> Content:
    rows = db.session.execute(
        select(
            Indicator.number,
            IndicatorValue.numerator,
            IndicatorValue.denominator,
            IndicatorValue.decimals,
            IndicatorValue.n,
        )
        .join(Indicator, Indicator.id == IndicatorValue.indicator_id)
        .where(IndicatorValue.report_id == report.id)
    )
    values = {number: Exact(over, under, places, n) for number, over, under, places, n in rows}
    return Content(
        values, report.rating, report.done, report.trouble, report.for_meeting, report.plan
    )


def _last_version(report: ProgressReport) -> int:
    return (
        db.session.scalar(
            select(func.max(ReportVersion.number)).where(ReportVersion.report_id == report.id)
        )
        or 0
    )


def _person(act: Act) -> tuple[str, int]:
    """Municipality and post of who acts, as the report names them, and the person's id."""
    assert act.by is not None, "reports are people's business"
    return act.by.name, act.by.person_id


def _said(place: Report, done: str) -> str:
    return f"{place.town.name}の{place.period.label}「{place.project}」の報告{done}。"
