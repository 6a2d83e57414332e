"""Forms that ask in Japanese, keep what was typed, and say what to do (ux/spec.md 8)."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from flask import abort, g, redirect, request
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice, SelectFieldBase
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError

from tracker.amounts import yen
from tracker.amounts.exact import read_exact
from tracker.characters.characters import bare, check_line, check_lines, many_lines, one_line
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import plain
from tracker.office_days.office_days import check_stored
from tracker.plumbing import once as one_time
from tracker.plumbing.access import act
from tracker.plumbing.changes import Act, Conflict, Stale, abandon
from tracker.plumbing.db import db

T = TypeVar("T", bound="_HasSlug")
F = TypeVar("F", bound=PlainForm)
_AGAIN = {False: "?again=1", True: "&again=1"}
# What is said of a form that came with another session's token (contracts.md, "Trust").
OLD_TOKEN = {
    True: N_(
        "別の画面でログインし直したため、まだ保存していません。%(left)sもう一度保存してください。"
    ),
    False: N_("しばらく操作がなかったため、まだ送っていません。%(left)sもう一度送ってください。"),
}
# The same of what was kept until its person had signed in again.
KEPT = N_(
    "ログインが切れていたため、まだ保存していません。%(left)s確かめて、もう一度保存してください。"
)
# What is left of a form that was not carried out: of its words, else of its choices, else of a file
# that was kept; a browser shows no file again.
TYPED, CHOSEN, FILE, NO_FILE = LEFT = (
    N_("入力した内容は下に残っています。"),
    N_("選んだ内容は残っています。"),
    N_("選んだファイルは保管しています。"),
    N_("ファイルはもう一度選んでください。"),
)
# The same of a button, which asks for nothing that could be left.
PRESSED = {
    True: N_(
        "別の画面でログインし直したため、まだ行っていません。もう一度ボタンを押してください。"
    ),
    False: N_("しばらく操作がなかったため、まだ送っていません。もう一度ボタンを押してください。"),
}
KEPT_PRESS = N_(
    "ログインが切れていたため、まだ行っていません。内容を確かめて、もう一度ボタンを押してください。"
)
# What the library itself complains of, in our words.
_CHOOSE_AGAIN = N_("示された中から選び直してください。")
_SENTENCES: Mapping[str, str] = {
    "Not a valid choice.": _CHOOSE_AGAIN,
    "Invalid Choice: could not coerce.": _CHOOSE_AGAIN,
    "'%(value)s' is not a valid choice for this field.": _CHOOSE_AGAIN,
}


class _OurWords:
    """Stands where the library keeps its translations."""

    def gettext(self, text: str) -> str:
        return _(_SENTENCES.get(text, text))

    def ngettext(self, singular: str, _plural: str, _number: int) -> str:
        return self.gettext(singular)


class _Wording:
    """The words of this product, whatever the browser's language."""

    def get_translations(self, _form: PlainForm) -> _OurWords:
        return _OurWords()

    def bind_field(
        self, form: PlainForm, unbound: UnboundField, options: Mapping[str, Any]
    ) -> Field:
        """A field as its class describes it, in the language of whoever reads.

        Whatever its class, it takes no character that a text may not hold.
        """
        field = unbound.bind(form=form, **options)
        field.validators = (_check_characters, *field.validators)
        field.label.text, field.description = _(field.label.text), _(field.description)
        if isinstance(field, SelectField):
            if field.invalid_choice_message:
                field.invalid_choice_message = _(field.invalid_choice_message)
            field.choices = field.choices and [
                replace(choice, label=_(choice.label)) for choice in field.choices
            ]
        return field


def _check_characters(_form: PlainForm, field: Field) -> None:
    # A password is shown to nobody and stored nowhere.
    if not isinstance(field.data, str) or isinstance(field, PasswordField) or field.errors:
        return
    check = check_lines if isinstance(field, TextAreaField) else check_line
    try:
        check(field.data)
    except Refusal as refusal:
        raise StopValidation(refusal.message) from refusal


class Row(PlainForm):
    """Some boxes that belong together within a form; for FormField."""

    Meta = _Wording


class Difference(NamedTuple):
    """What somebody typed into a box, and what stands there now."""

    label: str
    typed: str
    stored: str


class SeenField(HiddenField):
    """What the form's author saw of the row it is about (`Versioned.seen`), hidden and opaque."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """A form that came without it saw nothing; what is stored must not stand in for it."""
        self.data = valuelist[0] if valuelist else ""

    def __call__(self, **kwargs: Any) -> Any:
        return super().__call__(autocomplete="off", **kwargs)


class Form(FlaskForm):
    """Every form of the product: shape is checked here, rules speak through `carry_out`.

    A form that overwrites has a `seen` of SeenField, and is always built over what is stored now:
    then a conflict can show both.
    """

    # Boxes that are not stored with the rest: a conflict does not compare them.
    asides: Collection[str] = ()
    result: Any = None
    conflict: Conflict | None = None
    _is_without_key = False
    has_old_token = False

    Meta = _Wording

    @property
    def status(self) -> int:
        """What a page that shows this form answers: 409 for a conflict, 400 without its key or its token."""
        if self.conflict:
            return 409
        if self._is_without_key or self.has_old_token:
            return 400
        return 422 if self.errors else 200

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuses another session's token; says of a closed page that it is (`pages.closed_page`)."""
        if g.get("has_old_token"):
            self.has_old_token = True
            g.given_back = is_kept = g.get("kept_post") is not None
            boxes = [*_boxes(self)]
            kept, old = (KEPT, OLD_TOKEN) if boxes else (KEPT_PRESS, PRESSED)
            said = kept if is_kept else old[g.get("actor") is not None]
            self.form_errors.append(_(said, left=_left(boxes, is_kept)))
            return False
        closed, is_good = g.pop("closed", None), bool(super().validate(extra_validators))
        if closed and not is_good:
            self.form_errors.append(closed)
        return is_good

    def carry_out(self, do: Callable[[Act], Any], *, once: bool = True) -> bool:
        """Whether the form was sent, is good, and the action did what it says.

        The act stays open: `pages.done` commits it with the answer.  A Refusal becomes a sentence
        at its field, and nothing is kept.  What the action returned stands in `result`.  Only a
        form that saves by itself passes `once=False`: it uses no key up.
        """
        if not self.validate_on_submit():
            return False
        if once and one_time.is_missing():
            self._is_without_key = True
            self.form_errors.append(_(one_time.MISSING))
            return False
        mine = act()
        mine.__enter__()
        try:
            if once:
                one_time.claim()
            self.result = do(mine)
            db.session.flush()
        except Conflict as conflict:
            abandon()
            self._show(conflict)
            return False
        except Refusal as refusal:
            abandon()
            self.refuse(refusal)
            return False
        except (StaleDataError, IntegrityError):
            abandon()
            self._show(Conflict([Stale("", None, None)]))
            return False
        return True

    def _show(self, conflict: Conflict) -> None:
        seen = [field for field in self if isinstance(field, SeenField)]
        if seen:
            is_current = all(field.data and field.data == field.object_data for field in seen)
            if is_current and "again" not in request.args:
                # Changed between our reading and our locking: read once more what to show.
                abort(redirect(request.full_path.rstrip("?&") + _AGAIN[bool(request.args)], 307))
            # Seen now: saving once more keeps what stands in the form.
            for field in seen:
                field.data = field.object_data
        self.conflict = conflict
        self.form_errors.append(conflict.message)

    @property
    def differences(self) -> list[Difference]:
        """Box by box what was typed beside what is stored now, where they differ."""
        return list(_differences(field for field in self if field.name not in self.asides))

    def close(self, sentence: str | None) -> None:
        """Says of a form that was sent, in place of all else, why nothing of it can be done any more.

        None: it is open, and nothing is said.
        """
        if sentence and self.is_submitted():
            self.conflict, self.form_errors = None, [sentence]
            for field in self:
                field.errors = ()

    def refuse(self, refusal: Refusal) -> None:
        """Puts the refusal at its field, or over the form when it has none here."""
        if refusal.field and refusal.field in self._fields:
            field = self._fields[refusal.field]
            field.errors = [*field.errors, refusal.message]
        else:
            self.form_errors.append(refusal.message)


def _boxes(fields: Iterable[Field]) -> Iterator[Field]:
    """What a form asks for, box by box."""
    for field in fields:
        if isinstance(field, FieldList | FormField):
            yield from _boxes(field)
        elif not isinstance(field, HiddenField | SubmitField):
            yield field


def _left(boxes: Sequence[Field], is_kept: bool) -> str:
    """What is true of the words, choices and files that were sent (TYPED, CHOSEN, FILE, NO_FILE)."""
    filled = [box for box in boxes if box.raw_data and any(box.raw_data)]
    has_file = any(isinstance(box, FileField) for box in filled)
    left = [FILE] if has_file and is_kept else []
    if any(isinstance(box, StringField) and not isinstance(box, PasswordField) for box in filled):
        left = [TYPED]
    elif any(isinstance(box, SelectFieldBase | BooleanField) for box in filled):
        left = [CHOSEN]
    return "".join(_(one) for one in (*left, *([NO_FILE] if has_file and not is_kept else [])))


def _differences(fields: Iterable[Field], within: str = "") -> Iterator[Difference]:
    for field in fields:
        if isinstance(field, FieldList):
            for number, entry in enumerate(field.entries, 1):
                yield from _differences(
                    [entry], _("%(within)s%(number)s番目の", within=within, number=number)
                )
        elif isinstance(field, FormField):
            yield from _differences(field.form, within)
        elif not isinstance(field, HiddenField | SubmitField | FileField):
            typed, stored = _said(field, field.data), _said(field, field.object_data)
            if typed != stored:
                yield Difference(f"{within}{field.label.text}", typed, stored)


def _said(field: Field, value: Any) -> str:
    """A value of a field as its page shows it."""
    match field:
        case BooleanField():
            return _("はい") if value else _("いいえ")
        case SelectFieldBase():
            if value in (None, "") and isinstance(field, RadioField):
                return _("未回答")
            if value is None and isinstance(field, SelectField):
                # Nothing stored: the browser offers the first choice.
                value = next((option.data for option in field), "")
            chosen = {str(one) for one in (value if isinstance(value, list | tuple) else [value])}
            return "、".join(
                str(option.label.text) for option in field if str(option.data) in chosen
            )
        case _Read():
            return field.show(value) if value is not None else ""
        case _:
            return "" if value is None else str(value).replace("\r\n", "\n")


class ButtonForm(Form):
    """A button with nothing to fill in."""


class SeenButtonForm(Form):
    """A button that decides about what its page showed."""

    seen = SeenField()


class _HasSlug(Protocol):
    @property
    def slug(self) -> str: ...


def with_fields(form: type[F], fields: Mapping[str, Any], *more: type[Form]) -> type[F]:
    """The class of a form with boxes made at run time, and with those of `more` forms."""
    return cast(type[F], type(form.__name__, (form, *more), dict(fields)))


def in_year(form: type[F], year: FiscalYear) -> type[F]:
    """The class of a form whose days, typed as 「12/4」, are read within that fiscal year."""
    days = {
        name: DayField(*field.args, **{**field.kwargs, "within": year})
        for name, field in vars(form).items()
        if isinstance(field, UnboundField) and field.field_class is DayField
    }
    return with_fields(form, days)


def per_town(name: str, towns: Iterable[T], make: Callable[[T], Any]) -> dict[str, Any]:
    """Fields of a form made at run time, one a municipality: NAME_SLUG, in the order given."""
    return {f"{name}_{town.slug}": make(town) for town in towns}


def must_choose(
    label: str, sentence: str, offered: Sequence[SelectChoice] = (), field: Any = SelectField
) -> Any:
    """A field that must be chosen from a list; the sentence says so, also when tampered with."""
    return field(
        label,
        choices=list(offered),
        validators=required(sentence),
        invalid_choice_message=sentence,
    )


def required(sentence: str) -> Sequence[Callable[[PlainForm, Field], None]]:
    """Validators of a field that must be filled in; the sentence says so."""
    return (_Required(sentence), _not_blank(sentence))


class _Required(InputRequired):
    """The library's validator, with its sentence in the language of whoever reads."""

    def __call__(self, form: PlainForm, field: Field) -> None:
        try:
            super().__call__(form, field)
        except StopValidation as stop:
            raise StopValidation(_(str(stop))) from None


def choose() -> tuple[str, str]:
    """The first choice of a list from which one must be chosen."""
    return "", _("選んでください")


def at_most(length: int) -> Callable[[PlainForm, Field], None]:
    """A limit in characters, with the count as typed."""

    def check(_form: PlainForm, field: Field) -> None:
        if field.data and len(field.data) > length:
            raise ValidationError(
                _(
                    "%(length)s字までで入力してください（今 %(count)s字）。",
                    length=length,
                    count=len(field.data),
                )
            )

    return check


def choices(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    """What a select or radio field offers: values with their labels."""
    return [SelectChoice(str(value), label) for value, label in pairs]


def labelled(members: Iterable[Labelled]) -> list[SelectChoice]:
    """What a select or radio field offers of an enum: each value with its label."""
    return choices((one.value, one.label) for one in members)


def whole_number(text: Any) -> int:
    """A filter for hidden fields: the number that came back, 0 for whatever else came."""
    sent = str(text)
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0


def optional() -> Optional:
    """The field may stay empty."""
    return Optional()


def _not_blank(sentence: str) -> Callable[[PlainForm, Field], None]:
    def check(_form: PlainForm, field: Field) -> None:
        if isinstance(field.data, str) and not bare(field.data):
            raise ValidationError(_(sentence))

    return check


class LineField(StringField):
    """A text on one line, without white space or unseen characters around it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[lambda text: text and one_line(text)], **kwargs)


class LinesField(TextAreaField):
    """A text of several lines, counted as its writer counts: one character a line's end.

    White space around it is none of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[lambda text: text and many_lines(text)], **kwargs)


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
        day = wareki.read_day(text, within=self.within)
        check_stored(day)
        return day

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


class SignedYenField(YenField):
    """The same for yen that may be given back: -12,345 or ▲12,345."""

    def read(self, text: str) -> int:
        return yen.read_signed_yen(text)


class CountField(_Read):
    """A whole number between both limits (least, most; yen.read_count); `named` stands in sentences."""

    def __init__(
        self, *args: Any, named: str = N_("数"), limits: Any = (0, None), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.named, self.limits = _(named), limits

    def read(self, text: str) -> int:
        return yen.read_count(text, self.named, *self.limits)

    def show(self, value: int) -> str:
        return yen.grouped(value)


class ExactField(CountField):
    """A number from 0 up with at most so many decimals, kept as it was typed."""

    def __init__(self, *args: Any, decimals: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decimals = decimals

    def read(self, text: str) -> Any:
        return read_exact(text, self.named, self.decimals)

    def show(self, value: Any) -> str:
        return str(value)


class PercentField(_Read):
    """An exact percentage with at most six decimals."""

    def read(self, text: str) -> Decimal:
        digits = plain(text).rstrip("%")
        is_number = re.fullmatch(r"[-+]?[0-9]+(?:\.[0-9]*)?|\.[0-9]+", digits)
        value = Decimal(digits) if is_number else Decimal(-1)
        if not 0 <= value <= 100 or value != round(value, 6):
            said = _("割合は0から100までの数字で、小数は6けたまで入力してください（例 20）。")
            raise Refusal(said)
        return value

    def show(self, value: Decimal) -> str:
        return f"{value.normalize():f}"


__all__ = ["HiddenField"]
