"""Who may open a page: the mark of each view, and what a view asks of whoever opens it."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from flask import abort, current_app, g, request

from tracker.kernel.permissions import Actor, Permission, allowed, is_held_back, who_may
from tracker.kernel.translation import N_, _
from tracker.plumbing import clock
from tracker.plumbing.changes import Act

View = TypeVar("View", bound=Callable[..., Any])
HELD_BACK = N_(
    "この利用者かこの役職の宛先は、ほかの市町村が登録しました。同じ市町村のどなたかが"
    "「引継ぎ」の画面で「確認しました」を押すまで、確認や担当者の登録はできません。"
)
ONLY_FOR = N_(
    "この画面は、%(who_may)sだけが使えます。ご用の方は、下のお問い合わせ先へお知らせください。"
)
ONLY_OWN = N_(
    "この画面は、関係する市町村の方だけが使えます。%(municipality)sの方は使えません。"
    "ご用の方は、下のお問い合わせ先へお知らせください。"
)


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
    """The 403 page, which says who may; where the role may, that it is about others' municipalities."""
    who: Actor | None = g.get("actor")
    if is_held_back(who, permission):
        abort(403, _(HELD_BACK))
    if who and allowed(who, permission):
        abort(403, _(ONLY_OWN, municipality=who.municipality_name))
    abort(403, _(ONLY_FOR, who_may=who_may(permission)))
