"""Asks for posts and accounts."""

from collections.abc import Iterable

from wtforms import BooleanField, RadioField, SelectField, StringField

from tracker.accounts.models import PostKind
from tracker.plumbing.forms import (
    Form,
    LineField,
    SeenButtonForm,
    SeenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    required,
)


class PostForm(Form):
    """A post: where it stands, what it may do, where its letters go."""

    municipality = must_choose("市町村", "市町村を選んでください。")
    kind = must_choose("役割", "役割を1つ選んでください。", labelled(PostKind), RadioField)
    name = LineField(
        "役職の名前",
        validators=[*required("役職の名前を入力してください（例 企画担当）。"), at_most(100)],
    )
    email = StringField("役職のメールアドレス", validators=[optional(), at_most(254)])
    phone = StringField("電話番号", validators=[optional(), at_most(40)])
    chief = SelectField("期限を過ぎたときに知らせる上司", validators=[optional()])

    def offer_chiefs(self, posts: Iterable[tuple[int, str]]) -> None:
        """Lets one of these posts, or none, be chosen."""
        self.chief.choices = choices([("", "決めない"), *posts])

    @property
    def chief_id(self) -> int | None:
        """The post chosen as chief, or None."""
        return int(self.chief.data) if self.chief.data else None


class EditPostForm(PostForm):
    """The same for a post that exists: its municipality and role stay."""

    seen = SeenField()
    municipality = None
    kind = None


class AccountForm(Form):
    """An account that holds a post."""

    name = LineField(
        "氏名または表示名", validators=[*required("表示する名前を入力してください。"), at_most(100)]
    )
    email = StringField(
        "メールアドレス", validators=[*required("メールアドレスを入力してください。"), at_most(254)]
    )


class ActiveForm(SeenButtonForm):
    """Opens or closes an account."""

    is_active = BooleanField("利用できる")
