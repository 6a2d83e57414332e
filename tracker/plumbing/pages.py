"""What every page has: its frame, its filters, and what becomes of a form that it shows."""

import contextlib
import hashlib
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from flask import Flask, abort, current_app, flash, g, redirect, render_template, request, url_for
from jinja2 import Environment, StrictUndefined
from markupsafe import escape
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tracker.amounts import yen
from tracker.kernel import tokyo, wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing import clock, once
from tracker.plumbing.db import db
from tracker.plumbing.forms import (
    Form,
    HiddenField,
    LineField,
    LinesField,
)

Line = TypeVar("Line")
# Identifiers are 32-bit numbers on both databases.
LARGEST = 2**31 - 1

FILTERS: Mapping[str, Callable[..., str]] = {
    "long_date": wareki.long,
    "full_date": wareki.full,
    "short_date": wareki.short,
    "near_date": lambda day: wareki.near(day, clock.today()),
    "month_day": wareki.month_day,
    "weekday": wareki.weekday,
    "clock": wareki.clock_time,
    "yen": yen.yen,
    "grouped": yen.grouped,
    "thousands": yen.thousands,
    "signed": yen.signed,
    "jst": tokyo.moment,
    "jst_long": tokyo.long_moment,
    "jst_day": lambda at: wareki.short(tokyo.day(at)),
    "jst_near": lambda at: wareki.near(tokyo.day(at), clock.today()),
    "jst_clock": lambda at: wareki.clock_time(at.astimezone(tokyo.TOKYO).time()),
}

# Of templates; pyproject.toml names them to Babel, too.
EXTENSIONS = ("jinja2.ext.do", "jinja2.ext.i18n")

# A box of that name holds a secret: it is never kept, nor given back.
SECRET = re.compile(r"(^|_|-)(password|token|current|code)$")


class GivenBack(HTTPException):
    """Answers a post that is neither carried out nor kept with all of it but secrets."""

    def __init__(self, code: int, description: str | None = None) -> None:
        super().__init__(description)
        self.code = code


class NotDone(HTTPException):
    """Answers with a page that says why nothing was done, and leads on to `link`."""

    def __init__(self, code: int, description: str, link: str) -> None:
        super().__init__(description)
        self.code, self.link = code, link


class Ready(dict[tuple[str, ...], str]):
    """What a macro makes of its words, made once and from then on looked up."""

    def __init__(self, make: Callable[..., str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, words: tuple[str, ...]) -> str:
        made = self[words] = self._make(*words)
        return made


class Banner(NamedTuple):
    """A sentence above every page: its kind, what happened, what to do, and where."""

    kind: str
    strong: str
    text: str
    url: str = ""
    action: str = ""


def page(template: str, form: Form | None = None, **fields: Any) -> Response:
    """A page; one that shows a form's complaints answers with the form's status."""
    body = render_template(template, form=form, **fields)
    return Response(body, form.status if form is not None else 200, mimetype="text/html")


def finish() -> None:
    """Ends the act that `carry_out` began: its one commit."""
    info = db.session().info
    info["acts"] -= 1
    assert not info["acts"], "an act within an act was not closed"
    db.session.commit()


def done(location: str, said: str | None = None, kind: str = "ok") -> Response:
    """Ends the act, says what was done and goes where it can be seen."""
    once.note_answer(location)
    finish()
    if said:
        flash(said, kind)
    return redirect(location)


def reached(steps: Mapping[str, bool]) -> list[tuple[str, str]]:
    """Steps, and whether each is done, as 「done」, 「now」 (the first that is not) or 「todo」."""
    now = next((label for label, is_done in steps.items() if not is_done), None)
    return [
        (label, "now" if label == now else "done" if is_done else "todo")
        for label, is_done in steps.items()
    ]


def complain(form: Form, location: str) -> Response:
    """What a button without a page of its own could not do: said on the page it stands on.

    Where it has a box for words, they stay beside what is said of them.
    """
    boxes = [field for field in form if isinstance(field, LineField | LinesField)]
    if any(box.data or box.errors for box in boxes):
        known = {"csrf_token", "once", "kept", "seen", "pressed", *(box.name for box in boxes)}
        posted = request.form.items(multi=True)
        carried = [one for one in posted if one[0] not in known and not SECRET.search(one[0])]
        return page("errors/complaint.html", form, boxes=boxes, carried=carried, link=location)
    if form.status == 400 and any(not isinstance(field, HiddenField) for field in form):
        raise GivenBack(400, form.form_errors[-1])
    if form.status in (400, 409) and not form.has_old_token:
        raise NotDone(form.status, form.form_errors[-1], location)
    for sentence in (*form.form_errors, *(one for all_ in form.errors.values() for one in all_)):
        flash(sentence, "ng")
    g.is_refused = True
    return redirect(location)


def refusal_of(check: Callable[[], object]) -> str | None:
    """The sentence with which `check` refuses, for a page to say before anything is typed."""
    try:
        check()
    except Refusal as refusal:
        return refusal.message
    return None


def closed_page(
    check: Callable[[], object], *, title: str, named: str, back: str
) -> Response | None:
    """The page of a form that would refuse whatever is typed: the sentence of `check`, and no form.

    None where it is open, and for what was sent, which the act itself refuses beside the typed words;
    a form that never comes so far, as a box of it is wrong, says the same beside what is wrong.
    """
    refusal = refusal_of(check)
    if refusal is None:
        return None
    if request.method == "POST":
        g.closed = refusal
        return None
    return page("closed.html", title=title, named=named, back=back, refusal=refusal)


def number_asked(name: str, otherwise: int) -> int:
    """A number behind the question mark; `otherwise` without one that a database could hold."""
    number = request.args.get(name, otherwise, type=int)
    return number if abs(number) <= LARGEST else otherwise


class Listed(NamedTuple, Generic[Line]):
    """One page of a list: its lines, how many there are in all, its number of so many pages."""

    rows: Sequence[Line]
    total: int
    number: int
    pages: int


def paginate(
    fetch: Callable[[int, int], tuple[Sequence[Line], int]], per_page: int = 50
) -> Listed[Line]:
    """The page of a list that ?page= asks for; the 404 page where there is none.

    `fetch` takes limit and offset, and gives the lines with how many there are in all.
    """
    number = number_asked("page", 1)
    rows, total = fetch(per_page, (number - 1) * per_page) if number > 0 else ([], 0)
    if number != 1 and not rows:
        abort(404)
    return Listed(rows, total, number, max(1, -(-total // per_page)))


def init_app(
    app: Flask,
    area: Callable[[], Any],
    nav: Callable[[], Sequence[Any]],
    banners: Callable[[], Sequence[Banner]],
) -> None:
    """Ties frame and filters to the application."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    install_messages(app.jinja_env)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(asset=_asset(app), ready=Ready)

    @app.context_processor
    def frame() -> dict[str, Any]:
        # Where the database itself failed, the error page must do without it.
        failed = g.get("failed", False)
        actor = None if failed else g.get("actor")
        return {
            "actor": actor,
            "area": known_area(None if failed else area),
            "today": clock.today(),
            "nav": nav() if actor else [],
            "banners": banners() if actor else [],
        }

    @app.after_request
    def find_unfinished_acts(response: Response) -> Response:
        if db.session().info.get("acts") and response.status_code < 400:
            raise RuntimeError("an act was carried out and not finished")
        return response

    @app.teardown_request
    def drop_what_was_not_committed(_error: BaseException | None) -> None:
        with contextlib.suppress(SQLAlchemyError):
            db.session.rollback()


def known_area(read: Callable[[], Any] | None = None) -> Any:
    """The area; where the database must not be asked, as this process saw it last (or None)."""
    if read is not None and (found := read()) is not None:
        current_app.extensions["area"] = found
        return found
    return None if read else current_app.extensions.get("area")


def install_messages(templates: Environment) -> None:
    """Gives templates `_()` and `{% trans %}`, in the language of whoever reads."""
    for extension in EXTENSIONS:
        templates.add_extension(extension)
    templates.globals.update(gettext=_, _=_shown)


def _shown(message: str, /, **values: object) -> str:
    """`_` for templates: markup among the values stays markup, all else is escaped with it."""
    if any(hasattr(value, "__html__") for value in values.values()):
        return escape(_(message)) % values
    return _(message, **values)


def _asset(app: Flask) -> Callable[[str], str]:
    marks: dict[str, str] = {}

    def asset(name: str) -> str:
        """The address of a static file with a mark of its content."""
        if name not in marks or app.debug:
            content = (pathlib.Path(app.root_path) / "static" / name).read_bytes()
            marks[name] = hashlib.sha256(content).hexdigest()[:12]
        return url_for("static", filename=name, v=marks[name])

    return asset
