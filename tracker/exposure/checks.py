"""What is asked of every request before its view: a route without a permission lets nobody in."""

import re
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.translation import N_, _
from tracker.plumbing import once
from tracker.plumbing.access import forbid
from tracker.plumbing.pages import GivenBack
from tracker.storage import database

SIGNED_OUT = N_(
    "ログインが切れているため、まだ保存していません。入力した内容はこの画面に残っています。"
    "ボタンを押すと、ログインし直して、続きから保存できます。"
)
SOMEBODY_ELSE = N_("この画面を開いた方と、今ログインしている方が違うため、まだ保存していません。")
WAITS = N_("送られた内容は保管しています。この画面を開いた方がログインし直すと、続きからできます。")
_READING = {"GET", "HEAD", "OPTIONS"}
# What mail programs take for a part of a link that stands in a sentence or in brackets.
_BEHIND_LINK = re.compile(r"[\s.,;:!?)\]}>\"'」』）】〉》＞。、，．]+$")


class KeptPosts(Protocol):
    """Who keeps posts that came without a session (kept_posts/actions.py)."""

    def keep(self, person_id: int) -> bool:
        """Keeps what this request posts for that person; False where there is no room for it."""
        ...

    def show_again(self, person_id: int) -> None:
        """Makes a request for what is kept (?kept=) that post again."""
        ...

    def take_files(self, person_id: int) -> None:
        """Puts the files of a form that was shown again where no others were chosen."""
        ...


class SomebodyElse(Forbidden):
    """Answers a form of somebody's page with whoever signed in after them."""

    title = N_("別の方がログインしています")


def _site(address: str) -> str | None:
    """Host and port of an address; None for what is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None


def comes_from_here() -> bool:
    """Whether the browser names no other site than the one it asks; asks no database."""
    told = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    is_own = origin is None or _site(origin) == request.host
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
    return _site(origin) not in {_site(address) for address in ours}


def _check_token() -> None:
    """A form with another session's token is given back by its view, and not carried out."""
    if g.get("kept_post"):
        g.has_old_token = True
    elif current_app.config["WTF_CSRF_ENABLED"]:
        try:
            current_app.extensions["csrf"].protect()
        except CSRFError:
            g.has_old_token = True


def _ask_to_sign_in(last_person: Callable[[], int | None], kept: KeptPosts) -> Response:
    """What a form sends is kept for its person first; a stranger's is not."""
    if request.method in _READING:
        return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))
    if "X-Fragment" in request.headers:
        return Response(_(SIGNED_OUT), 401, mimetype="text/plain")
    person_id, is_fresh = once.made_for()
    if person_id is None and "once" in request.form:
        person_id, is_fresh = last_person(), True
    if person_id is None:
        return redirect(url_for("sign_in.sign_in"))
    if not is_fresh or not kept.keep(person_id):
        raise GivenBack(401)
    return redirect(url_for("sign_in.sign_in", kept=1), 303)


def _check_person(actor: Actor, kept: KeptPosts) -> None:
    """What stands on somebody's page is not said by whoever signed in after them."""
    person_id, is_fresh = once.made_for()
    if person_id is not None and person_id != actor.person_id:
        is_kept = is_fresh and "X-Fragment" not in request.headers and kept.keep(person_id)
        raise SomebodyElse(_(SOMEBODY_ELSE) + (_(WAITS) if is_kept else ""))


def init_app(
    app: Flask,
    load_actor: Callable[[], Actor | None],
    last_person: Callable[[], int | None],
    kept: KeptPosts,
) -> None:
    """Puts the guard before every request; `load_actor` reads the session (one query).

    `last_person` tells whose session the cookie names, also when it has ended.
    """

    @app.before_request
    def check_access() -> Response | None:
        database.set_reading(request.method in _READING)
        if b"%00" in request.query_string:
            # PostgreSQL takes no zero byte, whatever a page would ask it for.
            abort(400)
        if request.method not in _READING and _is_foreign():
            abort(403, _("ほかのサイトから送られた内容は、受け付けません。"))
        if request.endpoint == "static":
            g.actor = None
            return None
        g.actor = load_actor()
        if g.actor and request.method == "GET" and "kept" in request.args:
            kept.show_again(g.actor.person_id)
        if request.endpoint is None:
            return None
        view = current_app.view_functions[request.endpoint]
        permission: Permission | None = getattr(view, "permission", None)
        link = getattr(view, "link", None)
        if link and request.view_args:
            request.view_args[link] = _BEHIND_LINK.sub("", str(request.view_args[link]))
        if permission is None:
            abort(403, _("この画面には、使える人が決められていません。"))
        if allowed(None, permission):
            _check_token()
            return None
        if g.actor is None:
            return _ask_to_sign_in(last_person, kept)
        if request.method not in _READING:
            _check_person(g.actor, kept)
        own = getattr(view, "own", None)
        involved = [str((request.view_args or {})[own])] if own else None
        if not allowed(g.actor, permission, involved):
            forbid(permission)
        if request.method not in _READING:
            kept.take_files(g.actor.person_id)
        _check_token()
        return None
