"""送る日: when each kind of duty is mentioned, and to whom."""

from datetime import time

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.plumbing.access import guard, may
from tracker.plumbing.pages import done, page
from tracker.reminders import queries
from tracker.reminders.blueprint import bp
from tracker.reminders.schedule import actions, forms


@bp.get("/notices/rules")
@guard(Permission.READ_AREA)
def schedules() -> Response:
    """送る日: every kind with its days, its hour, on or off."""
    return page(
        "reminders/schedules.html",
        schedules=queries.schedules(),
        may_edit=may(Permission.MANAGE_LETTERS),
    )


@bp.route("/notices/rules/<kind>", methods=["GET", "POST"])
@guard(Permission.MANAGE_LETTERS)
def schedule(kind: str) -> Response:
    """Changes the days of one kind."""
    of = next((one for one in Kind if one == kind), None) or abort(404)
    found, seen = queries.schedule(of)
    form = forms.schedule_form(found, seen)
    if form.carry_out(
        lambda act: actions.set_schedule(
            act,
            of,
            form.read_steps(),
            time(int(form.hour.data)),
            form.is_on.data,
            form.seen.data,
        )
    ):
        return done(
            url_for(".schedules"),
            _("「%(kinds)s」を送る日を直しました。", kinds=_(of.rule.label)),
        )
    return page("reminders/schedule.html", form=form, label=_(of.rule.label))
