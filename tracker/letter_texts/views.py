"""文面: the words of each kind of letter, to read, to change, to try out and to take back."""

from flask import Blueprint, abort, flash, request, url_for
from werkzeug.wrappers import Response

from tracker.accounts import queries as accounts
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.letter_texts import actions, forms
from tracker.mail import texts as letter_texts
from tracker.mail.kinds import LetterKind, TextUse
from tracker.mail.letters import Recipient
from tracker.mail.texts import LETTER_KINDS
from tracker.municipalities import queries as areas
from tracker.plumbing.access import guard
from tracker.plumbing.changes import Act
from tracker.plumbing.db import seen_of
from tracker.plumbing.forms import SeenButtonForm, choices
from tracker.plumbing.pages import complain, done, finish, page

bp = Blueprint("letter_texts", __name__)

GROUPS = (
    (TextUse.LETTER, N_("用件ごとに送るもの")),
    (TextUse.MATTER, N_("期限のお知らせ")),
    (TextUse.PART, N_("共通の部分")),
)


@bp.get("/notices/templates")
@guard(Permission.MANAGE_LETTERS)
def texts() -> Response:
    """Every kind of letter with the subject that holds now."""
    groups = [
        (_(label), [(kind, one) for kind, one in LETTER_KINDS.items() if one.use is use])
        for use, label in GROUPS
    ]
    words = {kind: letter_texts.words(kind) for kind in LETTER_KINDS}
    changed = {kind for kind in LETTER_KINDS if words[kind] != LETTER_KINDS[kind].original}
    return page("letter_texts/texts.html", groups=groups, words=words, changed=changed)


@bp.route("/notices/templates/<kind>", methods=["GET", "POST"])
@guard(Permission.MANAGE_LETTERS)
def text(kind: str) -> Response:
    """One kind's words: saved, shown to a post, or sent to oneself to try them out."""
    found, row = _get(kind), letter_texts.find(kind)
    stored = {**letter_texts.words(kind)._asdict(), "seen": seen_of(row)}
    form = forms.WordsForm(data=stored)
    to = _reader(form)
    if "try" in request.form and to:
        if form.carry_out(lambda act: _try_out(act, kind, form, to), once=False):
            finish()
            flash(
                _("%(email)s あてに試し送りをしました。次の送信で届きます。", email=form.result),
                "ok",
            )
    elif "preview" in request.form:
        form.validate_on_submit()
    elif form.carry_out(lambda act: actions.change(act, kind, form.read(), form.seen.data)):
        return done(url_for(".texts"), _("「%(found)s」の文面を直しました。", found=found.label))
    return page(
        "letter_texts/text.html",
        form=form,
        kind=kind,
        about=found,
        fields=found.allowed,
        preview=_preview(kind, form, to),
        to=to,
        original_form=SeenButtonForm(data={"seen": seen_of(row)}) if row else None,
    )


@bp.post("/notices/templates/<kind>/original")
@guard(Permission.MANAGE_LETTERS)
def original_text(kind: str) -> Response:
    """最初の文面に戻す."""
    found, form = _get(kind), SeenButtonForm(data={"seen": seen_of(letter_texts.find(kind))})
    if form.carry_out(lambda act: actions.restore(act, kind, form.seen.data)):
        return done(
            url_for(".text", kind=kind),
            _("「%(found)s」を最初の文面に戻しました。", found=found.label),
        )
    return complain(form, url_for(".text", kind=kind))


def _reader(form: forms.WordsForm) -> Recipient | None:
    """The post that was chosen to read the sample, or one of a town."""
    posts = accounts.every_recipient()
    form.post.choices = choices((key, to.name) for key, to in posts.items())
    hub = areas.hub().id
    towns = [to for to in posts.values() if to.municipality_id != hub]
    to = posts.get(form.post.data or "") or next(iter(towns or posts.values()), None)
    form.post.data = to.key if to else ""
    return to


def _get(kind: str) -> LetterKind:
    return LETTER_KINDS.get(kind) or abort(404)


def _try_out(act: Act, kind: str, form: forms.WordsForm, to: Recipient) -> str:
    subject, body = actions.preview(kind, form.read(), to)
    subject = subject or LETTER_KINDS[kind].label
    return actions.send_to_oneself(act, subject, body, f"test:text:{kind}")


def _preview(kind: str, form: forms.WordsForm, to: Recipient | None) -> tuple[str, str] | None:
    """How it reads as typed; what cannot be filled in says so at its field."""
    if to is None:
        return None
    try:
        return actions.preview(kind, form.read(), to)
    except Refusal as refusal:
        if not form.errors:
            form.refuse(refusal)
        return None
