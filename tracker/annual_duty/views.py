"""Pages of Article 5: the years, meetings from paper, and how the parties see a meeting."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from flask import Blueprint, abort, redirect, url_for
from werkzeug.wrappers import Response

from tracker.annual_duty import actions, forms, queries
from tracker.annual_duty.rules import LastDays
from tracker.annual_duty.standing import AgreementStanding, AgreementYear
from tracker.kernel.fiscal_year import FIRST, FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.blueprint import get_meeting
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import FIRST_YEAR, Standing
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.pages import complain, done, number_asked, page

bp = Blueprint("annual_duty", __name__)
YEARS_SHOWN = 10


class _OfAgreement(NamedTuple):
    """What Article 5 adds to the page of an agreement."""

    years: Sequence[AgreementYear]
    # The last days for this year's meeting, while nobody has begun to prepare it.
    last: LastDays | None
    may_manage: bool


def _article_5_years(agreement_id: int, since: date | None) -> _OfAgreement:
    """For the page of an agreement, which knows nothing of meetings."""
    today = clock.today()
    years = queries.years_of(agreement_id, since, today)
    is_open = bool(years) and years[0].standing is Standing.NONE
    last = queries.last_days_of(FiscalYear.containing(today)) if is_open else None
    return _OfAgreement(years, last, may(Permission.MANAGE_MEETING))


class _OfMeeting(NamedTuple):
    """What Article 5 adds to the page of a meeting."""

    agreements: Sequence[AgreementStanding]
    state: Standing
    last: LastDays | None
    may_view: bool


def _article_5(meeting: Meeting) -> _OfMeeting:
    """For the page of a meeting, which knows nothing of the agreements that ask for it."""
    may_view = may(Permission.VIEW_MEETING_AS_HELD, actor().municipality)
    if meeting.cancelled_at or not meeting.is_yearly:
        return _OfMeeting((), meeting.stage, None, may_view)
    [article] = queries.article_five([meeting.year], clock.today())
    return _OfMeeting(
        article.agreements,
        article.standing if article.agreements else meeting.stage,
        None if meeting.hours else queries.last_days_of(meeting.year),
        may_view,
    )


bp.record(
    lambda state: state.app.jinja_env.globals.update(
        article_5=_article_5, article_5_years=_article_5_years
    )
)


@bp.get("/meetings")
@guard(Permission.READ_AREA)
def index() -> Response:
    """会議の一覧: this fiscal year first, prepared or not, then those before, ten years a page."""
    today = clock.today()
    this_year = FiscalYear.containing(today)
    newest = this_year.next.year
    last = min(max(number_asked("to", newest), FIRST), newest)
    years = [FiscalYear(year) for year in range(max(last - YEARS_SHOWN, FIRST), last + 1)]
    by_year = {one.year: one for one in queries.article_five(years, today)}
    return page(
        "annual_duty/index.html",
        this_year=this_year,
        to_prepare=[
            year
            for year in (this_year, this_year.next)
            if last == newest and by_year[year].meeting is None
        ],
        last=queries.last_days_of(this_year),
        meetings=[(one, by_year[one.year]) for one in meetings.meetings(years[0], years[-1])],
        older=years[0].year - 1 if meetings.is_older(years[0]) else None,
        may_manage=may(Permission.MANAGE_MEETING),
    )


@bp.route("/meetings/past/<int:year>", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def take_over(year: int) -> Response:
    """以前の会議を記録する: one that was held before anything was kept here."""
    this = FiscalYear.containing(clock.today())
    if not FIRST_YEAR <= year <= this.year:
        abort(404)
    of = FiscalYear(year)
    if found := meetings.find_meeting(of):
        return redirect(found.path)
    seats = [Seat(town.id, 1, town, town.head_title) for town in areas.towns()]
    form = forms.taken_over_form(of, seats, areas.get_area().meeting_place)
    if form.carry_out(
        lambda act: actions.take_over(
            act, of, form.hours, form.place.data, form.source.data, form.entries(seats)
        )
    ):
        return done(
            url_for("meetings.show", number=form.result.id), _("以前の会議を記録しました。")
        )
    return page("annual_duty/past.html", form=form, year=of, seats=seats)


@bp.post("/meetings/<int:meeting_id>/agreements/<int:agreement_id>/view")
@guard(Permission.VIEW_MEETING_AS_HELD)
def view_as_held(meeting_id: int, agreement_id: int) -> Response:
    """How the own municipality regards a meeting that a deputy attended."""
    meeting = get_meeting(meeting_id)
    bound = queries.agreement_standings(meeting.year, clock.today())
    agreement = next((one for one in bound if one.agreement_id == agreement_id), None) or abort(404)
    require(Permission.VIEW_MEETING_AS_HELD, *(party.slug for party in agreement.parties))
    form = forms.ViewForm()
    if form.carry_out(
        lambda act: actions.view_as_held(
            act, meetings.row(meeting), agreement_id, form.is_held.data == "yes", form.seen.data
        )
    ):
        return done(meeting.path, _("記録しました。"))
    return complain(form, meeting.path)
