"""監査記録: who did what when, what was before and after, and whether the record holds."""

import io
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain as joined
from pathlib import Path

from flask import abort, request, send_file, stream_with_context
from werkzeug.wrappers import Response

from tracker.chain import rules as chain
from tracker.kernel.permissions import Permission
from tracker.kernel.tokyo import long_moment
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.papers.delimited import csv_file
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.pages import Listed, page, paginate
from tracker.record.blueprint import bp
from tracker.record.reading import queries
from tracker.record.reading.forms import FilterForm, filter_form
from tracker.record.rules import reads_all

TOO_MANY = N_(
    "%(most)s件を超えるため、CSVにできません。市町村や日で絞ってから、もう一度お試しください。"
)
COLUMNS = (
    N_("番号"),
    N_("日時"),
    N_("市町村"),
    N_("だれが"),
    N_("種類"),
    N_("操作"),
    N_("何をしたか"),
    N_("項目"),
    N_("前"),
    N_("後"),
)


def _form() -> FilterForm:
    posts = queries.offered(actor()).posts
    return filter_form(request.args, actor(), areas.towns(), posts)


@bp.get("/audit")
@guard(Permission.READ_HISTORY)
def audit() -> Response:
    """監査記録: a page of the list, as far as the reader may know it."""
    form = _form()
    wanted = form.wanted
    listed: Listed[queries.ToldEntry] = (
        Listed([], 0, 1, 1)
        if wanted is None
        else paginate(partial(queries.entries, actor(), wanted))
    )
    body = page(
        "record/record.html",
        asked=form,
        is_narrowed=wanted != queries.Wanted(),
        listed=listed,
        most=queries.MOST,
        checked=queries.offered(actor()).checked,
        is_whole=reads_all(actor()),
        kept={name: value for name in form.data if (value := request.args.get(name))},
    )
    body.status_code = 422 if form.errors else 200
    return body


@bp.get("/audit.csv")
@guard(Permission.READ_HISTORY)
def audit_file() -> Response:
    """The same list with all values as CSV: a line a value, for a spreadsheet."""
    wanted = _form().wanted
    if wanted is None:
        abort(400, _("絞り込みの値を読み取れません。監査記録の画面で選び直してください。"))
    if queries.total(actor(), wanted) > queries.MOST:
        abort(400, _(TOO_MANY, most=f"{queries.MOST:,}"))
    return send_file(
        io.BytesIO(csv_file(_lines(queries.whole(actor(), wanted)))),
        mimetype="text/csv",
        as_attachment=True,
        download_name=_("監査記録") + f"_{clock.today():%Y%m%d}.csv",
    )


def _lines(entries: Iterable[queries.ToldEntry]) -> Iterator[list[str]]:
    """A line a value; an entry without any has one line."""
    yield [_(column) for column in COLUMNS]
    for one in entries:
        said = (
            one.number,
            long_moment(one.at),
            one.town,
            one.actor,
            one.kind,
            one.verb,
            one.sentence,
        )
        for change in one.changes or [("", "", "")]:
            yield [str(cell) for cell in (*said, *change)]


@bp.get("/audit/record.jsonl")
@guard(Permission.READ_HISTORY)
def take_record() -> Response:
    """The record as `tracker history export` writes it, as far as the person may read it."""
    parts = queries.exported(actor())
    # The first part is read before the answer begins: what fails by then has a page that says so.
    every = joined([next(parts, "")], parts)
    answer = Response(stream_with_context(every), mimetype="application/x-ndjson")
    name = f"record-{clock.today():%Y%m%d}.jsonl"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@bp.get("/audit/verify_history.py")
@guard(Permission.READ_HISTORY)
def take_verifier() -> Response:
    """The one file of plain Python by which the record is checked (docs/verify_history.py)."""
    return send_file(
        io.BytesIO(Path(chain.__file__).read_bytes()),
        mimetype="text/x-python",
        as_attachment=True,
        download_name="verify_history.py",
    )
