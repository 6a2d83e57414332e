"""Sign-in, set-up, and the page on which posts and accounts are managed."""

from datetime import datetime, timedelta

from flask import Flask, abort, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import update
from werkzeug.wrappers import Response

from tracker.accounts import actions, forms, handover_views, queries, settings_views
from tracker.accounts.blueprint import bp
from tracker.accounts.models import Person, Post, PostKind, SignIn
from tracker.kernel.permissions import Actor, Permission
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db, set_reading
from tracker.plumbing.forms import choices
from tracker.plumbing.pages import number_asked, page

_SEEN_EVERY = timedelta(minutes=5)
PER_PAGE = 50


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
    if form.validate_on_submit() and form.attempt(
        lambda: actions.sign_in(form.email.data, form.password.data, at=clock.now())
    ):
        return _enter(form.result)
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
    if forms.SignOutForm().validate_on_submit():
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
    if form.validate_on_submit() and form.attempt(
        lambda: actions.set_up(
            form.area.data,
            form.read_towns(),
            form.hub.data.strip(),
            form.email.data,
            form.password.data,
            at=clock.now(),
            office_phone=form.phone.data or "",
        )
    ):
        flash("登録しました。管理者のメールアドレスでログインしてください。", "ok")
        return redirect(url_for(".sign_in"))
    return page("accounts/setup.html", form=form)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def set_password(token: str) -> Response:
    """パスワードの設定, by the link in the letter."""
    if queries.find_invitation(token, clock.now()) is None:
        abort(410)
    form = forms.PasswordForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.set_password(token, form.password.data, at=clock.now())
    ):
        flash("パスワードを設定しました。ログインしてください。", "ok")
        return redirect(url_for(".sign_in"))
    return page("accounts/set_password.html", form=form)


@bp.get("/admin/users")
@guard(Permission.MANAGE_PEOPLE)
def people() -> Response:
    """利用者と役職: every post, who holds it, and what is missing."""
    return page("accounts/people.html", rows=queries.posts())


@bp.route("/admin/posts/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def new_post() -> Response:
    """Enters a post."""
    form = forms.PostForm()
    form.municipality.choices = choices((town.slug, town.name) for town in areas.towns())
    form.offer_chiefs(queries.post_names())
    if form.validate_on_submit() and form.attempt(
        lambda: actions.create_post(
            form.municipality.data,
            PostKind(form.kind.data),
            form.name.data.strip(),
            form.email.data or None,
            form.phone.data or None,
            form.chief_id,
            by=actor(),
            at=clock.now(),
        )
    ):
        flash(f"「{form.result.name}」を登録しました。", "ok")
        return redirect(url_for(".people"))
    return page("accounts/post.html", form=form, post=None)


@bp.route("/admin/posts/<int:post_id>", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def edit_post(post_id: int) -> Response:
    """Mends a post's name, mailbox, telephone and chief."""
    post = db.session.get(Post, post_id) or abort(404)
    form = forms.EditPostForm(obj=post, chief=post.chief_id or "")
    form.offer_chiefs(
        (id_, name) for id_, name in queries.post_names(post.municipality_id) if id_ != post.id
    )
    if form.validate_on_submit() and form.attempt(
        lambda: actions.change_post(
            post,
            form.name.data.strip(),
            form.email.data or None,
            form.phone.data or None,
            form.chief_id,
            by=actor(),
            at=clock.now(),
        )
    ):
        flash("保存しました。", "ok")
        return redirect(url_for(".people"))
    return page("accounts/post.html", form=form, post=post)


@bp.route("/admin/posts/<int:post_id>/accounts/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def new_account(post_id: int) -> Response:
    """Opens an account for a post and sends its holder the link."""
    post = db.session.get(Post, post_id) or abort(404)
    form = forms.AccountForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.create_account(
            post, form.name.data.strip(), form.email.data, by=actor(), at=clock.now()
        )
    ):
        flash(f"{form.result.email} にパスワード設定の案内を送ります。", "ok")
        return redirect(url_for(".people"))
    return page("accounts/account.html", form=form, post=post)


@bp.post("/admin/users/<int:person_id>/active")
@guard(Permission.MANAGE_PEOPLE)
def set_active(person_id: int) -> Response:
    """Closes an account or opens it again."""
    person = db.session.get(Person, person_id) or abort(404)
    form = forms.ActiveForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.set_active(person, form.is_active.data, by=actor(), at=clock.now())
    ):
        flash("保存しました。", "ok")
    for message in form.form_errors:
        flash(message, "ng")
    return redirect(url_for(".people"))


@bp.post("/admin/users/<int:person_id>/invite")
@guard(Permission.MANAGE_PEOPLE)
def invite(person_id: int) -> Response:
    """Sends a new link; the old password stops working."""
    person = db.session.get(Person, person_id) or abort(404)
    if forms.ActiveForm().validate_on_submit():
        actions.invite(person, by=actor(), at=clock.now())
        flash(f"{person.email} にパスワード設定の案内を送ります。", "ok")
    return redirect(url_for(".people"))


@bp.get("/audit")
@guard(Permission.READ_HISTORY)
def audit() -> Response:
    """監査記録: who did what when, newest first."""
    number = max(1, number_asked("page", 1))
    rows, total = history.entries(number, PER_PAGE)
    return page(
        "accounts/audit.html", rows=rows, total=total, number=number, pages=-(-total // PER_PAGE)
    )


__all__ = ["bp", "handover_views", "init_app", "load_actor", "settings_views"]
