"""The pages of what was refused or went wrong; a post is given back with all that was typed.

Pages of a 5xx ask the database nothing (contracts.md, "Trust").
"""

import contextlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence

from flask import Flask, current_app, g, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tracker.exposure.checks import comes_from_here
from tracker.kernel.translation import N_, _
from tracker.plumbing import once
from tracker.plumbing.access import link_token
from tracker.plumbing.db import db
from tracker.plumbing.forms import TYPED
from tracker.plumbing.pages import SECRET, GivenBack, NotDone, known_area
from tracker.storage.database import is_passing

# What happened and what to do, by the number that browsers know it by.
ERRORS: Mapping[int, tuple[str, str]] = {
    400: (
        N_("送られた内容を読み取れませんでした"),
        N_("画面を開き直して、もう一度お試しください。"),
    ),
    401: (N_("ログインが必要です"), N_("ログインしてから、もう一度お試しください。")),
    403: (N_("この画面は使えません"), N_("ご用の方は、下のお問い合わせ先へお知らせください。")),
    404: (
        N_("お探しのページは見つかりませんでした"),
        N_("年度の切替えで場所が変わったことがあります。"),
    ),
    405: (N_("この操作はできません"), N_("前の画面に戻って、ボタンからやり直してください。")),
    409: (
        N_("まだ保存していません"),
        N_("最新の内容を確かめてから、もう一度保存してください。"),
    ),
    410: (
        N_("このリンクは、今は使えません"),
        N_(
            "期限が過ぎたか、新しいリンクに替わっています。"
            "新しいリンクのメールが届いているときは、そちらをお使いください。"
            "届いていないときは、メールの差出人へお知らせください。"
        ),
    ),
    413: (
        N_("送られたファイルが大きすぎます"),
        N_("前の画面に戻って、12MBまでのファイルを選び直してください。"),
    ),
    500: (
        N_("申し訳ありません。今、処理ができませんでした"),
        N_(
            "時間をおいてもう一度お試しください。直らないときは、下のお問い合わせ先へ受付番号をお知らせください。"
        ),
    ),
    503: (N_("今、混み合っています"), N_("少し待ってから、もう一度お試しください。")),
}

# In place of 500's, where nobody is known who could be named below.
NOBODY_KNOWN = N_(
    "時間をおいてもう一度お試しください。直らないときは、管理者へ受付番号をお知らせください。"
)
# Said of a post that the trouble of ours kept from being carried out (contracts.md, "Trust").
NOT_NOW = N_(
    "「%(pressed)s」は、今はできませんでした。%(left)s少し待ってから、もう一度押してください。"
)
# The same where nobody is signed in, and there is no room to keep it.
NOT_KEPT = N_(
    "ログインが切れているため、「%(pressed)s」はまだできていません。%(left)s"
    "別のタブでログインしてから、もう一度押してください。"
)
# What a button is called that has a name of its own and sends no other; of those not here, SAVE.
NAMED: Mapping[str, str] = {
    "decision": N_("回答する"),
    "choice": N_("回答する"),
    "send": N_("送る"),
}
SAVE = N_("保存する")
_LONGEST_LABEL = 60
# What a browser sends again with no other end.
_CLOSED = {403, 404, 405, 410}
# Carried along, or a choice's own name: nothing that somebody typed.
_CARRIED = {"once", "kept", "kept_files", "pressed"}
_NOT_TYPED = re.compile(r"[a-z][a-z0-9_-]*|\s*")


def init_app(app: Flask) -> None:
    """Answers every error of the application with a page of ours."""
    app.register_error_handler(HTTPException, _show_error)
    app.register_error_handler(Exception, _show_failure)


def _show_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.get_response()
    db.session.rollback()
    code = error.code or 500
    if isinstance(error, GivenBack):
        text = error.description or _(NOT_KEPT, left=_left(), pressed=_pressed())
        return kept_page(code, _(ERRORS[code][0]), text)
    title, advice = ERRORS.get(code, ERRORS[400 if code < 500 else 500])
    title = getattr(error, "title", title)
    own = error.description if error.description != type(error).description else None
    if code >= 500:
        return _failed(code, own)
    link = error.link if isinstance(error, NotDone) else None
    return _error_page(code, _(title), own or _(advice), link=link)


def _show_failure(error: Exception) -> Response:
    with contextlib.suppress(SQLAlchemyError):
        db.session.rollback()
    token = link_token()
    path = request.path.replace(token, "…") if token else request.path
    if is_passing(error):
        said = str(error).partition("\n")[0]
        current_app.logger.error("%s 503 %s %s %s", g.get("number"), request.method, path, said)
        return _failed(503)
    number = g.get("number") or secrets.token_hex(3).upper()
    current_app.logger.exception("受付番号 %s %s %s", number, request.method, path)
    return _failed(500, number=number)


def _failed(code: int, own: str | None = None, number: str | None = None) -> Response:
    """The page of a 5xx, which asks the database nothing; a post is kept on it."""
    g.failed = True
    title, advice = ERRORS.get(code, ERRORS[500])
    if code == 500 and known_area() is None:
        advice = NOBODY_KNOWN
    if "X-Fragment" in request.headers:
        return Response(f"{_(title)}。", code, mimetype="text/plain")
    # What another site posted is never given back as a form, whatever went wrong.
    if request.method == "POST" and comes_from_here():
        said = {"left": _left(), "pressed": _pressed()}
        return kept_page(code, _(title), own or _(NOT_NOW, **said), number)
    return _error_page(code, _(title), own or _(advice), number)


def kept_page(code: int, title: str, text: str, receipt: str | None = None) -> Response:
    """The page of a post that is not carried out, which gives all of it back but secrets."""
    posted, files = _posted()
    if not any(value for name, value in posted if name == "once"):
        posted.append(("once", once.new_key()))
    chosen = [(name, file.filename) for name, file in files if file.filename]
    body = render_template(
        "errors/kept.html",
        title=title,
        text=text,
        receipt=receipt,
        posted=[one for one in posted if one[0] != "pressed"],
        typed=typed(posted),
        files=chosen,
        pressed=_pressed(),
        is_open=code not in _CLOSED,
    )
    return Response(body, code, mimetype="text/html")


def _posted() -> tuple[list[tuple[str, str]], Iterable[tuple[str, FileStorage]]]:
    """All that came but secrets, and the files; a kept post's mark where nobody is known who has it."""
    try:
        fields, files = list(request.form.items(multi=True)), request.files.items(multi=True)
    except HTTPException:
        # It broke off before all of it was here.
        return [], ()
    ours = {"kept"} if g.get("actor") else ()
    return [one for one in fields if one[0] not in ours and not SECRET.search(one[0])], files


def _left() -> str:
    return _(TYPED) if typed(_posted()[0]) else ""


def _pressed() -> str:
    """What the button is called that was pressed, as far as the post tells."""
    posted = dict(_posted()[0])
    named = next((label for name, label in NAMED.items() if name in posted), SAVE)
    return posted.get("pressed", "")[:_LONGEST_LABEL].strip() or _(named)


def typed(posted: Iterable[Sequence[str]]) -> list[str]:
    """What somebody typed, as far as a post tells it from choices."""
    carried = (one for one in posted if one[0] not in _CARRIED and not one[0].endswith("seen"))
    return [value for _, value in carried if not _NOT_TYPED.fullmatch(value)]


def _error_page(
    code: int, title: str, text: str, receipt: str | None = None, link: str | None = None
) -> Response:
    said = {"title": title, "text": text, "receipt": receipt, "link": link}
    try:
        body = render_template("errors/error.html", **said)
    except SQLAlchemyError:
        # What was refused is refused all the same, without the frame's own questions.
        db.session.rollback()
        g.failed = True
        body = render_template("errors/error.html", **said)
    return Response(body, code, mimetype="text/html")
