"""Set-up, sign-in and sign-out, and the page on which a password is set."""

from datetime import datetime, timedelta

from flask import Flask, abort, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import update
from werkzeug.wrappers import Response

from tracker.accounts import queries
from tracker.accounts.blueprint import bp
from tracker.accounts.models import SignIn
from tracker.accounts.sign_in import actions, forms
from tracker.kernel.permissions import Actor, Permission
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import guard
from tracker.plumbing.db import db, set_reading
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import done, page

_SEEN_EVERY = timedelta(minutes=5)


class SignedIn(UserMixin):
    """What Flask-Login keeps: the session's token and the actor behind it."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.id, self.actor = token, actor


def init_app(app: Flask) -> None:
    """Ties Flask-Login to the sessions in the database."""
    manager = LoginManager(app)
    manager.session_protection = None

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        at = clock.now()
        found = queries.signed_in(token, at)
        if found is None:
            return None
        who, session_id, last_seen_at = found
        if at - last_seen_at > _SEEN_EVERY:
            _mark_seen(session_id, at)
        return SignedIn(token, who)


def _mark_seen(session_id: int, at: datetime) -> None:
    """The one thing a GET may write; on a connection of its own."""
    db.session.rollback()
    set_reading(False)
    with db.engine.begin() as connection:
        connection.execute(update(SignIn).where(SignIn.id == session_id).values(last_seen_at=at))
    set_reading(request.method in {"GET", "HEAD", "OPTIONS"})


def load_actor() -> Actor | None:
    """Who is signed in, for the guard."""
    return current_user.actor if current_user.is_authenticated else None


@bp.route("/login", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def sign_in() -> Response:
    """ログイン."""
    if areas.area() is None:
        return redirect(url_for(".setup"))
    form = forms.SignInForm()
    if form.validate_on_submit():
        try:
            return _enter(actions.sign_in(form.email.data, form.password.data, at=clock.now()))
        except Refusal as refusal:
            form.refuse(refusal)
    return page("accounts/sign_in.html", form=form)


def _enter(token: str) -> Response:
    found = queries.signed_in(token, clock.now())
    if found is None:
        abort(401)
    session.clear()
    login_user(SignedIn(token, found[0]))
    return redirect(_own_page(request.args.get("next")))


def _own_page(target: str | None) -> str:
    """The page asked for before signing in; never an address elsewhere."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        return target
    return url_for("overview.home")


@bp.post("/logout")
@guard(Permission.OWN_ACCOUNT)
def sign_out() -> Response:
    """ログアウト: the session ends here and on the server."""
    if ButtonForm().validate_on_submit():
        actions.sign_out(current_user.id, at=clock.now())
        logout_user()
        g.actor = None
        flash("ログアウトしました。", "ok")
    return redirect(url_for(".sign_in"))


@bp.route("/setup", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def setup() -> Response:
    """はじめの設定: only while the database is empty."""
    if areas.area() is not None:
        abort(404)
    form = forms.SetupForm()
    if form.carry_out(
        lambda act: actions.set_up(
            act,
            form.area.data,
            form.read_towns(),
            form.hub.data.strip(),
            form.email.data,
            form.password.data,
            office_phone=form.phone.data or "",
        )
    ):
        said = "登録しました。管理者のメールアドレスでログインしてください。"
        return done(url_for(".sign_in"), said)
    return page("accounts/setup.html", form=form)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC, link="token")
def set_password(token: str) -> Response:
    """パスワードの設定, by the link in the letter."""
    if queries.find_invitation(token, clock.now()) is None:
        abort(410)
    form = forms.PasswordForm()
    if form.carry_out(lambda act: actions.set_password(act, token, form.password.data)):
        return done(url_for(".sign_in"), "パスワードを設定しました。ログインしてください。")
    return page("accounts/set_password.html", form=form)
