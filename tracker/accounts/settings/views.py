"""自分の設定: one's own calendar address, and how one's letters come."""

from flask import session, url_for
from werkzeug.wrappers import Response

from tracker.accounts.blueprint import bp
from tracker.accounts.models import CalendarKey, Person
from tracker.accounts.settings import actions
from tracker.accounts.settings.forms import EACH, WEEKLY, DigestForm
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import complain, done, page

# Where the secret waits, in its owner's cookie, between the button and the one page that shows it.
NEW = "new_calendar"


@bp.route("/account", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def settings() -> Response:
    """自分の設定 (ux/spec.md 2.1)."""
    who = actor()
    person = db.session.get_one(Person, who.person_id)
    stored = WEEKLY if person.weekly_digest else EACH
    form = DigestForm(data={"digest": stored, "seen": person.seen})
    if form.carry_out(
        lambda act: actions.choose_digest(act, person, form.digest.data == WEEKLY, form.seen.data)
    ):
        return done(url_for(".settings"), _("保存しました。"))
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


@bp.post("/account/welcome")
@guard(Permission.OWN_ACCOUNT)
def put_away_welcome() -> Response:
    """片づける: the words for those who begin leave home."""
    form, person = ButtonForm(), db.session.get_one(Person, actor().person_id)
    if form.carry_out(lambda act: actions.put_away_welcome(act, person)):
        return done(url_for("overview.home"), _("案内を片づけました。"))
    return complain(form, url_for("overview.home"))


@bp.post("/account/calendar")
@guard(Permission.OWN_ACCOUNT)
def make_calendar() -> Response:
    """予定表のアドレスを作る, or 作り直す."""
    form, person = ButtonForm(), db.session.get_one(Person, actor().person_id)
    if form.carry_out(lambda act: actions.make_calendar_key(act, person)):
        session[NEW] = form.result
        return done(url_for(".settings", _anchor="calendar"))
    return complain(form, url_for(".settings"))


@bp.post("/account/calendar/revoke")
@guard(Permission.OWN_ACCOUNT)
def revoke_calendar() -> Response:
    """使うのをやめる."""
    form, person = ButtonForm(), db.session.get_one(Person, actor().person_id)
    if form.carry_out(lambda act: actions.revoke_calendar_key(act, person)):
        session.pop(NEW, None)
        return done(url_for(".settings"), _("予定表のアドレスを使えなくしました。"))
    return complain(form, url_for(".settings"))
