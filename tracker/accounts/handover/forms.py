"""Asks who holds a post now, and what its next holder should know."""

from typing import Any

from wtforms import HiddenField, StringField, TextAreaField

from tracker.accounts.handover.actions import LONGEST_WORDS, Words
from tracker.plumbing.forms import Form, at_most, optional, required


class ConfirmForm(Form):
    """Only a button: 変更なし."""


class MailboxForm(Form):
    """The new address and telephone of a post that gets letters and has no account."""

    email = StringField(
        "メールアドレス", validators=[*required("メールアドレスを入力してください。"), at_most(254)]
    )
    phone = StringField("電話番号", validators=[optional(), at_most(40)])


class HolderForm(MailboxForm):
    """The new holder of a post that signs in."""

    name = StringField(
        "新しい担当者の氏名または表示名",
        validators=[*required("新しい担当者の名前を入力してください。"), at_most(100)],
    )


def _whole(text: Any) -> int:
    """The version that came back; whatever else came is no version."""
    plain = str(text)
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else 0


class _Lines(TextAreaField):
    """A text of several lines, counted as its writer counts."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(
            label,
            validators=[optional(), at_most(LONGEST_WORDS)],
            filters=[lambda text: text and text.replace("\r\n", "\n")],
            **kwargs,
        )


class MemoForm(Form):
    """引継ぎメモ: three boxes (ux/spec.md 7.14)."""

    version = HiddenField(filters=[_whole])
    cautions = _Lines("今年の要注意")
    stumbles = _Lines("毎年つまずく所")
    contacts = _Lines("連絡先")

    @property
    def words(self) -> Words:
        """What was written, as the action takes it."""
        return Words(self.cautions.data or "", self.stumbles.data or "", self.contacts.data or "")
