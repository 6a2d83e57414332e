"""通知: what will be sent, what was sent, and a page for each letter."""

from datetime import date, time

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.duties.duty import Kind
from tracker.kernel.permissions import Permission
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.letters import Letter, LetterState
from tracker.plumbing.pages import number_asked, page, section
from tracker.reminders import actions, forms, managing, queries, rules

bp = Blueprint("reminders", __name__)


@bp.get("/notices")
@guard(Permission.READ_LETTERS)
def index() -> Response:
    """これから送るもの and 送った記録, with one letter to come shown beside them."""
    section("notices")
    at = clock.now()
    number = max(1, number_asked("page", 1))
    wanted = request.args.get("state")
    state = LetterState(wanted) if wanted in queries.STATES else None
    upcoming = queries.upcoming(at, actor())
    rows, total = queries.sent(actor(), number, state)
    return page(
        "reminders/index.html",
        upcoming=upcoming,
        shown=_shown(upcoming, clock.day(at)),
        rows=rows,
        total=total,
        number=number,
        pages=-(-total // queries.PER_PAGE),
        state=state or "",
        may_manage=may(Permission.MANAGE_LETTERS),
        states=[("", "すべて"), *((one.value, one.label) for one in queries.STATES)],
    )


def _shown(upcoming: tuple[queries.Upcoming, ...], today: date) -> actions.Draft | None:
    key = request.args.get("show") or (upcoming[0].duty_key if upcoming else None)
    on = next((one.on for one in upcoming if one.duty_key == key), None)
    return actions.preview_of(key, on, today) if key and on else None


@bp.get("/notices/<int:letter_id>")
@guard(Permission.READ_LETTERS)
def letter(letter_id: int) -> Response:
    """One letter and its tries."""
    found = _get(letter_id)
    return _letter_page(found, forms.MendForm(email=found.to_email))


@bp.post("/notices/<int:letter_id>")
@guard(Permission.MANAGE_LETTERS)
def mend(letter_id: int) -> Response:
    """Mends the address of a letter that did not arrive, and sends it again."""
    found = _get(letter_id)
    if found.state is not LetterState.UNDELIVERABLE:
        abort(403)
    form = forms.MendForm()
    if form.validate_on_submit() and form.attempt(
        lambda: managing.mend_and_resend(found, form.email.data, by=actor(), at=clock.now())
    ):
        flash("宛先を直しました。次の送信で送り直します。", "ok")
        return redirect(url_for(".letter", letter_id=letter_id))
    return _letter_page(found, form)


def _letter_page(found: Letter, form: forms.MendForm) -> Response:
    section("notices")
    return page(
        "reminders/letter.html",
        form=form,
        letter=found,
        attempts=queries.attempts(found.id),
        mendable=found.state is LetterState.UNDELIVERABLE and may(Permission.MANAGE_LETTERS),
    )


@bp.post("/notices/skip")
@guard(Permission.MANAGE_LETTERS)
def skip() -> Response:
    """今回は送らない."""
    form = forms.PickForm()
    if form.validate_on_submit() and form.attempt(
        lambda: managing.skip(
            Kind(form.kind.data), form.step.data, form.on.data, by=actor(), at=clock.now()
        )
    ):
        flash("今回は送らないことにしました。", "ok")
    return _back(form)


@bp.post("/notices/try")
@guard(Permission.MANAGE_LETTERS)
def try_out() -> Response:
    """自分あてに試し送り."""
    form = forms.PickForm()
    if form.validate_on_submit() and form.attempt(
        lambda: managing.try_out(form.duty.data, form.on.data, by=actor(), at=clock.now())
    ):
        flash(f"{form.result} あてに試し送りをしました。次の送信で届きます。", "ok")
    return _back(form)


def _back(form: forms.PickForm) -> Response:
    for sentences in form.errors.values():
        flash(sentences[0], "ng")
    return redirect(url_for(".index"))


@bp.get("/notices/rules")
@guard(Permission.READ_AREA)
def schedules() -> Response:
    """送る日: every kind with its days, its hour, on or off."""
    section("notices")
    return page(
        "reminders/schedules.html",
        schedules=queries.schedules(),
        labels=rules.KIND_LABELS,
        may_edit=may(Permission.MANAGE_LETTERS),
    )


@bp.route("/notices/rules/<kind>", methods=["GET", "POST"])
@guard(Permission.MANAGE_LETTERS)
def schedule(kind: str) -> Response:
    """Changes the days of one kind."""
    section("notices")
    if kind not in rules.SCHEDULES:
        abort(404)
    found, version = queries.schedule(Kind(kind))
    form = forms.schedule_form(found, version)
    if form.validate_on_submit() and form.attempt(
        lambda: managing.set_schedule(
            Kind(kind),
            form.read_steps(),
            time(int(form.hour.data)),
            form.is_on.data,
            int(form.version.data or 0),
            by=actor(),
            at=clock.now(),
        )
    ):
        flash(f"「{rules.KIND_LABELS[Kind(kind)]}」を送る日を直しました。", "ok")
        return redirect(url_for(".schedules"))
    return page("reminders/schedule.html", form=form, label=rules.KIND_LABELS[Kind(kind)])


def _get(letter_id: int) -> Letter:
    found = queries.find_letter(letter_id)
    if found is None:
        abort(404)
    town = areas.by_id().get(found.municipality_id or 0)
    require(Permission.READ_LETTERS, *([town.slug] if town else []))
    return found
