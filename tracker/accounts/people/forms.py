"""Asks for posts and accounts."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, RadioField, SelectField

from tracker.accounts.models import PostKind
from tracker.kernel.translation import N_, _
from tracker.plumbing.forms import (
    Form,
    LineField,
    LinesField,
    SeenButtonForm,
    SeenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    required,
)


def _reason() -> Any:
    return LinesField(N_("ほかの市町村の登録を変える理由"), validators=[optional(), at_most(400)])


# A member of the council is entered with its term, on the council's own page.
OFFERED = labelled(kind for kind in PostKind if kind is not PostKind.COUNCIL)


class PostForm(Form):
    """A post: where it stands, what it may do, where its letters go."""

    municipality = must_choose(N_("市町村"), N_("市町村を選んでください。"))
    kind = must_choose(N_("役割"), N_("役割を1つ選んでください。"), OFFERED, RadioField)
    name = LineField(
        N_("役職の名前"),
        validators=[*required(N_("役職の名前を入力してください（例 企画担当）。")), at_most(100)],
    )
    email = LineField(N_("役職のメールアドレス"), validators=[optional(), at_most(254)])
    phone = LineField(N_("電話番号"), validators=[optional(), at_most(40)])
    chief = SelectField(N_("期限を過ぎたときに知らせる上司"), validators=[optional()])

    def offer_chiefs(self, posts: Iterable[tuple[int, str]]) -> None:
        """Lets one of these posts, or none, be chosen."""
        self.chief.choices = choices([("", _("決めない")), *posts])

    @property
    def chief_id(self) -> int | None:
        """The post chosen as chief, or None."""
        return int(self.chief.data) if self.chief.data else None


class EditPostForm(PostForm):
    """The same for a post that exists: its municipality and role stay."""

    seen = SeenField()
    municipality = None
    kind = None
    reason = _reason()
    asides = ("reason",)


class AccountForm(Form):
    """An account that holds a post."""

    name = LineField(
        N_("氏名または表示名"),
        validators=[*required(N_("表示する名前を入力してください。")), at_most(100)],
    )
    email = LineField(
        N_("メールアドレス"),
        validators=[*required(N_("メールアドレスを入力してください。")), at_most(254)],
    )
    reason = _reason()


class ActiveForm(SeenButtonForm):
    """Opens or closes an account."""

    is_active = BooleanField(N_("利用できる"))
    reason = _reason()
