"""What pages say of kept posts: the banner above them, and what becomes of the one that is shown."""

from collections.abc import Sequence

from flask import Flask, g
from werkzeug.wrappers import Response

from tracker.failures.views import ERRORS, kept_page, typed
from tracker.kept_posts import actions
from tracker.kernel.tokyo import moment
from tracker.kernel.translation import N_, _
from tracker.plumbing.pages import Banner

# Said of a kept post whose page no longer takes it.
NOT_TAKEN = N_(
    "この画面では、もう保存できません。入力した内容は下に残っています。"
    "必要なところを写して、お使いください。"
)


def init_app(app: Flask) -> None:
    """To be called last: what is asked before a view here is asked after all else."""
    app.jinja_env.globals.update(kept_files=actions.files_of, kept_mark=actions.shown)
    app.before_request(_note_view)
    app.after_request(_end_kept)


def banners() -> Sequence[Banner]:
    """What waits for the person signed in."""
    found = actions.waiting(g.actor.person_id)
    if found is None:
        return ()
    said = {"at": moment(found.at), "count": found.number}
    if found.holds:
        strong = _("まだ保存していない内容を保管しています。")
        text = _(
            "ログインが切れたときに送った内容です（%(at)s、%(count)s件）。24時間で消えます。",
            **said,
        )
        return [Banner("warn", strong, text, found.url, _("続きを開く"))]
    strong = _("まだ行っていない操作があります。")
    text = _(
        "ログインが切れたときに押したボタンです（%(at)s、%(count)s件）。24時間で消えます。",
        **said,
    )
    return [Banner("warn", strong, text, found.url, _("その画面を開く"))]


def _note_view() -> None:
    g.is_let_in = True


def _end_kept(response: Response) -> Response:
    """What was kept stands in its form or, where its page takes it no more, as words.

    It is gone once its form was sent, or where nothing but a button was kept and its page says so.
    """
    post, is_sent = g.get("kept_post"), response.status_code in (302, 303)
    # Whoever is sent elsewhere first, before the view was asked, comes back for it.
    is_elsewhere = response.status_code == 302 and "is_let_in" not in g
    if response.status_code >= 500 or is_elsewhere or (post is None and not is_sent):
        return response
    is_answered = post is None or g.get("given_back") or response.status_code == 303
    if not is_answered and any(typed(post.fields)):
        code = 409 if response.status_code < 400 else response.status_code
        return kept_page(code, _(ERRORS.get(code, ERRORS[400])[0]), _(NOT_TAKEN))
    is_sent = is_sent and (post is not None or not g.get("is_refused"))
    if g.get("actor") and (is_sent or not is_answered):
        actions.end(g.actor.person_id)
    return response
