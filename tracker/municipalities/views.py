"""Pages on which closed days are entered."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import Blueprint, abort, url_for
from jinja2 import Environment, pass_environment
from jinja2.filters import make_attrgetter
from werkzeug.wrappers import Response

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import actions, forms, queries
from tracker.municipalities.models import CalendarEntry, HeadAbsence
from tracker.municipalities.rules import MANY, Busy, Town
from tracker.office_days.office_days import FURTHEST
from tracker.plumbing import clock
from tracker.plumbing.access import guard, may, require
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import complain, done, page

R = TypeVar("R")
bp = Blueprint("municipalities", __name__)
# Whatever shows municipalities asks how many make a table narrow.
bp.record_once(lambda state: state.app.jinja_env.globals.update(MANY=MANY))


@bp.app_template_filter()
@pass_environment
def own_first(environment: Environment, rows: Iterable[R], path: str, own: str) -> list[R]:
    """Rows of many municipalities with the reader's own first: where the `path` in it says `own`."""
    found, of = list(rows), make_attrgetter(environment, path)
    return sorted(found, key=lambda row: of(row) != own) if len(found) >= MANY else found


@bp.get("/admin/holidays")
@guard(Permission.READ_AREA)
def calendar() -> Response:
    """閉庁日・議会日程 of this fiscal year and the next, with the absences the reader may know.

    What was once entered for a later year stands there too, so that it can be taken out.
    """
    year = FiscalYear.containing(clock.today())
    return page(
        "municipalities/calendar.html",
        year=year,
        entries=[one for one in queries.calendar(year.begins, FURTHEST) if _is_shown(one)],
        may_edit=may(Permission.EDIT_CALENDAR),
        editable={town.slug for town in _own_towns()},
    )


def _is_shown(one: Busy) -> bool:
    """When a head is away is that municipality's and the office's business."""
    return not one.is_absence or may(Permission.READ_POLL, one.town.slug)


def _own_towns() -> list[Town]:
    return [town for town in queries.towns() if may(Permission.EDIT_CALENDAR, town.slug)]


@bp.route("/admin/holidays/new", methods=["GET", "POST"])
@guard(Permission.EDIT_CALENDAR)
def new_entry() -> Response:
    """Enters closed days, an assembly session or absences, once for several municipalities."""
    form = forms.entry_form(FiscalYear.containing(clock.today()), _own_towns())
    if form.carry_out(
        lambda act: actions.enter_days(
            act,
            form.municipalities.data,
            form.entry_kind,
            form.name.data,
            form.begins_on.data,
            form.ends_on.data,
        )
    ):
        return done(url_for(".calendar"), _("「%(name)s」を登録しました。", name=form.name.data))
    return page("municipalities/new_entry.html", form=form)


@bp.post("/admin/holidays/<int:entry_id>/remove")
@guard(Permission.EDIT_CALENDAR)
def remove_entry(entry_id: int) -> Response:
    """Takes an entry out."""
    entry = db.session.get(CalendarEntry, entry_id) or abort(404)
    return _remove(entry, lambda act: actions.remove_calendar_entry(act, entry))


@bp.post("/admin/holidays/absences/<int:absence_id>/remove")
@guard(Permission.EDIT_CALENDAR)
def remove_absence(absence_id: int) -> Response:
    """Takes an absence of a head out."""
    absence = db.session.get(HeadAbsence, absence_id) or abort(404)
    return _remove(absence, lambda act: actions.remove_absence(act, absence))


def _remove(row: CalendarEntry | HeadAbsence, removing: Callable[[Act], None]) -> Response:
    require(Permission.EDIT_CALENDAR, queries.by_id()[row.municipality_id].slug)
    form = ButtonForm()
    if form.carry_out(removing):
        return done(url_for(".calendar"), _("取り消しました。"))
    return complain(form, url_for(".calendar"))


@bp.route("/meetings/rules", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def times() -> Response:
    """会議の準備の決まり: how long before notice and poll go out, and which days are avoided."""
    area = queries.get_area()
    stored = {name: getattr(area, name) for name in forms.TIMES}
    form = forms.TimesForm(data={**stored, "seen": area.seen})
    if form.carry_out(
        lambda act: actions.set_times(
            act,
            form.notice_days.data,
            form.poll_office_days.data,
            form.avoided_days.data or "",
            form.seen.data,
        )
    ):
        return done(url_for("annual_duty.index"), _("会議の準備の決まりを保存しました。"))
    return page("municipalities/times.html", form=form)
