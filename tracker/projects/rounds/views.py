"""Pages of reporting rounds: the matrix of all reports, opening and closing, the lead's inbox."""

from collections.abc import Sequence
from itertools import groupby

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.accounts import queries as accounts
from tracker.kernel.fiscal_year import FiscalYear, Period
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form, SeenButtonForm, in_year
from tracker.plumbing.pages import complain, done, page
from tracker.plumbing.sections import stand
from tracker.projects import queries, rules
from tracker.projects.blueprint import bp, may_check, own_reports, period_of
from tracker.projects.models import Project
from tracker.projects.report import URGENCY, Report, Round
from tracker.projects.reports import actions as report_actions
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rounds import forms
from tracker.projects.rounds.rules import Telling
from tracker.projects.rules import Rating, ReportState

Checked = tuple[Report, tuple[str, ...]]
# What the writer does next.
_ACTIONS = {
    ReportState.RETURNED: N_("直して出す"),
    ReportState.DRAFT: N_("続きから"),
    ReportState.NONE: N_("始める"),
    ReportState.SUBMITTED: N_("見る"),
    ReportState.CONFIRMED: N_("見る"),
}


@bp.get("/reports")
@guard(Permission.READ_AREA)
def rounds() -> Response:
    """進捗報告: the newest round, or the sentence that there is none yet."""
    if chosen := request.args.get("period"):
        return redirect(url_for(".answers", period=period_of(chosen)))
    newest = next(iter(queries.rounds()), None)
    if newest:
        return redirect(url_for(".answers", period=newest.period))
    return page("projects/no_round.html", may_open=may(Permission.OPEN_ROUND))


@bp.route("/reports/new", methods=["GET", "POST"])
@guard(Permission.OPEN_ROUND)
def new_round() -> Response:
    """Asks for the reports of a period."""
    form = forms.round_form(FiscalYear.containing(clock.today()))
    if form.carry_out(
        lambda act: round_actions.open_round(
            act, Period.parse(form.period.data), form.due_on.data, form.covering_note.data or ""
        )
    ):
        return done(
            url_for(".answers", period=form.period.data),
            _("進捗報告をお願いしました。お願いの手紙を各市町村の担当に送ります。"),
        )
    return page("projects/new_round.html", form=form, hub=areas.hub().name)


@bp.get("/reports/<period>")
@guard(Permission.READ_AREA)
def answers(period: str) -> Response:
    """提出状況: municipality by project, the reader's own reports first."""
    stand(back=url_for(".answers", period=period))
    every, today = queries.rounds(), clock.today()
    shown = _round(every, period)
    rows = queries.answers(shown.period)
    return page(
        "projects/answers.html",
        form=SeenButtonForm(seen=shown.seen),
        round=shown,
        rounds=[(str(one.period), one.period.label) for one in every],
        projects=_by_project(rows),
        looks={state: rules.shown(state, shown.due_on, today) for state in ReportState},
        own=sorted(own_reports(rows), key=lambda row: URGENCY.index(row.state)),
        actions={state: _(action) for state, action in _ACTIONS.items()},
        columns=areas.columns(actor().municipality),
        tally=_tally(rows),
        unsubmitted=sum(not row.is_reported for row in rows),
        waiting=sum(row.state is ReportState.SUBMITTED and may_check(row) for row in rows),
        may_open=may(Permission.OPEN_ROUND),
        may_check=any(map(may_check, rows)),
        unasked=_unasked(shown),
    )


def _unasked(shown: Round) -> list[tuple[queries.Unasked, SeenButtonForm]]:
    """What the office may still take into the round, each with its button."""
    if shown.is_closed or not may(Permission.OPEN_ROUND):
        return []
    return [(one, SeenButtonForm(seen=one.seen)) for one in queries.unasked(shown)]


def _by_project(rows: Sequence[Report]) -> list[tuple[int, str, dict[str, Report]]]:
    """The lines of the matrix: a project, and its municipalities by slug."""
    return [
        (project_id, name, {row.town.slug: row for row in group})
        for (project_id, name), group in groupby(rows, lambda row: (row.project_id, row.project))
    ]


def _round(every: Sequence[Round], period: str) -> Round:
    wanted = period_of(period)
    return next((one for one in every if one.period == wanted), None) or abort(
        404, _("この期間の報告のお願いは、まだ出ていません。")
    )


def _tally(rows: Sequence[Report]) -> list[tuple[str, int, int]]:
    """Per municipality how many reports are submitted, and how many are asked for."""
    return [
        (
            town.name,
            sum(row.town == town and row.is_reported for row in rows),
            sum(row.town == town for row in rows),
        )
        for town in areas.towns()
    ]


@bp.post("/reports/<period>/close")
@guard(Permission.OPEN_ROUND)
def close(period: str) -> Response:
    """Closes the round: nothing is submitted or returned any more."""
    wanted = _round(queries.rounds(), period)
    form, back = SeenButtonForm(seen=wanted.seen), url_for(".answers", period=period)
    if form.carry_out(lambda act: round_actions.close_round(act, wanted.period, form.seen.data)):
        return done(back, _("%(period)sの報告を締め切りました。", period=wanted.period.label))
    return complain(form, back)


@bp.post("/reports/<period>/ask-again")
@guard(Permission.OPEN_ROUND)
def ask_the_late(period: str) -> Response:
    """もう一度お願いする: only to those who have not handed in."""
    wanted = _round(queries.rounds(), period)
    form, back = SeenButtonForm(seen=wanted.seen), url_for(".answers", period=period)
    if form.carry_out(lambda act: round_actions.ask_again(act, wanted.period, form.seen.data)):
        names = "・".join(form.result)
        return done(back, _("%(names)sへもう一度お願いを送ります。", names=names))
    return complain(form, back)


@bp.route("/reports/<period>/due", methods=["GET", "POST"])
@guard(Permission.OPEN_ROUND)
def due_day(period: str) -> Response:
    """Moves the due day of an open round."""
    wanted, back = _round(queries.rounds(), period), url_for(".answers", period=period)
    if request.method == "GET" and wanted.is_closed:
        return redirect(back)
    stand(back=back)
    this = FiscalYear.containing(clock.today())
    form = in_year(forms.DueDayForm, this)(
        data={"seen": wanted.seen, "due_on": wanted.due_on, "telling": Telling.NEARER.value}
    )
    if form.carry_out(
        lambda act: round_actions.move_due_day(
            act, wanted.period, form.due_on.data, Telling(form.telling.data), form.seen.data
        )
    ):
        return done(back, _("期限を変えました。%(letters)s", letters=_letters_said(form.result)))
    return page("projects/due_day.html", form=form, round=wanted, back=back)


@bp.route("/reports/<period>/reopen", methods=["GET", "POST"])
@guard(Permission.OPEN_ROUND)
def reopen(period: str) -> Response:
    """Opens a closed round again, with a reason and another due day."""
    wanted, back = _round(queries.rounds(), period), url_for(".answers", period=period)
    if request.method == "GET" and not wanted.is_closed:
        return redirect(back)
    stand(back=back)
    this = FiscalYear.containing(clock.today())
    form = in_year(forms.ReopenForm, this)(data={"seen": wanted.seen})
    if form.carry_out(
        lambda act: round_actions.reopen_round(
            act,
            wanted.period,
            form.due_on.data,
            form.reason.data,
            telling=form.telling.data,
            seen=form.seen.data,
        )
    ):
        said = _("もう一度受け付けます。%(letters)s", letters=_letters_said(form.result))
        return done(back, said)
    return page("projects/reopen.html", form=form, round=wanted, back=back)


@bp.post("/reports/<period>/projects/<int:project_id>")
@guard(Permission.OPEN_ROUND)
def take_in(period: str, project_id: int) -> Response:
    """Takes a project, or a municipality that joined it, into a round under way."""
    wanted, back = _round(queries.rounds(), period), url_for(".answers", period=period)
    project = db.get_or_404(Project, project_id)
    form = SeenButtonForm(seen=project.seen)
    if form.carry_out(
        lambda act: round_actions.take_in(act, wanted.period, project, form.seen.data)
    ):
        said = _(
            "「%(name)s」をこの回に加えました。%(letters)s",
            name=project.name,
            letters=_letters_said(form.result),
        )
        return done(back, said)
    return complain(form, back)


def _letters_said(sent: int) -> str:
    return _("お知らせの手紙を%(sent)s通送ります。", sent=sent) if sent else ""


@bp.get("/reports/<period>/inbox")
@guard(Permission.CHECK_REPORT)
def inbox(period: str) -> Response:
    """報告の確認: what waits for the reader first, of that what deserves a second look first."""
    rows = _mine(period)
    return _inbox_page(period, rows, forms.confirm_all_form(_unremarkable(rows)))


def _inbox_page(period: str, rows: Sequence[Checked], form: Form) -> Response:
    stand(back=url_for(".answers", period=period))
    return page(
        "projects/inbox.html",
        form=form,
        round=_round(queries.rounds(), period),
        rows=sorted(rows, key=_urgency),
        plain=_unremarkable(rows),
        seen_name=forms.seen_name,
    )


def _mine(period: str) -> list[Checked]:
    found, staff = queries.inbox(period_of(period)), accounts.staff()
    return [row for row in found if may_check(row[0], staff)]


def _unremarkable(rows: Sequence[Checked]) -> list[Report]:
    """What waits, goes well and gives no reason for a second look (ux/spec.md 7.6)."""
    return [
        report
        for report, remarks in rows
        if report.state is ReportState.SUBMITTED
        and report.rating in (Rating.ON_TRACK, Rating.DONE)
        and not remarks
    ]


@bp.post("/reports/<period>/inbox")
@guard(Permission.CHECK_REPORT)
def confirm_all(period: str) -> Response:
    """まとめて確認済みにする: only what the reader has seen, and only what has no remark."""
    rows = _mine(period)
    shown = [report for report, _other in rows if forms.seen_name(report) in request.form]
    form = forms.confirm_all_form(shown)
    if form.carry_out(
        lambda act: report_actions.confirm_all(
            act, [(report, form[forms.seen_name(report)].data) for report in shown]
        )
    ):
        said = _("%(count)s件をまとめて確認済みにしました。", count=form.result)
        return done(url_for(".inbox", period=period), said)
    return _inbox_page(period, rows, form)


def _urgency(row: Checked) -> tuple[bool, bool, bool]:
    """Waiting before checked, the reader's own section before others, remarks before none."""
    report, remarks = row
    return (
        report.state is not ReportState.SUBMITTED,
        report.lead_post_id != actor().post_id,
        not remarks,
    )
