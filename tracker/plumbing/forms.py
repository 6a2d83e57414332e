"""Forms that ask in Japanese, keep what was typed, and say what to do (ux/spec.md 8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Field, HiddenField, StringField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from tracker.kernel import wareki, yen
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db

CONFLICT = "ほかの人が先に直しました。最新の内容を確かめてから、もう一度保存してください。"
ZERO_BYTE = "使えない文字が入っています。入力し直してください。"
# What the library itself complains of, in our words.
_CHOOSE_AGAIN = "示された中から選び直してください。"
_SENTENCES: Mapping[str, str] = {
    "Not a valid choice.": _CHOOSE_AGAIN,
    "Invalid Choice: could not coerce.": _CHOOSE_AGAIN,
    "'%(value)s' is not a valid choice for this field.": _CHOOSE_AGAIN,
}


class _OurWords:
    """Stands where the library keeps its translations."""

    def gettext(self, text: str) -> str:
        return _SENTENCES.get(text, text)

    def ngettext(self, singular: str, _plural: str, _number: int) -> str:
        return self.gettext(singular)


class _Wording:
    """The words of this product, whatever the browser's language."""

    def get_translations(self, _form: PlainForm) -> _OurWords:
        return _OurWords()


class Row(PlainForm):
    """Some boxes that belong together within a form; for FormField."""

    Meta = _Wording


class Form(FlaskForm):
    """Every form of the product: shape is checked here, rules speak through `attempt`."""

    result: Any = None

    Meta = _Wording

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuses a zero byte, which PostgreSQL cannot keep."""
        is_good = bool(super().validate(extra_validators))
        for field in self:
            if isinstance(field.data, str) and "\0" in field.data and not field.errors:
                field.errors, is_good = [ZERO_BYTE], False
        return is_good

    def attempt(self, act: Callable[[], Any]) -> bool:
        """Carries out an action; a Refusal becomes a sentence at its field, nothing is kept.

        What the action returned stands in `result` afterwards.
        """
        try:
            self.result = act()
        except Refusal as refusal:
            db.session.rollback()
            self.refuse(refusal)
            return False
        except StaleDataError:
            db.session.rollback()
            self.refuse(Refusal(CONFLICT))
            return False
        return True

    def refuse(self, refusal: Refusal) -> None:
        """Puts the refusal at its field, or over the form when it has none here."""
        if refusal.field and refusal.field in self._fields:
            field = self._fields[refusal.field]
            field.errors = [*field.errors, refusal.message]
        else:
            self.form_errors.append(refusal.message)


def required(sentence: str) -> Sequence[Callable[[PlainForm, Field], None]]:
    """Validators of a field that must be filled in; the sentence says so."""
    return (InputRequired(sentence), _not_blank(sentence))


def at_most(length: int) -> Callable[[PlainForm, Field], None]:
    """A limit in characters, with the count as typed."""

    def check(_form: PlainForm, field: Field) -> None:
        if field.data and len(field.data) > length:
            raise ValidationError(f"{length}字までで入力してください（今 {len(field.data)}字）。")

    return check


def choices(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    """What a select or radio field offers: values with their labels."""
    return [SelectChoice(str(value), label) for value, label in pairs]


def whole_number(text: Any) -> int:
    """A filter for hidden fields: the number that came back, 0 for whatever else came."""
    plain = str(text)
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else 0


def optional() -> Optional:
    """The field may stay empty."""
    return Optional()


def _not_blank(sentence: str) -> Callable[[PlainForm, Field], None]:
    def check(_form: PlainForm, field: Field) -> None:
        if isinstance(field.data, str) and not field.data.strip():
            raise ValidationError(sentence)

    return check


class _Read(StringField):
    """A text box whose text is read into a value; what was typed is shown again."""

    data: Any

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> str:
        raise NotImplementedError

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.show(self.data) if self.data is not None else ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = self.read(valuelist[0])
            except Refusal as refusal:
                raise ValueError(refusal.message) from refusal


class DayField(_Read):
    """A day: 令和8年11月30日, 2026/11/30, 11/30 within the fiscal year ..."""

    def __init__(self, *args: Any, within: FiscalYear | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.within = within

    def read(self, text: str) -> date:
        return wareki.read_day(text, within=self.within)

    def show(self, value: date) -> str:
        return wareki.long(value)


class TimeField(_Read):
    """An hour of the day: 14:00, 14時30分."""

    def read(self, text: str) -> time:
        return wareki.read_time(text)

    def show(self, value: time) -> str:
        return value.strftime("%H:%M")


class YenField(_Read):
    """Whole yen: 115,000 or 115千円, full-width digits too."""

    def read(self, text: str) -> int:
        return yen.read_yen(text)

    def show(self, value: int) -> str:
        return yen.grouped(value)


class CountField(_Read):
    """A whole number of things, 0 or more; `named` stands in the sentences."""

    def __init__(self, *args: Any, named: str = "数", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.named = named

    def read(self, text: str) -> int:
        return yen.read_count(text, self.named)

    def show(self, value: int) -> str:
        return yen.grouped(value)


class PercentField(_Read):
    """An exact percentage with at most six decimals."""

    def read(self, text: str) -> Decimal:
        import unicodedata

        plain = unicodedata.normalize("NFKC", text).strip().rstrip("%")
        try:
            value = Decimal(plain)
        except InvalidOperation:
            raise Refusal("割合は数字で入力してください（例 20）。") from None
        if not value.is_finite() or not 0 <= value <= 100 or value != round(value, 6):
            raise Refusal("割合は0から100までの数字で入力してください。")
        return value

    def show(self, value: Decimal) -> str:
        return f"{value.normalize():f}"


__all__ = [
    "CountField",
    "DayField",
    "Form",
    "HiddenField",
    "Length",
    "PercentField",
    "Row",
    "TimeField",
    "YenField",
    "at_most",
    "choices",
    "optional",
    "required",
    "whole_number",
]
