"""Pages of decisions: the office records, each municipality says how its part stands, all read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import redirect, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from tracker.decisions import actions, forms, queries
from tracker.decisions.blueprint import bp, get_decision, get_follow_up
from tracker.decisions.decision import MeetingDecision
from tracker.decisions.models import DecisionRow, FollowUpRow
from tracker.decisions.rules import check_record, check_strike
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.agenda.rules import AgendaSource, listed, may_read
from tracker.meetings.blueprint import get_meeting
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import AgendaItem
from tracker.meetings.rules import AgendaKind
from tracker.plumbing import beside, clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.beside import Beside, BesideLine
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.forms import choices, in_year
from tracker.plumbing.pages import closed_page, done, number_asked, page
from tracker.struck.views import strike_page

_OFFICE, _OWN = Permission.MANAGE_MEETING, Permission.FOLLOW_DECISION


@bp.get("/meetings/decisions")
@guard(Permission.READ_AREA)
def index() -> Response:
    """決定事項: those with something left to do, or all of one meeting (`meeting`)."""
    number = number_asked("meeting", 0)
    meeting = get_meeting(number) if number else None
    where = DecisionRow.meeting_id == number
    found = queries.decisions(where) if meeting else queries.in_hand()
    shown = [one for one in found if may_read(one.only, actor())]
    return page(
        "decisions/index.html",
        meeting=meeting,
        decisions=[one for one in shown if not one.is_struck],
        taken_out=[one for one in shown if one.is_struck],
        may_record=meeting is not None and meeting.attendance_at is not None and may(_OFFICE),
    )


@bp.route("/meetings/<int:meeting_id>/decisions/new", methods=["GET", "POST"])
@guard(_OFFICE)
def record(meeting_id: int) -> Response:
    """決定事項を記録する: under an item, with the first thing to do of it."""
    meeting = get_meeting(meeting_id)
    if closed := closed_page(
        lambda: check_record(meeting.attendance_at, meeting.cancelled_at),
        title=_("決定事項を記録する"),
        named=meeting.name,
        back=url_for(".index", meeting=meeting_id),
    ):
        return closed
    items = {str(one.id): one for one in queries.items(meeting_id)}
    form = _record_form(meeting, items)

    def do(act: Act) -> DecisionRow:
        row, errand = meetings.row(meeting), form.first_errand()
        return actions.record(act, row, items[form.item.data], form.words, errand)

    if form.carry_out(do):
        back = url_for(".show", decision_id=form.result.id)
        return done(back, _("決定事項を記録しました。"))
    return page("decisions/record.html", form=form, meeting=meeting)


def _record_form(meeting: Meeting, items: Mapping[str, AgendaItem]) -> forms.RecordForm:
    asked = str(number_asked("item", 0))
    form = in_year(forms.RecordForm, FiscalYear.containing(clock.today()))(
        data={"item": asked if asked in items else None, "project": "0", "case": "0"}
    )
    form.item.choices = choices((key, one.title) for key, one in items.items())
    projects, cases = queries.subjects(meeting)
    form.project.choices = choices([(0, _("なし")), *projects.items()])
    form.case.choices = choices([(0, _("なし")), *cases.items()])
    form.offer_towns()
    return form


@bp.get("/meetings/decisions/<int:decision_id>")
@guard(Permission.READ_AREA)
def show(decision_id: int) -> Response:
    """One decision: what is done of it, and what each municipality said."""
    decision = get_decision(decision_id)
    row = queries.row(decision)
    return page(
        "decisions/show.html",
        decision=decision,
        item=db.session.get_one(AgendaItem, row.item_id),
        rows={one.id: db.session.get_one(FollowUpRow, one.id) for one in decision.follow_ups},
        row=row,
        may_manage=may(_OFFICE),
        may_follow={one.id for one in decision.counting if may(_OWN, one.town.slug)},
        reads_question=decision.question is not None and may(Permission.READ_QUESTION),
    )


@bp.route("/meetings/decisions/<int:decision_id>/follow-ups/new", methods=["GET", "POST"])
@guard(_OFFICE)
def add_follow_up(decision_id: int) -> Response:
    """宿題を加える."""
    decision = get_decision(decision_id)
    form = in_year(forms.FollowUpForm, FiscalYear.containing(clock.today()))(
        data={"seen": decision.seen}
    )
    form.offer_towns()
    row, back = queries.row(decision), url_for(".show", decision_id=decision_id)
    if closed := closed_page(
        row.must_count, title=_("宿題を加える"), named=decision.title, back=back
    ):
        return closed
    if form.carry_out(
        lambda act: actions.add_follow_up(act, row, form.errand(form.what.data), form.seen.data)
    ):
        return done(back, _("宿題を加えました。"))
    return page("decisions/follow_up.html", form=form, decision=decision)


@bp.route("/meetings/decisions/<int:decision_id>/strike", methods=["GET", "POST"])
@guard(_OFFICE)
def strike(decision_id: int) -> Response:
    """Takes out a decision recorded by mistake, or puts it back."""
    decision = get_decision(decision_id)
    row = queries.row(decision)
    return strike_page(
        row,
        decision.seen,
        lambda act, reason, seen: actions.strike(act, row, reason, seen),
        lambda act, seen: actions.put_back(act, row, seen),
        named=decision.title,
        back=url_for(".show", decision_id=decision_id),
        check=lambda: None,
        notes=[_("宿題の御案内は止まります。記録は残ります。")],
    )


@bp.route("/meetings/follow-ups/<int:follow_up_id>", methods=["GET", "POST"])
@guard(_OWN)
def report(follow_up_id: int) -> Response:
    """状況を知らせる: for the own municipality alone."""
    decision, one = get_follow_up(follow_up_id)
    require(_OWN, one.town.slug)
    back = url_for(".show", decision_id=decision.id)
    if one.is_struck or decision.is_struck:
        return redirect(back)
    form = forms.ProgressForm(data={"seen": one.seen})
    row, of = queries.row(decision), db.session.get_one(FollowUpRow, one.id)
    if form.carry_out(
        lambda act: actions.report(act, row, of, form.text.data, form.is_done.data, form.seen.data)
    ):
        return done(back, _("状況をお知らせいただきました。"))
    return page("decisions/report.html", form=form, decision=decision, one=one)


@bp.route("/meetings/follow-ups/<int:follow_up_id>/strike", methods=["GET", "POST"])
@guard(_OFFICE)
def strike_follow_up(follow_up_id: int) -> Response:
    """Takes out what nobody has to do, or puts it back."""
    decision, one = get_follow_up(follow_up_id)
    row, of = queries.row(decision), db.session.get_one(FollowUpRow, one.id)
    return strike_page(
        of,
        one.seen,
        lambda act, reason, seen: actions.strike_follow_up(act, row, of, reason, seen),
        lambda act, seen: actions.put_follow_up_back(act, row, of, seen),
        named=_("%(town)sの宿題", town=one.town.name),
        back=url_for(".show", decision_id=decision.id),
        check=lambda: check_strike(bool(one.notes)),
    )


# --- what stands on the pages of other rooms ------------------------------------------------------


def _about(column: Any) -> Callable[[int], Beside | None]:
    """Tells the decisions about a project, a case or a question, as the reader may know them."""

    def tell(id_: int) -> Beside | None:
        lines = _lines(queries.about(column, id_))
        return Beside(_("市町村長会議の決定事項"), lines) if lines else None

    return tell


def _of_meeting(id_: int) -> Beside | None:
    lines = _lines(queries.about(DecisionRow.meeting_id, id_))
    more = _("決定事項を開く"), url_for("decisions.index", meeting=id_)
    return Beside(_("決定事項"), lines, more) if lines or may(_OFFICE) else None


def _lines(found: Iterable[MeetingDecision]) -> list[BesideLine]:
    return [
        BesideLine(f"{one.meeting}　{one.title}", one.path, one.progress)
        for one in found
        if may_read(one.only, actor())
    ]


def _offered(meeting: Meeting) -> list[AgendaSource]:
    """前回の決定事項: what earlier meetings decided and is not done, each by who may know of it."""
    by_readers: dict[tuple[str, ...], list[str]] = {}
    for one in queries.open_before(meeting):
        by_readers.setdefault(one.only or (), []).append(one.title)
    return [
        AgendaSource(
            AgendaKind.DECISIONS,
            _("前回までの決定事項の状況　%(count)s件", count=len(titles)),
            listed(titles),
            only=only,
        )
        for only, titles in by_readers.items()
    ]


def _put_in(state: BlueprintSetupState) -> None:
    for kind, column in (
        ("project", DecisionRow.project_id),
        ("case", DecisionRow.case_id),
        ("question", DecisionRow.question_id),
    ):
        beside.register(state.app, kind, _about(column))
    beside.register(state.app, "meeting", _of_meeting)
    agenda.register(state.app, _offered, actions.keep_item)


bp.record(_put_in)
