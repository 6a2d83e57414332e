"""The guard at the door of every page: a route without a permission lets nobody in."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from tracker.kernel.permissions import Actor, Permission, allowed, is_held_back, who_may
from tracker.kernel.translation import N_, _
from tracker.plumbing import clock, db
from tracker.plumbing.changes import Act

View = TypeVar("View", bound=Callable[..., Any])
HELD_BACK = N_(
    "この利用者かこの役職の宛先は、ほかの市町村が登録しました。同じ市町村のどなたかが"
    "「引継ぎ」の画面で「確認しました」を押すまで、確認や担当者の登録はできません。"
)
_READING = {"GET", "HEAD", "OPTIONS"}


def guard(
    permission: Permission, *, own: str | None = None, link: str | None = None
) -> Callable[[View], View]:
    """Marks a view with its permission.

    `own` names the part of the address that carries a municipality's slug; where it does,
    the guard itself asks whether the actor may act for that municipality.  `link` names the part
    that is a secret, on pages whose sign-in is their link.
    """

    def mark(view: View) -> View:
        view.permission, view.own, view.link = permission, own, link  # type: ignore[attr-defined]
        return view

    return mark


def link_token() -> str | None:
    """The secret in the address of a page whose sign-in is its link."""
    view = current_app.view_functions.get(request.endpoint or "")
    part = getattr(view, "link", None)
    return str((request.view_args or {})[part]) if part else None


def actor() -> Actor:
    """Who is signed in; only for views that are not public."""
    found: Actor | None = g.get("actor")
    if found is None:
        abort(401)
    return found


def act() -> Act:
    """The act of the person signed in, at this instant; on a public page nobody's."""
    return Act(g.get("actor"), clock.now())


def may(permission: Permission, *involved: str) -> bool:
    """Whether the person signed in may, where `involved` are municipalities' slugs."""
    return allowed(g.get("actor"), permission, involved or None)


def opens(endpoint: str) -> bool:
    """Whether there is such a page, and the person signed in may open it at all."""
    view = current_app.view_functions.get(endpoint)
    permission: Permission | None = getattr(view, "permission", None)
    return permission is not None and allowed(g.get("actor"), permission)


def require(permission: Permission, *involved: str) -> None:
    """Stops with the 403 page unless the person signed in may act for one involved."""
    if not allowed(g.get("actor"), permission, involved):
        forbid(permission)


def forbid(permission: Permission) -> NoReturn:
    """The 403 page, which says who may."""
    if is_held_back(g.get("actor"), permission):
        abort(403, _(HELD_BACK))
    abort(403, _("この画面は、%(who_may)sだけが使えます。", who_may=who_may(permission)))


def comes_from_here() -> bool:
    """Whether the browser names no other site than the one it asks; asks no database."""
    told = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    is_own = origin is None or urlsplit(origin).netloc == request.host
    return told == "same-origin" or (told == "none" and is_own)


def _is_foreign() -> bool:
    """Whether the browser says that another site sent this (contracts.md, "Trust").

    `null` names no site: so a page speaks that hides where it stands.
    """
    told = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    if comes_from_here():
        return False
    if told != "none" or origin is None:
        return True
    ours = [current_app.config["BASE_URL"], *current_app.extensions["base_urls"]()]
    return urlsplit(origin).netloc not in {urlsplit(address).netloc for address in ours}


def _check_token() -> None:
    """A form with another session's token is given back by its view, and not carried out."""
    if current_app.config["WTF_CSRF_ENABLED"]:
        try:
            current_app.extensions["csrf"].protect()
        except CSRFError:
            g.has_old_token = True


def init_app(app: Flask, load_actor: Callable[[], Actor | None]) -> None:
    """Puts the guard before every request; `load_actor` reads the session (one query)."""

    @app.before_request
    def check_access() -> Response | None:
        db.set_reading(request.method in _READING)
        if request.method not in _READING and _is_foreign():
            abort(403, _("ほかのサイトから送られた内容は、受け付けません。"))
        if request.endpoint == "static":
            g.actor = None
            return None
        g.actor = load_actor()
        if request.endpoint is None:
            return None
        view = current_app.view_functions[request.endpoint]
        permission: Permission | None = getattr(view, "permission", None)
        if permission is None:
            abort(403, _("この画面には、使える人が決められていません。"))
        if allowed(None, permission):
            _check_token()
            return None
        if g.actor is None:
            back = request.full_path.rstrip("?") if request.method in _READING else None
            return redirect(url_for("accounts.sign_in", next=back))
        own = getattr(view, "own", None)
        involved = [str((request.view_args or {})[own])] if own else None
        if not allowed(g.actor, permission, involved):
            forbid(permission)
        _check_token()
        return None
