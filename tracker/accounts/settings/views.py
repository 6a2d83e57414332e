"""自分の設定: one's own calendar address, and how one's letters come."""

from flask import flash, redirect, session, url_for
from werkzeug.wrappers import Response

from tracker.accounts.blueprint import bp
from tracker.accounts.models import CalendarKey, Person
from tracker.accounts.settings import actions
from tracker.accounts.settings.forms import EACH, WEEKLY, CalendarForm, DigestForm
from tracker.kernel.permissions import Permission
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db
from tracker.plumbing.pages import page

# Where the secret waits, in its owner's cookie, between the button and the one page that shows it.
NEW = "new_calendar"


@bp.route("/account", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def settings() -> Response:
    """自分の設定 (ux/spec.md 2.1)."""
    who = actor()
    person = db.session.get_one(Person, who.person_id)
    form = DigestForm(data={"digest": WEEKLY if person.weekly_digest else EACH})
    if form.validate_on_submit() and form.attempt(
        lambda: actions.choose_digest(form.digest.data == WEEKLY, by=who, at=clock.now())
    ):
        flash("保存しました。", "ok")
        return redirect(url_for(".settings"))
    token = session.pop(NEW, None)
    key = db.session.get(CalendarKey, who.person_id)
    return page(
        "accounts/settings.html",
        form=form,
        person=person,
        role=who.role.label,
        made_on=clock.day(key.created_at) if key else None,
        address=token and areas.base_url(who.municipality) + f"/calendar/{token}.ics",
    )


@bp.post("/account/calendar")
@guard(Permission.OWN_ACCOUNT)
def make_calendar() -> Response:
    """予定表のアドレスを作る, or 作り直す."""
    form = CalendarForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.make_calendar_key(by=actor(), at=clock.now())
    ):
        session[NEW] = form.result
    return redirect(url_for(".settings", _anchor="calendar"))


@bp.post("/account/calendar/revoke")
@guard(Permission.OWN_ACCOUNT)
def revoke_calendar() -> Response:
    """使うのをやめる."""
    form = CalendarForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.revoke_calendar_key(by=actor(), at=clock.now())
    ):
        session.pop(NEW, None)
        flash("予定表のアドレスを使えなくしました。", "ok")
    return redirect(url_for(".settings"))
