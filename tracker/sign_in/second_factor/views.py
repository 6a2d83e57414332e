"""The page that asks for the code, and 2段階認証 in one's own settings."""

from typing import NamedTuple

import segno
from flask import abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from tracker.accounts.models import Person
from tracker.kept_posts import actions as kept
from tracker.kernel.permissions import Actor, Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import links
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, once
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db
from tracker.plumbing.forms import SeenButtonForm
from tracker.plumbing.pages import complain, done, page
from tracker.sign_in import queries
from tracker.sign_in.blueprint import bp
from tracker.sign_in.password.actions import check_current
from tracker.sign_in.password.views import completed, half_signed_in, origin_of
from tracker.sign_in.second_factor import actions, forms, rules

# Between the button and the one page that shows them, in their owner's cookie: of the key only the
# nonce, which is worth nothing without the installation's secret key.
NEW_KEY, SHOWN_KEY, NEW_CODES = "new_second_factor", "shown_second_factor", "new_recovery_codes"
# What is open to whoever must set one up first.
_SET_UP = "sign_in.second_factor"
_OPEN = {
    _SET_UP,
    "sign_in.new_second_factor",
    "sign_in.recovery_codes",
    "sign_in.sign_out",
    "static",
}


@bp.before_app_request
def ask_for_second_factor() -> Response | None:
    """Where the setting requires one, nothing else opens before it is set up."""
    view = current_app.view_functions.get(request.endpoint or "")
    is_public = getattr(view, "permission", None) is Permission.PUBLIC
    if is_public or request.endpoint in (None, *_OPEN) or not _is_required():
        return None
    if queries.second_factor(g.actor.person_id):
        return None
    if request.method == "POST" and once.made_for() == (g.actor.person_id, True):
        # The setting came while the form was open.
        kept.keep(g.actor.person_id)
    return redirect(url_for(_SET_UP))


def _is_required() -> bool:
    who: Actor | None = g.get("actor")
    return (
        bool(current_app.config["REQUIRE_TOTP"]) and who is not None and who.role in rules.REQUIRED
    )


@bp.route("/login/second", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def second_step() -> Response:
    """認証コードの入力: after the password, before anything opens."""
    person = half_signed_in()
    if person is None:
        return page("sign_in/second_step.html", form=None)
    form = forms.SecondCode()
    if form.validate_on_submit():
        try:
            origin, at = origin_of(person.email), clock.now()
            token = actions.enter(person, form.code.data, at=at, origin=origin)
            return completed(token, person.email, request.args.get("next"))
        except Refusal as refusal:
            form.refuse(refusal)
    return page("sign_in/second_step.html", form=form)


def _me() -> Person:
    return db.session.get_one(Person, actor().person_id)


def _check(person: Person, *typed: str) -> None:
    """The password, and where there is one the code; each counted and delayed by itself."""
    origin, (current, *code) = origin_of(person.email), typed
    check_current(person.email, current, origin)
    for one in code:
        actions.check(person, one, origin)


@bp.route("/account/second-factor", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def second_factor() -> Response:
    """2段階認証: on or off, and the first step to turn it on."""
    person = _me()
    found = queries.second_factor(person.id)
    form = forms.StartSecondFactor(lambda current: _check(person, current))
    if found is None and form.validate_on_submit():
        session[NEW_KEY] = links.new_nonce()
        session.pop(SHOWN_KEY, None)
        return redirect(url_for(".new_second_factor"))
    return page(
        "sign_in/second_factor.html",
        form=form,
        found=found,
        left=queries.recovery_codes_left(person.id),
        is_required=_is_required(),
    )


class NewKey(NamedTuple):
    """The key of an app, to be scanned, typed, or opened where the app is on the same telephone."""

    qr: str
    text: str
    address: str


def _new_key(person: Person, nonce: str) -> NewKey:
    key, area = actions.key_of(person.id, nonce), areas.area()
    address = rules.address(key, person.email, area.name if area else "")
    return NewKey(segno.make_qr(address).svg_data_uri(border=4), rules.shown_key(key), address)


@bp.route("/account/second-factor/new", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def new_second_factor() -> Response:
    """2段階認証の設定: the key, shown once, and the first code that it makes."""
    person, nonce = _me(), session.get(NEW_KEY)
    if nonce is None or queries.second_factor(person.id):
        return redirect(url_for(".second_factor"))
    form = forms.SecondCode()
    if form.carry_out(lambda act: actions.turn_on(act, person, nonce, form.code.data)):
        session.pop(NEW_KEY)
        session[NEW_CODES] = form.result
        return done(url_for(".recovery_codes"), _("2段階認証を設定しました。"))
    is_first = request.method == "GET" and session.get(SHOWN_KEY) != nonce
    if is_first:
        session[SHOWN_KEY] = nonce
    key = _new_key(person, nonce) if is_first else None
    return page("sign_in/new_second_factor.html", form=form, key=key)


@bp.route("/account/second-factor/codes", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def recovery_codes() -> Response:
    """予備コード: shown once when they are made; made anew with password and code."""
    person = _me()
    if not queries.second_factor(person.id):
        return redirect(url_for(".second_factor"))
    form = forms.ChangeSecondFactor(lambda *typed: _check(person, *typed))
    if form.carry_out(lambda act: actions.renew_codes(act, person)):
        session[NEW_CODES] = form.result
        return done(url_for(".recovery_codes"))
    made = session.pop(NEW_CODES, None) if request.method == "GET" else None
    left = queries.recovery_codes_left(person.id)
    return page("sign_in/recovery_codes.html", form=form, made=made, left=left)


@bp.route("/account/second-factor/off", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def turn_second_factor_off() -> Response:
    """2段階認証の解除: with password and code."""
    person = _me()
    if not queries.second_factor(person.id):
        return redirect(url_for(".second_factor"))
    form = forms.ChangeSecondFactor(lambda *typed: _check(person, *typed))
    if form.carry_out(lambda act: actions.turn_off(act, person)):
        return done(url_for(".second_factor"), _("2段階認証を解除しました。"))
    return page("sign_in/second_factor_off.html", form=form)


@bp.post("/admin/users/<int:person_id>/second-factor")
@guard(Permission.MANAGE_PEOPLE)
def take_second_factor_off(person_id: int) -> Response:
    """2段階認証を解除: of somebody who lost app and recovery codes."""
    person = db.session.get(Person, person_id) or abort(404)
    form = SeenButtonForm(data={"seen": person.seen})
    if form.carry_out(lambda act: actions.take_off(act, person, form.seen.data)):
        said = _("%(email)s の2段階認証を解除し、本人へメールで知らせます。", email=person.email)
        return done(url_for("accounts.people"), said)
    return complain(form, url_for("accounts.people"))
