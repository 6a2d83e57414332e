"""Asks who comes in, for a new password, and for the area before anything else."""

import re
from collections.abc import Callable, Collection, Iterable
from hmac import compare_digest
from typing import Any

from flask import current_app
from wtforms import HiddenField, PasswordField, StringField, TextAreaField, ValidationError

from tracker.accounts.models import LinkUse, Person
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities.actions import NewTown
from tracker.municipalities.rules import code_readings, read_code
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form, LineField, at_most, optional, required, whole_number
from tracker.sign_in.password.actions import hash_password
from tracker.sign_in.password.rules import PASSWORD_HINT, check_password

WRONG_CODE = N_(
    "設定用コードが違います。起動した画面に「Set-up code:」として表示された文字を入力してください。"
    "表示がないときは、`tracker setup` で設定してください。"
)


def _email() -> Any:
    said = N_("メールアドレスを入力してください。")
    return StringField(N_("メールアドレス"), validators=required(said))


class SignInForm(Form):
    """Address and password."""

    email = _email()
    password = PasswordField(
        N_("パスワード"), validators=required(N_("パスワードを入力してください。"))
    )


class PlaceForm(Form):
    """The session to be ended, hidden."""

    place = HiddenField(filters=[whole_number])


class ForgottenForm(Form):
    """The address that a letter is wanted for."""

    email = StringField(
        N_("メールアドレス"),
        validators=[*required(N_("メールアドレスを入力してください。")), at_most(254)],
    )


class NewPassword(Form):
    """Asks for a new password, shown to nobody; its hash stands in `hashed` when all is good."""

    password = PasswordField(
        N_("新しいパスワード"),
        description=PASSWORD_HINT,
        validators=required(N_("パスワードを入力してください。")),
    )
    hashed = ""

    def words(self) -> Iterable[str]:
        """What whoever knows the owner would try first."""
        return ()

    def prove(self) -> None:
        """Looks at what else must be right before anything is hashed; raises Refusal."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Hashes last, before the act begins: nobody else's writing waits for it."""
        if not super().validate(extra_validators):
            return False
        db.session.rollback()
        try:
            check_password(self.password.data or "", self.words())
            self.prove()
            self.hashed = hash_password(self.password.data or "")
        except Refusal as refusal:
            self.refuse(refusal)
            return False
        return True


class CodePassword(NewPassword):
    """By the code of a letter, where its link cannot be opened.

    `check_code` takes address and code, and gives what the link stands for (`use`, `token`); it
    raises Refusal for a wrong one.
    """

    email = _email()
    code = StringField(
        N_("メールのコード"), validators=required(N_("メールにあるコードを入力してください。"))
    )
    link: tuple[LinkUse, str]

    def __init__(self, check_code: Callable[[str, str], tuple[LinkUse, str]]) -> None:
        super().__init__()
        self._check = check_code

    def words(self) -> Iterable[str]:
        """The parts of the address."""
        return re.split(r"[@.]", self.email.data or "")

    def prove(self) -> None:
        """The code, counted and delayed as a password."""
        self.link = self._check(self.email.data or "", self.code.data or "")


class ChangePassword(NewPassword):
    """One's own: whoever finds the screen open must still know the one that holds.

    `check_current` raises Refusal for a wrong one.
    """

    current = PasswordField(
        N_("今のパスワード"), validators=required(N_("今のパスワードを入力してください。"))
    )

    def __init__(self, person: Person, check_current: Callable[[str], object]) -> None:
        super().__init__()
        self._words, self._check = (person.name, *re.split(r"[@.]", person.email)), check_current

    def words(self) -> Iterable[str]:
        """The name, and the parts of the address."""
        return self._words

    def prove(self) -> None:
        """The password that holds, counted and delayed as at signing in."""
        try:
            self._check(self.current.data or "")
        except Refusal as refusal:
            raise Refusal(refusal.message, field="current") from refusal


class SetupForm(NewPassword):
    """The area before anything else: municipalities a line each, hub, first admin."""

    code = StringField(
        N_("設定用コード"), validators=required(N_("設定用コードを入力してください。"))
    )
    area = LineField(
        N_("圏域の名前"),
        validators=[
            *required(N_("圏域の名前を入力してください（例 青森圏域連携中枢都市圏）。")),
            at_most(100),
        ],
    )
    towns = TextAreaField(
        N_("市町村"), validators=required(N_("市町村を、1行に1つずつ入力してください。"))
    )
    hub = LineField(
        N_("連携中枢都市"),
        validators=[*required(N_("連携中枢都市の名前を入力してください。")), at_most(60)],
    )
    phone = LineField(N_("事務局の電話番号"), validators=[optional(), at_most(40)])
    email = StringField(
        N_("管理者のメールアドレス"),
        validators=required(N_("管理者のメールアドレスを入力してください。")),
    )
    password = PasswordField(
        N_("管理者のパスワード"),
        description=PASSWORD_HINT,
        validators=required(N_("管理者のパスワードを入力してください。")),
    )

    def validate_code(self, field: StringField) -> None:
        """Only who started the product knows the code: it stands on that terminal alone."""
        asked = current_app.config["SETUP_CODE"]
        typed = (field.data or "").strip().lower()
        if not asked or not compare_digest(typed.encode(), asked.lower().encode()):
            raise ValidationError(_(WRONG_CODE))

    def read_towns(self) -> list[NewTown]:
        """The municipalities as typed; see `read_towns`."""
        return read_towns(self.towns.data or "")


def read_towns(text: str) -> list[NewTown]:
    """Reads lines of code, name, reading and (optional) slug; refuses others by line."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    codes = [code_readings(words[0]) for _other, words in lines if words]
    prefectures = {found[0][:2] for found in codes if len(found) == 1}
    return [_town(number, words, prefectures) for number, words in lines if words]


def _town(number: int, words: list[str], prefectures: Collection[str]) -> NewTown:
    if not 2 <= len(words) <= 4 or not words[0].isdecimal():
        raise Refusal(
            _(
                "%(number)s行目「%(words)s」を読めませんでした。「02201 青森市 あおもりし」のように、"
                "コード・名前・よみを空白で区切ってください。",
                number=number,
                words=" ".join(words)[:30],
            ),
            field="towns",
        )
    typed, name, kana, slug = (*words, "", "")[:4]
    try:
        code = read_code(typed, prefectures)
    except Refusal as refusal:
        raise Refusal(
            _("%(number)s行目の%(refusal)s", number=number, refusal=refusal.message), field="towns"
        ) from refusal
    if slug and not (slug.isascii() and slug.isalnum()):
        raise Refusal(
            _(
                "%(number)s行目の英字名「%(slug)s」は、半角の英数字にしてください。",
                number=number,
                slug=slug,
            ),
            field="towns",
        )
    return NewTown(code, name, kana, (slug or code).lower())
