"""What the words of a letter must keep to when somebody changes them (ux/spec.md 7.10)."""

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail.kinds import LetterKind
from tracker.mail.wording import Wording, fields_of

MOST_SUBJECT = 100
MOST_BODY = 4000


def check_words(kind: LetterKind, words: Wording) -> None:
    """Refuses, at the field: no subject, a subject of two lines, fields nobody fills in, a lost link."""
    _check_subject(kind, words.subject)
    for field, text in (("subject", words.subject), ("body", words.body)):
        for name in fields_of(text):
            if name not in kind.allowed:
                raise Refusal(
                    _(
                        "〔%(name)s〕という差し込みはありません。この画面の「使える差し込み」"
                        "から選んでください。",
                        name=name,
                    ),
                    field=field,
                )
        _check_brackets(field, text)
    if "リンク" in kind.original.fields and "リンク" not in words.fields:
        raise Refusal(
            _("〔リンク〕は残してください。受け取った方が、画面を開けなくなります。"), field="body"
        )


def _check_subject(kind: LetterKind, subject: str) -> None:
    if kind.original.subject and not subject:
        raise Refusal(_("件名を入力してください。"), field="subject")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in subject):
        raise Refusal(_("件名は1行で入力してください。改行は使えません。"), field="subject")
    if len(subject) > MOST_SUBJECT:
        raise Refusal(
            _(
                "%(most_subject)s字までで入力してください（今 %(count)s字）。",
                most_subject=MOST_SUBJECT,
                count=len(subject),
            ),
            field="subject",
        )


def _check_brackets(field: str, text: str) -> None:
    rest = text
    for name in fields_of(text):
        rest = rest.replace(f"〔{name}〕", "")
    if "〔" in rest or "〕" in rest:
        raise Refusal(_("「〔」と「〕」は、差し込みを囲むときだけ使えます。"), field=field)
