"""Set-up, sign-in and sign-out, and the page on which a password is set."""

from datetime import datetime, timedelta
from functools import partial
from hmac import compare_digest
from secrets import token_urlsafe
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, abort, current_app, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import update
from werkzeug.wrappers import Response

from tracker.accounts import queries as accounts
from tracker.accounts.models import LinkUse, Person, SignIn
from tracker.accounts.rules import HALF_FOR
from tracker.exposure import views as exposure
from tracker.kept_posts import actions as kept
from tracker.kernel.permissions import Actor, Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import complain, done, page, paginate
from tracker.sign_in.blueprint import bp
from tracker.sign_in.password import actions, forms, queries, rules
from tracker.sign_in.password.rules import Origin
from tracker.sign_in.queries import second_factor
from tracker.storage.database import write_at_once

_SEEN_EVERY = timedelta(minutes=5)
# What the session's cookie holds between the password and the code.
_HALF = "half"
# The cookie by which a browser is known, and how long browsers keep one at most.
_KNOWN, _KNOWN_FOR = "renkei_known", timedelta(days=400)


class SignedIn(UserMixin):
    """What Flask-Login keeps: the session's token and the actor behind it."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.id, self.actor = token, actor


def init_app(app: Flask) -> None:
    """Ties Flask-Login to the sessions in the database."""
    # Pages ask for the actor; a page of an error must not ask the database who is signed in.
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        at = clock.now()
        found = accounts.signed_in(token, at)
        if found is None:
            return None
        who, session_id, last_seen_at = found
        idle = timedelta(minutes=app.config["SESSION_IDLE_MINUTES"])
        if at - last_seen_at > min(_SEEN_EVERY, idle / 4):
            _mark_seen(session_id, at)
        return SignedIn(token, who)


def _mark_seen(session_id: int, at: datetime) -> None:
    """The one thing a GET may write, where it need not wait for it."""
    db.session.rollback()
    write_at_once(update(SignIn).where(SignIn.id == session_id).values(last_seen_at=at))


def load_actor() -> Actor | None:
    """Who is signed in, for the guard."""
    return current_user.actor if current_user.is_authenticated else None


def _past_session() -> SignIn | None:
    token = session.get("_user_id")
    return queries.past_session(token) if token else None


def last_person() -> int | None:
    """Whose session the cookie names, also when it has ended; not of a closed account."""
    past = _past_session()
    return past.person_id if past else None


def _why_ended() -> str | None:
    past = None if current_user.is_authenticated else _past_session()
    if past is None:
        return None
    longest, idle = (
        timedelta(minutes=current_app.config[name])
        for name in ("SESSION_MINUTES", "SESSION_IDLE_MINUTES")
    )
    return rules.why_ended(past.created_at, past.last_seen_at, clock.now(), longest, idle)


@bp.route("/login", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def sign_in() -> Response:
    """ログイン."""
    if areas.area() is None:
        return redirect(url_for(".setup"))
    form = forms.SignInForm()
    if form.validate_on_submit():
        email, at = form.email.data, clock.now()
        try:
            token = actions.sign_in(email, form.password.data, at=at, origin=origin_of(email))
            if token is None:
                return _ask_code(email)
            return completed(token, email, request.args.get("next"))
        except Refusal as refusal:
            form.refuse(refusal)
    said = [_why_ended(), _(rules.KEPT) if "kept" in request.args else None]
    return page("sign_in/sign_in.html", form=form, said="".join(one or "" for one in said))


def completed(token: str, email: str, target: str | None) -> Response:
    """Where every way of signing in ends: a new session's cookie, and the page that was asked for.

    `token` is that of the session just opened, `target` what `next=` asked for.
    """
    found = accounts.signed_in(token, clock.now())
    if found is None:
        abort(401)
    session.clear()
    login_user(SignedIn(token, found[0]))
    waiting = kept.waiting(found[0].person_id)
    place = waiting.url if waiting else own_page(target) or url_for("overview.home")
    return _remember(redirect(place), email)


def _ask_code(email: str) -> Response:
    """After the right password: the browser says whose it was, and nothing opens by that."""
    person = accounts.find_person(email) or abort(401)
    session[_HALF] = [person.id, _half_mark(person), int(clock.now().timestamp())]
    return redirect(url_for(".second_step", next=own_page(request.args.get("next"))))


def half_signed_in() -> Person | None:
    """Who typed the right password here a moment ago and has yet to type a code."""
    person_id, mark, at = session.get(_HALF, [0, "", 0])
    person = db.session.get(Person, person_id)
    age = clock.now().timestamp() - at
    if person is None or not person.is_active or not 0 <= age < HALF_FOR.total_seconds():
        return None
    is_same = compare_digest(mark, _half_mark(person)) and second_factor(person.id)
    return person if is_same else None


def _half_mark(person: Person) -> str:
    return rules.half_mark(current_app.config["SECRET_KEY"], person.id, person.password_hash)


def own_page(target: str | None) -> str | None:
    """An address as a page of this site that can be opened; None for whatever else was asked for.

    Browsers drop tabs and ends of lines, and read a backslash as a slash: neither is in any
    address of ours.
    """
    if not target or not target.startswith("/") or not target.isprintable() or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    adapter = current_app.create_url_adapter(request)
    is_ours = not parts.scheme and not parts.netloc and not parts.path.startswith("//")
    if not is_ours or adapter is None or not adapter.test(parts.path, method="GET"):
        return None
    return urlunsplit(("", "", parts.path, parts.query, ""))


# --- browsers in which somebody signed in before: strangers do not delay them -------------------


def origin_of(email: str) -> Origin:
    """Where a try at that address comes from."""
    browser, known = _known()
    return Origin(
        request.remote_addr or "",
        rules.browser_name(request.headers.get("User-Agent", "")),
        browser if _mark(email) in known else None,
    )


def _remember(response: Response, email: str) -> Response:
    browser, known = _known()
    mark = _mark(email)
    kept = [mark, *(one for one in known if one != mark)][: rules.MOST_KNOWN]
    response.set_cookie(
        exposure.cookie_name(current_app, _KNOWN),
        _signer().dumps([browser or token_urlsafe(12), kept]),
        max_age=_KNOWN_FOR,
        secure=exposure.is_https_only(current_app),
        httponly=True,
        samesite="Lax",
    )
    return response


def _known() -> tuple[str, list[str]]:
    given = request.cookies.get(exposure.cookie_name(current_app, _KNOWN), "")
    try:
        browser, known = _signer().loads(given, max_age=int(_KNOWN_FOR.total_seconds()))
    except BadData:
        return "", []
    return browser, known


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known browser")


def _mark(email: str) -> str:
    return rules.address_mark(current_app.config["SECRET_KEY"], email)


@bp.route("/account/password", methods=["GET", "POST"])
@guard(Permission.OWN_ACCOUNT)
def change_password() -> Response:
    """パスワードの変更: one's own."""
    person, token = db.session.get_one(Person, actor().person_id), current_user.id
    email, origin = person.email, origin_of(person.email)
    form = forms.ChangePassword(person, lambda typed: actions.check_current(email, typed, origin))
    if form.carry_out(lambda act: actions.change_password(act, person, form.hashed, token)):
        said = _("パスワードを替えました。ほかの端末では、もう一度ログインが必要です。")
        return done(url_for("accounts.settings"), said)
    return page("sign_in/change_password.html", form=form)


@bp.get("/account/sign-ins")
@guard(Permission.OWN_ACCOUNT)
def sign_ins() -> Response:
    """ログインの記録: where one is signed in, and what was tried with one's address."""
    who = actor().person_id
    return page(
        "sign_in/sign_ins.html",
        places=queries.places(who, current_user.id, clock.now()),
        lines=paginate(partial(queries.sign_in_record, person_id=who)),
    )


@bp.post("/account/sign-ins")
@guard(Permission.OWN_ACCOUNT)
def end_place() -> Response:
    """終了する: one of one's own sessions."""
    form, person = forms.PlaceForm(), db.session.get_one(Person, actor().person_id)
    if form.carry_out(lambda act: actions.end_place(act, person, form.place.data)):
        return done(url_for(".sign_ins"), _("ログインを終了しました。"))
    return complain(form, url_for(".sign_ins"))


@bp.get("/admin/sign-ins")
@guard(Permission.MANAGE_PEOPLE)
def all_sign_ins() -> Response:
    """ログインの記録 of everybody."""
    return page("sign_in/all_sign_ins.html", lines=paginate(queries.sign_in_record))


@bp.post("/logout")
@guard(Permission.OWN_ACCOUNT)
def sign_out() -> Response:
    """ログアウト: the session ends here and on the server."""
    if ButtonForm().validate_on_submit():
        actions.sign_out(current_user.id, at=clock.now())
        logout_user()
        g.actor = None
        flash(_("ログアウトしました。"), "ok")
    return redirect(url_for(".sign_in"))


@bp.post("/account/kept")
@guard(Permission.OWN_ACCOUNT)
def throw_away() -> Response:
    """この内容を捨てる: what was kept of a form that came without a session."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return complain(form, url_for("overview.home"))
    if kept.throw_away(actor().person_id, request.form.get("kept", "")):
        flash(_("保管していた内容を捨てました。"), "ok")
    else:
        flash(_(rules.GONE), "info")
    return redirect(url_for("overview.home"))


@bp.post("/admin/users/<int:person_id>/delays")
@guard(Permission.MANAGE_PEOPLE)
def lift_delays(person_id: int) -> Response:
    """待ち時間をなくす: everybody may try again who guessed at that account."""
    person = db.session.get(Person, person_id) or abort(404)
    form = ButtonForm()
    if form.carry_out(lambda act: actions.lift_delays(act, person)):
        return done(
            url_for("accounts.people"),
            _("%(email)s の待ち時間をなくしました。", email=person.email),
        )
    return complain(form, url_for("accounts.people"))


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
            form.hashed,
            office_phone=form.phone.data or "",
        )
    ):
        said = _("登録しました。管理者のメールアドレスでログインしてください。")
        return done(url_for(".sign_in"), said)
    return page("sign_in/setup.html", form=form)


@bp.route("/login/forgotten", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def forgotten() -> Response:
    """パスワードを忘れたとき: the same answer for every address."""
    form = forms.ForgottenForm()
    if form.validate_on_submit():
        email = form.email.data
        try:
            actions.ask_reset(email, at=clock.now(), origin=origin_of(email))
            flash(_(rules.RESET_ASKED), "ok")
            return redirect(url_for(".sign_in"))
        except Refusal as refusal:
            form.refuse(refusal)
    return page("sign_in/forgotten.html", form=form)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC, link="token")
def set_password(token: str) -> Response:
    """パスワードの設定, by the link in the letter."""
    return _set_password(LinkUse.INVITATION, token)


@bp.route("/resets/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC, link="token")
def reset_password(token: str) -> Response:
    """パスワードの再設定, by the link in the letter."""
    return _set_password(LinkUse.RESET, token)


@bp.route("/login/code", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def set_by_code() -> Response:
    """メールのコードで設定: where the link of an invitation or a reset cannot be opened."""
    form = forms.CodePassword(lambda email, code: actions.check_code(email, code, origin_of(email)))
    if form.carry_out(lambda act: actions.set_password(act, *form.link, form.hashed)):
        return done(url_for(".sign_in"), _("パスワードを設定しました。ログインしてください。"))
    return page("sign_in/set_by_code.html", form=form)


def _set_password(use: LinkUse, token: str) -> Response:
    _invitation, person = queries.find_invitation(use, token, clock.now()) or abort(410)
    email, form = person.email, forms.NewPassword()
    if form.carry_out(lambda act: actions.set_password(act, use, token, form.hashed)):
        return done(url_for(".sign_in"), _("パスワードを設定しました。ログインしてください。"))
    return page("sign_in/set_password.html", form=form, email=email)
