"""通知: what will be sent, what was sent, and a page for each letter."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.incoming_mail import mailbox
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.mail import transports
from tracker.mail.letters import Letter, LetterState
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import complain, done, page, paginate
from tracker.plumbing.sections import stand
from tracker.reminders import rules
from tracker.reminders.actions import DraftLetter, preview_of
from tracker.reminders.blueprint import bp
from tracker.reminders.notices import actions, forms, queries
from tracker.reminders.notices.queries import Upcoming


@bp.get("/notices")
@guard(Permission.READ_LETTERS)
def index() -> Response:
    """これから送るもの and 送った記録, with one letter to come shown beside them."""
    at = clock.now()
    state = _state_asked()
    upcoming = queries.upcoming(at, actor())
    line = _line_asked(upcoming)
    progress = queries.progress(at)
    return page(
        "reminders/index.html",
        now=at,
        folder=transports.outbox_folder(),
        upcoming=upcoming,
        line=line,
        shown=_draft_of(line, clock.day(at)),
        sent=paginate(partial(queries.sent, actor(), state), queries.PER_PAGE),
        state=state or "",
        may_manage=may(Permission.MANAGE_LETTERS),
        states=[("", _("すべて")), *((one.value, one.label) for one in queries.STATES)],
        progress=progress,
        mailbox=mailbox.standing() if may(Permission.MANAGE_LETTERS) else None,
        clock_wrong=rules.clock_is_wrong(at, progress.planned_until),
        passed_over=queries.passed_over(actor(), at) if state is LetterState.SKIPPED else (),
    )


def _state_asked() -> LetterState | None:
    wanted = request.args.get("state", "")
    return LetterState(wanted) if wanted in queries.STATES else None


def _line_asked(upcoming: Sequence[Upcoming]) -> Upcoming | None:
    wanted = request.args.get("show")
    fitting = [one for one in upcoming if one.token == wanted]
    return next(iter(fitting or [one for one in upcoming if not one.is_skipped]), None)


def _draft_of(line: Upcoming | None, today: date) -> DraftLetter | None:
    if line is None or line.is_skipped:
        return None
    return preview_of(line.first.duty.key, line.first.on, today)


@bp.get("/notices/progress")
@guard(Permission.READ_LETTERS)
def progress() -> Response:
    """How far the delivery is, for a page that is open: a piece of it."""
    folder = transports.outbox_folder()
    return page("reminders/_progress.html", progress=queries.progress(clock.now()), folder=folder)


@bp.get("/notices/<int:letter_id>")
@guard(Permission.READ_LETTERS)
def letter(letter_id: int) -> Response:
    """One letter and its tries."""
    found = _get(letter_id)
    return _letter_page(found, forms.CorrectForm())


@bp.post("/notices/<int:letter_id>")
@guard(Permission.MANAGE_LETTERS)
def correct(letter_id: int) -> Response:
    """Corrects the address of a letter that did not arrive, and sends it again."""
    found = _get(letter_id)
    if found.state is not LetterState.UNDELIVERABLE:
        abort(403)
    if found.has_secrets:
        return _send_new_link(found)
    form = forms.CorrectForm()
    if form.carry_out(lambda act: actions.correct_and_resend(act, found, form.email.data)):
        whose = _("このメールと、役職のお知らせの宛先") if form.result else _("このメールの宛先")
        said = _("%(whose)sを直しました。次の送信で送り直します。", whose=whose)
        return done(url_for(".letter", letter_id=letter_id), said)
    return _letter_page(found, form)


def _send_new_link(found: Letter) -> Response:
    """新しいリンクを送る: to the address that its recipient has, whatever is posted."""
    form, back = ButtonForm(), url_for(".letter", letter_id=found.id)
    if form.carry_out(lambda act: actions.resend_with_new_link(act, found)):
        said = _("新しいリンクを作りました。次の送信で送ります。前のリンクは使えなくなりました。")
        return done(back, said)
    return complain(form, back)


def _letter_page(found: Letter, form: forms.CorrectForm) -> Response:
    stand((_("1通の記録"), url_for(".letter", letter_id=found.id)))
    return page(
        "reminders/letter.html",
        form=form,
        letter=found,
        attempts=queries.attempts(found.id),
        may_manage=may(Permission.MANAGE_LETTERS),
    )


@bp.post("/notices/skip")
@guard(Permission.MANAGE_LETTERS)
def skip() -> Response:
    """今回は送らない."""
    return _choose(actions.skip, _("今回は送らないことにしました。"))


@bp.post("/notices/resume")
@guard(Permission.MANAGE_LETTERS)
def resume() -> Response:
    """送ることにする, of what was skipped."""
    return _choose(actions.resume, _("予定どおり送ることにしました。"))


def _choose(choose: Callable[..., int], said: str) -> Response:
    form = forms.PickForm()
    if form.carry_out(lambda act: choose(act, form.kind.data, form.step.data, form.on.data)):
        return done(url_for(".index"), said)
    return complain(form, url_for(".index"))


@bp.post("/notices/try")
@guard(Permission.MANAGE_LETTERS)
def try_out() -> Response:
    """自分あてに試し送り."""
    form = forms.PickForm()
    if form.carry_out(lambda act: actions.try_out(act, form.duty.data, form.on.data)):
        said = _("%(email)s あてに試し送りをしました。次の送信で届きます。", email=form.result)
        return done(url_for(".index"), said)
    return complain(form, url_for(".index"))


@bp.post("/notices/release")
@guard(Permission.MANAGE_LETTERS)
def release() -> Response:
    """Lets held letters go out."""
    return _decide(actions.let_go, _("送ることにしました。次の送信で出ていきます。"))


@bp.post("/notices/give-up")
@guard(Permission.MANAGE_LETTERS)
def give_up() -> Response:
    """Held letters will not go out."""
    return _decide(actions.give_up, _("見送りました。"))


def _decide(decide: Callable[..., int], said: str) -> Response:
    form = forms.LetterForm()
    if form.carry_out(lambda act: decide(act, form.letter.data)):
        return done(
            url_for(".index"),
            _("保留していたメール%(count)s通を%(said)s", count=form.result, said=said),
        )
    return complain(form, url_for(".index"))


@bp.post("/notices/clock")
@guard(Permission.MANAGE_LETTERS)
def trust_clock() -> Response:
    """The clock is right now: reminders go on from here."""
    form = ButtonForm()
    if form.carry_out(actions.trust_clock):
        return done(url_for(".index"), _("今の時計から、お知らせを続けます。"))
    return complain(form, url_for(".index"))


def _get(letter_id: int) -> Letter:
    found = queries.find_letter(letter_id)
    if found is None:
        abort(404)
    town = areas.by_id().get(found.municipality_id or 0)
    require(Permission.READ_LETTERS, *([town.slug] if town else []))
    return found
