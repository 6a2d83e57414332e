"""The page that takes a row out, or puts it back."""

from collections.abc import Callable, Sequence

from flask import request
from werkzeug.wrappers import Response

from tracker.kernel.translation import N_, _
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import LinesField, SeenButtonForm, at_most, required
from tracker.plumbing.pages import done, page, refusal_of
from tracker.struck.models import Struck


class StrikeForm(SeenButtonForm):
    """Takes out what was entered by mistake (`Struck`); the reason stays beside it."""

    reason = LinesField(
        N_("取り消す理由"),
        [*required(N_("取り消す理由を入力してください。")), at_most(400)],
    )


def strike_page(
    row: Struck,
    seen: str,
    strike: Callable[[Act, str, str | None], None],
    put_back: Callable[[Act, str | None], None],
    *,
    named: str,
    back: str,
    check: Callable[[], object],
    notes: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
) -> Response:
    """The page that takes out what was entered by mistake, with a reason, or puts it back.

    `seen` is that of the subject, `check` raises the Refusal that says why it may not be taken out,
    `notes` say what follows from it; `links` (words, address) lead to what it touches.
    """
    is_back = row.is_struck and "reason" not in request.form
    form = SeenButtonForm(seen=seen) if is_back else StrikeForm(seen=seen)

    def do(act: Act) -> None:
        if isinstance(form, StrikeForm):
            strike(act, form.reason.data, form.seen.data)
        else:
            put_back(act, form.seen.data)

    if form.carry_out(do):
        said = (
            _("「%(named)s」を元に戻しました。")
            if is_back
            else _("「%(named)s」を取り消しました。")
        )
        return done(back, said % {"named": named})
    refusal = None if row.is_struck or form.is_submitted() else refusal_of(check)
    return page(
        "strike.html",
        form=form,
        row=row,
        named=named,
        back=back,
        refusal=refusal,
        notes=notes,
        links=links,
    )
