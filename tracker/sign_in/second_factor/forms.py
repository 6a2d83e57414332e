"""Asks for the codes of the second factor, and for the password before it changes."""

from collections.abc import Callable
from typing import Any

from wtforms import PasswordField, StringField

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form, required


def _code() -> Any:
    said = N_("認証コードか予備コードを入力してください。")
    return StringField(N_("認証コード"), validators=required(said))


class SecondCode(Form):
    """The code that the app shows."""

    code = _code()


class StartSecondFactor(Form):
    """Whoever finds the screen open must still know the password; `check` raises Refusal."""

    current = PasswordField(
        N_("今のパスワード"), validators=required(N_("今のパスワードを入力してください。"))
    )

    def __init__(self, check: Callable[..., object]) -> None:
        super().__init__()
        self._check = check

    def validate(self, extra_validators: Any = None) -> bool:
        """Last, before the act begins: nobody else's writing waits for a hash."""
        if not super().validate(extra_validators):
            return False
        db.session.rollback()
        try:
            self._check(
                *(field.data for field in (self.current, self._fields.get("code")) if field)
            )
        except Refusal as refusal:
            self.refuse(Refusal(refusal.message, field=refusal.field or "current"))
            return False
        return True


class ChangeSecondFactor(StartSecondFactor):
    """The password and a code, before the second factor ends or its recovery codes change."""

    code = _code()
