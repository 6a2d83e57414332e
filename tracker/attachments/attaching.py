"""The pages of attachments, the same for every subject: what is there, adding to it, taking out."""

from collections.abc import Callable, Sequence
from io import BytesIO

from flask import abort, send_file
from flask_wtf.file import MultipleFileField
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from tracker.attachments.uploads import ACCEPTED, TYPES, Attachment, Sent, content_of, receive
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import Form, SeenButtonForm
from tracker.plumbing.pages import done, page
from tracker.struck.views import strike_page


class AttachForm(Form):
    """Files to be attached; `sent` holds them once each was judged by what it holds."""

    files = MultipleFileField(N_("添付するファイル"))
    sent: Sequence[Sent] = ()

    def validate_files(self, field: MultipleFileField) -> None:
        """Says which file cannot be taken, and what to do with it."""
        if not field.data:
            raise ValidationError(_("添付するファイルを選んでください。"))
        try:
            self.sent = receive(field.data)
        except Refusal as refusal:
            raise ValidationError(refusal.message) from refusal


def attach_page(
    form: AttachForm, found: Sequence[Attachment], base: str, back: str, named: str, readers: str
) -> Response:
    """What is attached and what may be added; `base` is the address of this page.

    `readers` says who may open the files.
    """
    return page(
        "attach.html",
        form,
        attachments=found,
        base=base,
        back=back,
        named=named,
        readers=readers,
        accepted=_(ACCEPTED),
        endings=",".join(f".{one}" for one in TYPES),
    )


def take_out_page(
    one: Attachment,
    seen: str,
    take_out: Callable[[Act, str | None, str | None], None],
    put_back: Callable[[Act, str | None], None],
    *,
    has_been_seen: bool,
    back: str,
    check: Callable[[], object],
) -> Response:
    """Strikes a file through with its reason, or puts it back; one that others never saw is removed."""
    if has_been_seen:
        return strike_page(
            one, seen, take_out, put_back, named=one.name, back=back, check=check,
            notes=[_("ファイルは開けなくなります。名前と照合値は残ります。")],
        )  # fmt: skip
    form = SeenButtonForm(seen=seen)
    if form.carry_out(lambda act: take_out(act, None, form.seen.data)):
        return done(back, _("「%(name)s」を外しました。", name=one.name))
    return page("detach.html", form, one=one, back=back)


def download(one: Attachment | None) -> Response:
    """A file to be kept, never to be shown within our pages; 404 where there is none to give."""
    if one is None:
        abort(404)
    if one.is_struck:
        abort(404, _("このファイルは取り消されています。元に戻すと開けます。"))
    content = content_of(one.sha256)
    if content is None:
        abort(
            404,
            _("このファイルは、サーバーから失われたか、壊れています。管理者へお知らせください。"),
        )
    kind = TYPES[one.type][1]
    answer = send_file(BytesIO(content), kind, as_attachment=True, download_name=one.name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
