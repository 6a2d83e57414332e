"""Pages of one report: input, check, done; and how the lead confirms or returns it."""

from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.kernel.permissions import Permission
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.forms import Form
from tracker.plumbing.pages import page, section
from tracker.projects import forms, queries, report_actions
from tracker.projects.blueprint import bp, period_of
from tracker.projects.planning import Content, brief, share_of_guide
from tracker.projects.report import Report, Story
from tracker.projects.rules import REPORTED, Rating, ReportState, shown

ADDRESS = "/reports/<period>/<int:project_id>/<slug>"
BARS_BEFORE = 4
_WRITABLE = (ReportState.NONE, ReportState.DRAFT, ReportState.RETURNED)


def _story(period: str, project_id: int, slug: str) -> Story:
    section("reports")
    found = queries.story(period_of(period), project_id, slug)
    return found or abort(404, "この期間、この市町村に、この事業の報告はお願いしていません。")


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
    place = story.now
    if not _can_write(place):
        return _read_page(story, forms.QuestionForm())
    now, before = story.now, story.previous
    content = now.content
    if now.state is ReportState.NONE and before:
        # Words are copied from last time, numbers and 状況 never (ux/spec.md 1).
        content = replace(before.content, value=None, rating=None, for_meeting=False)
    return _write_page(story, forms.report_form(place, content, now.version))


@bp.post(ADDRESS)
@guard(Permission.WRITE_REPORT, own="slug")
def write(period: str, project_id: int, slug: str) -> Response:
    """Saves the draft: by itself while somebody types, to close it, or on the way to the check."""
    story = _story(period, project_id, slug)
    place = story.now
    form = forms.report_form(place, Content(), 0)
    goes_on = request.form.get("save") == "next"
    if not goes_on:
        form.let_unfinished()
    saved = form.validate_on_submit() and form.attempt(
        lambda: report_actions.save_draft(
            place, form.content, form.version.data, by=actor(), at=clock.now()
        )
    )
    if "X-Fragment" in request.headers:
        return _autosaved(form) if saved else _not_autosaved(form)
    if saved and goes_on:
        return redirect(url_for(".check", period=period, project_id=project_id, slug=slug))
    if saved:
        flash(f"「{place.project}」の下書きを保存しました。", "ok")
        return redirect(url_for(".answers", period=period))
    return _write_page(story, form)


def _autosaved(form: Form) -> Response:
    """What app.js expects: a sentence of its own and the version to send next time."""
    at = clock.now().astimezone(clock.TOKYO)
    answer = Response(f"{at.hour}時{at:%M}分 下書きを自動保存しました", mimetype="text/plain")
    answer.headers["X-Version"] = str(form.result.version)
    return answer


def _not_autosaved(form: Form) -> Response:
    said = [*form.form_errors, *(error for errors in form.errors.values() for error in errors)]
    text = f"下書きを保存できませんでした。{said[0]}"
    return Response(text, 422, mimetype="text/plain")


def _write_page(story: Story, form: forms.ReportForm) -> Response:
    now = story.now
    theirs = now if form.version.data != now.version else None
    # Seen now: saving once more keeps what stands in the form.
    form.version.data = now.version
    return page(
        "projects/report_form.html",
        form=form,
        place=now,
        story=story,
        theirs=theirs,
        is_copied=now.state is ReportState.NONE and story.previous is not None,
        bars=_bars(story),
        hints={rating.value: rating.hint for rating in Rating},
        readers="・".join(town.name for town in areas.towns() if town.slug in _involved(now)),
        share=share_of_guide(now.value, now.guide),
    )


def _bars(story: Story) -> list[dict[str, Any]]:
    """The values of the same half in earlier years, and this one."""
    before: list[dict[str, Any]] = [
        {"label": brief(one.period), "value": one.value} for one in story.earlier[-BARS_BEFORE:]
    ]
    return [*before, {"label": "今回", "value": story.now.value, "current": True}]


@bp.route(f"{ADDRESS}/check", methods=["GET", "POST"])
@guard(Permission.WRITE_REPORT, own="slug")
def check(period: str, project_id: int, slug: str) -> Response:
    """内容の確認: last time beside this time, and what deserves a second look."""
    story = _story(period, project_id, slug)
    place = story.now
    here: dict[str, Any] = {"period": period, "project_id": project_id, "slug": slug}
    form = forms.SubmitForm(version=story.now.version)
    if form.validate_on_submit() and form.attempt(
        lambda: report_actions.submit(place, form.version.data, by=actor(), at=clock.now())
    ):
        return redirect(url_for(".done", **here))
    if story.now.state in (ReportState.NONE, *REPORTED) and not form.errors:
        return redirect(url_for(".report", **here))
    # What is shown now is what is submitted next.
    form.version.data = story.now.version
    return page("projects/check.html", form=form, place=place, story=story)


@bp.get(f"{ADDRESS}/done")
@guard(Permission.WRITE_REPORT, own="slug")
def done(period: str, project_id: int, slug: str) -> Response:
    """提出完了: the receipt, and the next report that is left."""
    story = _story(period, project_id, slug)
    place = story.now
    if not story.now.is_reported:
        return redirect(url_for(".report", period=period, project_id=project_id, slug=slug))
    left = [one for one in queries.asked_of(place.period, place.town.id) if one.state in _WRITABLE]
    return page("projects/done.html", place=place, left=left)


@bp.post(f"{ADDRESS}/withdraw")
@guard(Permission.WRITE_REPORT, own="slug")
def withdraw(period: str, project_id: int, slug: str) -> Response:
    """取り戻して直す."""
    story = _story(period, project_id, slug)
    place = story.now
    form = forms.ActForm()
    if form.validate_on_submit() and form.attempt(
        lambda: report_actions.withdraw(place, by=actor(), at=clock.now())
    ):
        flash("報告を取り戻しました。直したら、もう一度提出してください。", "ok")
        return redirect(url_for(".report", period=period, project_id=project_id, slug=slug))
    return _read_page(story, forms.QuestionForm(), refused=form)


@bp.post(f"{ADDRESS}/confirm")
@guard(Permission.CHECK_REPORT)
def confirm(period: str, project_id: int, slug: str) -> Response:
    """確認済みにする."""
    story = _story(period, project_id, slug)
    place = story.now
    require(Permission.CHECK_REPORT, place.lead.slug)
    form = forms.ActForm()
    if form.validate_on_submit() and form.attempt(
        lambda: report_actions.confirm(place, by=actor(), at=clock.now())
    ):
        flash(f"{place.town.name}「{place.project}」を確認済みにしました。", "ok")
        return redirect(url_for(".inbox", period=period))
    return _read_page(story, forms.QuestionForm(), refused=form)


@bp.post(f"{ADDRESS}/return")
@guard(Permission.CHECK_REPORT)
def return_to(period: str, project_id: int, slug: str) -> Response:
    """質問して戻す."""
    story = _story(period, project_id, slug)
    place = story.now
    require(Permission.CHECK_REPORT, place.lead.slug)
    form = forms.QuestionForm()
    if form.validate_on_submit() and form.attempt(
        lambda: report_actions.return_report(place, form.question.data, by=actor(), at=clock.now())
    ):
        flash(f"{place.town.name}に質問を送り、報告を戻しました。", "ok")
        return redirect(url_for(".inbox", period=period))
    return _read_page(story, form)


def _read_page(story: Story, form: forms.QuestionForm, refused: Form | None = None) -> Response:
    """The report for its readers: what is not submitted is its municipality's alone."""
    place = story.now
    own = may(Permission.READ_TROUBLES, place.town.slug)
    readable = place.is_reported or (own and place.state is not ReportState.NONE)
    involved = may(Permission.READ_TROUBLES, *_involved(place))
    if refused is not None:
        form.form_errors.extend(refused.form_errors)
    return page(
        "projects/report.html",
        form=form,
        place=place,
        story=story,
        state=shown(place.state, place.due_on, clock.today()),
        readable=readable,
        involved=involved,
        versions=queries.versions(place.id) if readable else [],
        can_withdraw=place.state is ReportState.SUBMITTED
        and not place.is_closed
        and may(Permission.WRITE_REPORT, place.town.slug),
        can_check=place.is_reported and may(Permission.CHECK_REPORT, place.lead.slug),
    )
