"""Asks who holds a post now, and what its next holder should know."""

from collections.abc import Iterable, Mapping

from tracker.accounts.duties import UnseenChange
from tracker.accounts.handover.actions import LONGEST_WORDS, Words
from tracker.accounts.queries import StaffedPost
from tracker.kernel.translation import N_
from tracker.plumbing.forms import (
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    optional,
    required,
    with_fields,
)


class ManySeenForm(Form):
    """A button about several rows; `confirm_form` adds what was seen of each."""

    @property
    def seen_of(self) -> Mapping[int, str]:
        """What was seen of each, by its id."""
        seen = (field for field in self if isinstance(field, SeenField))
        return {int(field.name.removesuffix("-seen")): field.data for field in seen}


def confirm_form(shown: Iterable[StaffedPost | UnseenChange]) -> ManySeenForm:
    """変更なし, 確認しました: a button about what its page shows (fields `<id>-seen`)."""

    fields = {f"{one.id}-seen": SeenField(default=one.seen) for one in shown}
    return with_fields(ManySeenForm, fields)()


class MailboxForm(Form):
    """The new address and telephone of a post that gets letters and has no account."""

    seen = SeenField()
    email = LineField(
        N_("メールアドレス"),
        validators=[*required(N_("メールアドレスを入力してください。")), at_most(254)],
    )
    phone = LineField(N_("電話番号"), validators=[optional(), at_most(40)])

    @property
    def holder(self) -> tuple[str, str, str | None]:
        """Name (none for a post without account), address and telephone, as the action takes them."""
        name = self["name"].data if "name" in self else ""
        return name, self.email.data, self.phone.data or None


class HolderForm(MailboxForm):
    """The new holder of a post that signs in."""

    name = LineField(
        N_("新しい担当者の氏名または表示名"),
        validators=[*required(N_("新しい担当者の名前を入力してください。")), at_most(100)],
    )


def holder_form(post: StaffedPost) -> MailboxForm:
    """The form that fits the post, over what is stored of it."""
    stored = {"phone": post.phone, "seen": post.seen}
    if post.kind.signs_in:
        return HolderForm(data=stored)
    return MailboxForm(data={**stored, "email": post.mailbox})


def _words(label: str) -> LinesField:
    return LinesField(label, [optional(), at_most(LONGEST_WORDS)])


class MemoForm(Form):
    """引継ぎメモ: three boxes (ux/spec.md 7.14)."""

    seen = SeenField()
    cautions = _words(N_("今年の要注意"))
    stumbles = _words(N_("毎年つまずく所"))
    contacts = _words(N_("連絡先"))

    @property
    def words(self) -> Words:
        """What was written, as the action takes it."""
        return Words(self.cautions.data or "", self.stumbles.data or "", self.contacts.data or "")
