"""Pages on which closed days are entered."""

from collections.abc import Iterable
from typing import TypeVar

from flask import Blueprint, abort, url_for
from jinja2 import Environment, pass_environment
from jinja2.filters import make_attrgetter
from werkzeug.wrappers import Response

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import actions, forms, queries
from tracker.municipalities.models import CalendarEntry, EntryKind
from tracker.municipalities.rules import MANY
from tracker.plumbing import clock
from tracker.plumbing.access import guard, may, require
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm, choices
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
    """閉庁日・議会日程 of this fiscal year and the next."""
    year = FiscalYear.containing(clock.today())
    return page(
        "municipalities/calendar.html",
        year=year,
        entries=queries.calendar(year.begins, year.next.ends),
        may_edit=may(Permission.EDIT_CALENDAR),
    )


@bp.route("/admin/holidays/new", methods=["GET", "POST"])
@guard(Permission.EDIT_CALENDAR)
def new_entry() -> Response:
    """Enters closed days or an assembly session."""
    form = forms.EntryForm()
    form.municipality.choices = choices(
        (town.slug, town.name)
        for town in queries.towns()
        if may(Permission.EDIT_CALENDAR, town.slug)
    )
    if form.carry_out(
        lambda act: actions.add_calendar_entry(
            act,
            form.municipality.data,
            EntryKind(form.kind.data),
            form.name.data,
            form.begins_on.data,
            form.ends_on.data,
        )
    ):
        return done(url_for(".calendar"), _("「%(name)s」を登録しました。", name=form.result.name))
    return page("municipalities/new_entry.html", form=form)


@bp.post("/admin/holidays/<int:entry_id>/remove")
@guard(Permission.EDIT_CALENDAR)
def remove_entry(entry_id: int) -> Response:
    """Takes an entry out."""
    entry = db.session.get(CalendarEntry, entry_id) or abort(404)
    require(Permission.EDIT_CALENDAR, queries.by_id()[entry.municipality_id].slug)
    form = ButtonForm()
    if form.carry_out(lambda act: actions.remove_calendar_entry(act, entry)):
        return done(url_for(".calendar"), _("取り消しました。"))
    return complain(form, url_for(".calendar"))
