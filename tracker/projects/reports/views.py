"""Pages of one report: input, check, done; and how the lead confirms or returns it."""

from dataclasses import replace
from typing import Any

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.attachments import uploads
from tracker.attachments.attaching import AttachForm, attach_page, download, take_out_page
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import guard, may
from tracker.plumbing.forms import Form, SeenButtonForm
from tracker.plumbing.pages import complain, done, finish, page
from tracker.plumbing.sections import stand
from tracker.projects import queries
from tracker.projects.blueprint import bp, checkers_of, may_check, own_left, period_of
from tracker.projects.report import Report, Story
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports import forms
from tracker.projects.reports.rules import NOT_THE_CHECKER, brief, saved, share_of_guide
from tracker.projects.rules import REPORTED, Rating, ReportState, shown

ADDRESS = "/reports/<period>/<int:project_id>/<slug>"
_WRITABLE = (ReportState.NONE, ReportState.DRAFT, ReportState.RETURNED)
# Where the button leads with which a draft was saved; any other closes it.
_NEXT = {"next": ".check", "attach": ".attachments"}


def _story(period: str, project_id: int, slug: str) -> Story:
    found = queries.story(period_of(period), project_id, slug) or abort(
        404, _("この期間、この市町村に、この事業の報告はお願いしていません。")
    )
    stand((found.now.project, found.now.path), back=url_for(".answers", period=period))
    return found


def _can_write(now: Report) -> bool:
    return (
        not now.is_closed and now.state in _WRITABLE and may(Permission.WRITE_REPORT, now.town.slug)
    )


def _involved(now: Report) -> tuple[str, str, str]:
    """Who reads 相談 (product.md 9): the reporting municipality, the lead's, the hub."""
    return now.town.slug, now.lead.slug, areas.hub().slug


@bp.get(ADDRESS)
@guard(Permission.READ_AREA)
def report(period: str, project_id: int, slug: str) -> Response:
    """The form for those who write the report now, the report itself for everybody else."""
    story = _story(period, project_id, slug)
    now, before = story.now, story.previous
    if not _can_write(now):
        return _read_page(story, forms.QuestionForm(seen=now.seen))
    content = now.content
    if now.state is ReportState.NONE and before:
        # Words are copied from last time, numbers and 状況 never (ux/spec.md 1).
        content = replace(before.content, values={}, rating=None, for_meeting=False)
    return _write_page(story, forms.report_form(now, content))


@bp.post(ADDRESS)
@guard(Permission.WRITE_REPORT, own="slug")
def write(period: str, project_id: int, slug: str) -> Response:
    """Saves the draft: by itself while somebody types, to close it, or on the way to the check."""
    story = _story(period, project_id, slug)
    now = story.now
    form = forms.report_form(now, now.content)
    save, by_itself = request.form.get("save"), "X-Fragment" in request.headers
    goes_on = save == "next"
    if not goes_on:
        form.let_unfinished()
    is_saved = form.carry_out(
        lambda act: report_actions.save_draft(act, now, form.content, form.seen.data),
        once=not by_itself,
    )
    if by_itself:
        return _autosaved(form) if is_saved else _not_autosaved(form)
    if is_saved and save in _NEXT:
        return done(url_for(_NEXT[save], period=period, project_id=project_id, slug=slug))
    if is_saved:
        return done(
            url_for(".answers", period=period),
            _("「%(project)s」の下書きを保存しました。", project=now.project),
        )
    return _write_page(story, form)


def _autosaved(form: Form) -> Response:
    """What app.js expects: a sentence of its own and what to send as seen next time."""
    at, seen = clock.now().astimezone(clock.TOKYO), form.result.seen
    finish()
    answer = Response(
        _("%(hour)s時%(at)s分 下書きを自動保存しました", hour=at.hour, at=format(at, "%M")),
        mimetype="text/plain",
    )
    answer.headers["X-Seen"] = seen
    return answer


def _not_autosaved(form: Form) -> Response:
    said = [*form.form_errors, *(error for errors in form.errors.values() for error in errors)]
    text = _("下書きを保存できませんでした。%(said)s", said=said[0])
    return Response(text, form.status, mimetype="text/plain")


def _write_page(story: Story, form: forms.ReportForm) -> Response:
    now = story.now
    return page(
        "projects/report_form.html",
        attachments=uploads.of("report", now.id),
        form=form,
        place=now,
        story=story,
        checkers=checkers_of(now),
        is_copied=now.state is ReportState.NONE and story.previous is not None,
        bars={one.number: _bars(story, one.number) for one in now.measured},
        hints={rating.value: rating.hint for rating in Rating},
        readers="・".join(town.name for town in areas.towns() if town.slug in _involved(now)),
        shares=[
            (one.name, share)
            for one in now.measured
            if (share := share_of_guide(one.value, one.guide(now.period)))
        ],
    )


def _bars(story: Story, number: int) -> list[dict[str, Any]]:
    """The values of the same half in earlier years, and this one."""
    before: list[dict[str, Any]] = [
        {"label": brief(one.period), "value": one.values.get(number)}
        for one in story.earlier[-queries.YEARS_BEFORE :]
    ]
    return [*before, {"label": _("今回"), "value": story.now.values.get(number), "current": True}]


@bp.route(f"{ADDRESS}/check", methods=["GET", "POST"])
@guard(Permission.WRITE_REPORT, own="slug")
def check(period: str, project_id: int, slug: str) -> Response:
    """内容の確認: last time beside this time, and what deserves a second look."""
    story = _story(period, project_id, slug)
    now = story.now
    form = SeenButtonForm(seen=now.seen)
    if form.carry_out(lambda act: report_actions.submit(act, now, form.seen.data)):
        return done(url_for(".submitted", period=period, project_id=project_id, slug=slug))
    if now.state in (ReportState.NONE, *REPORTED) and form.status == 200:
        return redirect(now.path)
    return page(
        "projects/check.html",
        form=form,
        place=now,
        story=story,
        attachments=uploads.of("report", now.id),
    )


@bp.get(f"{ADDRESS}/done")
@guard(Permission.WRITE_REPORT, own="slug")
def submitted(period: str, project_id: int, slug: str) -> Response:
    """提出完了: the receipt, and the next report that is left."""
    now = _story(period, project_id, slug).now
    if not now.is_reported:
        return redirect(now.path)
    left = own_left(queries.requested_reports(FiscalYear.containing(clock.today())))
    return page("projects/done.html", place=now, left=left, checkers=checkers_of(now))


@bp.post(f"{ADDRESS}/withdraw")
@guard(Permission.WRITE_REPORT, own="slug")
def withdraw(period: str, project_id: int, slug: str) -> Response:
    """取り戻して直す."""
    now = _story(period, project_id, slug).now
    form = SeenButtonForm(seen=now.seen)
    if form.carry_out(lambda act: report_actions.withdraw(act, now, form.seen.data)):
        return done(now.path, _("報告を取り戻しました。直したら、もう一度提出してください。"))
    return complain(form, now.path)


@bp.post(f"{ADDRESS}/confirm")
@guard(Permission.CHECK_REPORT)
def confirm(period: str, project_id: int, slug: str) -> Response:
    """確認済みにする."""
    now = _story(period, project_id, slug).now
    if not may_check(now):
        abort(403, _(NOT_THE_CHECKER))
    form = SeenButtonForm(seen=now.seen)
    if form.carry_out(lambda act: report_actions.confirm(act, now, form.seen.data)):
        said = _(
            "%(town)s「%(project)s」を確認済みにしました。", town=now.town.name, project=now.project
        )
        return done(url_for(".inbox", period=period), said)
    return complain(form, now.path)


@bp.post(f"{ADDRESS}/return")
@guard(Permission.CHECK_REPORT)
def return_to(period: str, project_id: int, slug: str) -> Response:
    """質問して戻す."""
    story = _story(period, project_id, slug)
    now = story.now
    if not may_check(now):
        abort(403, _(NOT_THE_CHECKER))
    form = forms.QuestionForm(seen=now.seen)
    if form.carry_out(
        lambda act: report_actions.return_report(act, now, form.question.data, form.seen.data)
    ):
        said = _("%(town)sに質問を送り、報告を戻しました。", town=now.town.name)
        return done(url_for(".inbox", period=period), said)
    return _read_page(story, form)


def _is_readable(place: Report) -> bool:
    """Whether the person signed in may read it: what is not submitted is its municipality's alone."""
    own = may(Permission.READ_TROUBLES, place.town.slug)
    return place.is_reported or (own and place.state is not ReportState.NONE)


@bp.route(f"{ADDRESS}/attachments", methods=["GET", "POST"])
@guard(Permission.WRITE_REPORT, own="slug")
def attachments(period: str, project_id: int, slug: str) -> Response:
    """添付: proof and photographs of a report, while it is being written."""
    now = _story(period, project_id, slug).now
    form = AttachForm()
    if form.carry_out(lambda act: report_actions.attach(act, now, form.sent)):
        return done(f"{now.path}/attachments", _("添付しました。"))
    if not _can_write(now) and not form.is_submitted():
        return redirect(now.path)
    return attach_page(
        form,
        uploads.of("report", now.id),
        f"{now.path}/attachments",
        back=now.path,
        named=f"{now.town.name}　{now.project}",
        readers=_(
            "提出すると、すべての市町村の担当が開けます。それまでは%(town)sだけです。",
            town=now.town.name,
        ),
    )


@bp.get(f"{ADDRESS}/attachments/<int:attachment_id>")
@guard(Permission.READ_AREA)
def attachment(period: str, project_id: int, slug: str, attachment_id: int) -> Response:
    """One file, for whoever may read the report."""
    now = _story(period, project_id, slug).now
    return download(uploads.find("report", now.id, attachment_id) if _is_readable(now) else None)


@bp.route(f"{ADDRESS}/attachments/<int:attachment_id>/take-out", methods=["GET", "POST"])
@guard(Permission.WRITE_REPORT, own="slug")
def detach(period: str, project_id: int, slug: str, attachment_id: int) -> Response:
    """Takes a file out, or puts it back."""
    now = _story(period, project_id, slug).now
    one = uploads.find("report", now.id, attachment_id) or abort(404)
    return take_out_page(
        one,
        now.seen,
        lambda act, reason, seen: report_actions.detach(act, now, one, reason, seen),
        lambda act, seen: report_actions.put_attachment_back(act, now, one, seen),
        has_been_seen=queries.has_gone_out(one),
        back=f"{now.path}/attachments",
        check=lambda: saved(now.state),
    )


def _read_page(story: Story, form: forms.QuestionForm) -> Response:
    """The report for its readers: what is not submitted is its municipality's alone."""
    place = story.now
    readable = _is_readable(place)
    involved = may(Permission.READ_TROUBLES, *_involved(place))
    return page(
        "projects/report.html",
        form=form,
        place=place,
        story=story,
        state=shown(place.state, place.due_on, clock.today()),
        readable=readable,
        involved=involved,
        versions=queries.versions(place.id) if readable else [],
        attachments=uploads.of("report", place.id) if readable else [],
        can_withdraw=place.state is ReportState.SUBMITTED
        and not place.is_closed
        and may(Permission.WRITE_REPORT, place.town.slug),
        can_check=place.is_reported and may_check(place),
    )
