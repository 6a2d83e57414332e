"""Reads an agenda, and what the data of the year offer for it."""

from collections.abc import Callable, Collection, Sequence
from datetime import date

from flask import current_app
from flask.sansio.app import App
from sqlalchemy import select

from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.rules import ASKED
from tracker.kernel.translation import _
from tracker.meetings.agenda.rules import AgendaEntry, AgendaSource, listed
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import AgendaItem, MeetingRow, Minutes
from tracker.meetings.rules import AgendaKind
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.projects import queries as projects
from tracker.projects.models import ProgressReport, ReportingRound
from tracker.projects.rules import REPORTED, CellState
from tracker.questions import queries as questions
from tracker.questions.rules import OPEN
from tracker.struck.models import not_struck

Offer = Callable[[Meeting], Sequence[AgendaSource]]
# An item (id), the municipalities (slugs) that alone are to read it, None for all; none for a strike.
Keep = Callable[[int, Collection[str] | None], None]


# The reports whose 相談 stood on the agenda of a meeting that took place.
_TALKED_OVER = (
    select(AgendaItem.report_id)
    .join(MeetingRow, MeetingRow.id == AgendaItem.meeting_id)
    .where(
        AgendaItem.report_id.is_not(None),
        AgendaItem.accepted_at.is_not(None),
        not_struck(AgendaItem),
        MeetingRow.attendance_at.is_not(None),
    )
)


def register(app: App, offer: Offer, keep: Keep) -> None:
    """Adds what a room above has for the agenda of a meeting.

    `keep` raises the Refusal of another's readers, or of none, for an item that the room leans on.
    """
    app.extensions.setdefault("agenda", []).append(offer)
    app.extensions.setdefault("agenda_kept", []).append(keep)


def check_above(item_id: int, only: Collection[str] | None) -> None:
    """Whether the rooms above let an item have these readers; `()` when it is taken off."""
    above: Sequence[Keep] = current_app.extensions.get("agenda_kept", ())
    for keep in above:
        keep(item_id, only)


def rows(meeting_id: int) -> Sequence[AgendaItem]:
    """The items in their order, proposed and struck ones too, for an act (one query)."""
    return db.session.scalars(
        select(AgendaItem)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position, AgendaItem.id)
        .execution_options(populate_existing=True)
    ).all()


def circulation(meeting_id: int) -> tuple[bool, bool]:
    """Whether the minutes are to be confirmed now, and whether they ever were put to anybody."""
    head = db.session.get(Minutes, meeting_id)
    return bool(head and head.sent_at), bool(head and head.reply_due_on)


def entries(meeting_id: int) -> list[AgendaEntry]:
    """The same as pages and papers take them."""
    slugs = {id_: town.slug for id_, town in areas.by_id().items()}
    found = rows(meeting_id)
    asked = [one.question_id for one in found if one.question_id]
    numbers = questions.numbers(asked) if asked else {}
    return [
        AgendaEntry(
            one.id,
            one.seen,
            one.kind,
            one.title,
            one.note,
            one.minutes,
            None if one.only is None else tuple(one.only),
            one.proposed_by,
            slugs[one.municipality_id],
            one.report_id,
            one.accepted_at is not None,
            one.is_struck,
            one.question_id,
            numbers.get(one.question_id or 0),
        )
        for one in found
    ]


def about_question(question_id: int) -> list[tuple[MeetingRow, AgendaItem]]:
    """The items on which a question stands, the newest meeting first."""
    rows_ = db.session.execute(
        select(MeetingRow, AgendaItem)
        .join(AgendaItem, AgendaItem.meeting_id == MeetingRow.id)
        .where(AgendaItem.question_id == question_id, not_struck(AgendaItem))
        .order_by(MeetingRow.id.desc())
    )
    return [(one.MeetingRow, one.AgendaItem) for one in rows_]


def offered(meeting: Meeting, today: date) -> list[AgendaSource]:
    """What the data of the year give reason to talk about.

    Of a report's 相談 only project and municipality are told: its words stay where they are.  One
    that stood on the agenda of a meeting that was held was talked over, and is offered no more.
    """
    found: list[AgendaSource] = []
    year = meeting.year
    last = next((one for one in projects.rounds() if one.year <= year.year), None)
    if last is not None:
        title = _("%(period)sの進捗について", period=last.period.label)
        found.append(AgendaSource(AgendaKind.PROGRESS, title, _("資料：別表の状況")))
        late = {
            report.project
            for report in projects.of_year(last.period.fiscal_year, last.half)
            if report.standing in (CellState.LATE, CellState.SLIGHTLY_LATE)
        }
        if late:
            title = _("遅れのある事業について　%(count)s件", count=len(late))
            found.append(AgendaSource(AgendaKind.WATCH, title, listed(sorted(late))))
    asked = [case for case in costs.in_hand(today) if case.state in ASKED]
    if asked:
        title = _("費用負担の協議（第4条第2項）　%(count)s件", count=len(asked))
        told = listed([f"{one.no.label}　{one.title}" for one in asked])
        found.append(AgendaSource(AgendaKind.COSTS, title, told))
    for doubt in questions.in_hand():
        if doubt.state in OPEN:
            # Nobody else knows of a question between two: the item is theirs.
            title = _("疑義の協議（第6条）　%(no)s", no=doubt.no.label)
            told = f"{doubt.hub.name}・{doubt.partner.name}"
            only = tuple(town.slug for town in doubt.parties)
            source = AgendaSource(AgendaKind.QUESTIONS, title, told, None, only, doubt.id)
            found.append(source)
    above: Sequence[Offer] = current_app.extensions.get("agenda", ())
    found += [source for offer in above for source in offer(meeting)]
    flagged = projects.asked_reports(
        ReportingRound.fiscal_year.in_((year.previous.year, year.year)),
        ProgressReport.for_meeting.is_(True),
        ProgressReport.state.in_(REPORTED),
        ProgressReport.id.not_in(_TALKED_OVER),
        texts=True,
    )
    for one in flagged:
        title = _("%(project)s（%(town)sから）", project=one.project, town=one.town.name)
        note = _("%(period)sの報告の「相談」から", period=one.period.label)
        found.append(AgendaSource(AgendaKind.CONSULTATION, title, note, one.id))
    return found
