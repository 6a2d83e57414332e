"""What `tracker costs split` reads and writes (contracts.md): exact in, exact out.

Nothing is ignored and nothing is guessed: an unknown field, a field given twice, a text where a
number belongs are each refused with a sentence that names them.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, NoReturn, TypeAlias, TypeVar

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.kernel.typed import plain
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import (
    NO_LIMITS,
    PART_FIELDS,
    FormulaPart,
    Limits,
    Rounding,
    not_listed,
    split,
)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader: TypeAlias = Callable[[object, str], T]
# Thirty digits are more than any figure needs, and too few to keep the machine busy.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_RATIO = re.compile(r"[+-]?[0-9]{1,30}/0*[1-9][0-9]{0,29}")


class SplitRequest(NamedTuple):
    """The arguments of `split`, in its order: `split(*request)`; no codes: those of our own table."""

    amount_yen: int
    municipalities: tuple[str, ...]
    parts: tuple[FormulaPart, ...]
    rounding: Rounding
    remainder: str
    limits: Limits = NO_LIMITS
    codes: Mapping[str, str] | None = None


_NEEDED = ("amount_yen", "municipalities", "parts", "rounding", "remainder")


def loads_exact(text: str | bytes) -> object:
    """Parse JSON without ever making a float: 33.3 becomes Fraction(333, 10).

    Raises Refusal for what is not JSON, for NaN and Infinity, and for a field given twice.
    """
    plain = text.removeprefix("\ufeff") if isinstance(text, str) else text
    try:
        parsed: object = json.loads(
            plain,
            parse_float=lambda digits: _decimal(digits, _("ファイル")),
            parse_constant=_not_a_number,
            object_pairs_hook=_each_once,
        )
    except (ValueError, RecursionError):
        raise Refusal(
            _(
                "JSONとして読めません。かっこ・コンマ・引用符と、文字コード（UTF-8）を確かめてください。"
            )
        ) from None
    return parsed


def read_split_request(data: object) -> SplitRequest:
    """Check the shape and the types of parsed JSON; `split` then checks what it means.

    Raises Refusal with a sentence that names the field.
    """
    request = read_record(data, _("ファイル"), needed=_NEEDED, may=("codes", "caps", "floors"))
    limits = {of: request.get(of) or {} for of in ("caps", "floors")}
    names, codes = read_names(request["municipalities"], "municipalities"), request.get("codes")
    of_names = None if codes is None else by_name(_code)(codes, "codes")
    for refusal in not_listed(of_names or {}, names, "codes", "codes"):
        raise refusal
    return SplitRequest(
        read_whole(request["amount_yen"], _("対象額（amount_yen）")),
        names,
        tuple(_part(part) for part in read_items(request["parts"], "parts")),
        _rounding(request["rounding"], "rounding"),
        read_name(request["remainder"], "remainder"),
        Limits(**{of: by_name(read_whole)(value, of) for of, value in limits.items()}),
        of_names,
    )


def split_json(request: SplitRequest) -> dict[str, object]:
    """Divide as the request says; fractions are written "p/q", whole ones too.

    Raises Refusal as `split` does.
    """
    result = split(*request)
    lines = [
        {
            "municipality": line.municipality,
            **line.steps,
            "rounded": line.rounded,
            "share": line.share,
        }
        for line in result.lines
    ]
    return {"shares": result.shares, "total_yen": result.total_yen, "lines": lines}


def _part(data: object) -> FormulaPart:
    part = read_record(data, "parts", needed=("kind",), may=(*PART_FIELDS, "rounding"))
    kind = _one_of(PartKind, part["kind"], "kind")

    def given(field: str, read: Reader[T]) -> T | None:
        value = part.get(field)
        return (
            None
            if value is None
            else read(value, _("%(kind)sの%(field)s", kind=kind.label, field=field))
        )

    return FormulaPart(
        kind,
        percent=given("percent", _percent),
        basis=given("basis", by_name(_number)),
        weights=given("weights", by_name(_exact)),
        amounts=given("amounts", by_name(read_whole)),
        only=given("only", _one_or_more_names),
        rate=given("rate", _exact),
        rounding=given("rounding", _rounding),
    )


def _rounding(data: object, where: str) -> Rounding:
    given = read_record(data, where, needed=("unit", "mode"))
    unit = read_whole(given["unit"], _("端数の単位（unit）"))
    return Rounding(unit, _one_of(RoundingMode, given["mode"], "mode"))


def _code(value: object, where: str) -> str:
    digits = plain(value) if isinstance(value, str) else ""
    if not re.fullmatch("[0-9]{5,6}", digits):
        raise Refusal(
            _("%(where)sの団体コードは、5けたか6けたの数字の文字にしてください。", where=where)
        )
    return digits


def _percent(value: object, where: str) -> Fraction:
    return _exact(plain(value).removesuffix("%") if isinstance(value, str) else value, where)


def _exact(value: object, where: str) -> Fraction:
    """A number, or a text that says one: "21.18", "1/3"."""
    if not isinstance(value, str):
        return _number(value, where)
    digits = plain(value)
    return Fraction(digits) if _RATIO.fullmatch(digits) else _decimal(digits, where)


def _number(value: object, where: str) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(
            _("%(where)sの値は数で入れてください。引用符で囲んだ文字は使えません。", where=where)
        )
    return _decimal(str(value), where)


def _decimal(digits: str, where: str) -> Fraction:
    if not _DECIMAL.fullmatch(digits):
        raise Refusal(
            _(
                "%(where)sの「%(digits)s」は数として読めません。「33.3」のように入れてください。",
                where=where,
                digits=digits[:40],
            )
        )
    return Fraction(digits)


def read_whole(value: object, where: str) -> int:
    """A whole number; `where` names the field.  Raises Refusal."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(_("%(where)sは整数で入れてください。文字や小数は使えません。", where=where))
    return value


def by_name(read: Reader[T]) -> Reader[dict[str, T]]:
    """Reads an object of values by municipality name with `read`.  Raises Refusal."""

    def read_all(value: object, where: str) -> dict[str, T]:
        if not isinstance(value, Mapping):
            raise Refusal(_("%(where)sは「市町村の名前: 数」の組にしてください。", where=where))
        return {read_name(name, where): read(number, where) for name, number in value.items()}

    return read_all


def read_names(value: object, where: str) -> tuple[str, ...]:
    """A list of names; `where` names the field.  Raises Refusal."""
    return tuple(read_name(name, where) for name in read_items(value, where))


def _one_or_more_names(value: object, where: str) -> tuple[str, ...]:
    return (read_name(value, where),) if isinstance(value, str) else read_names(value, where)


def read_name(value: object, where: str) -> str:
    """One name that can be read; `where` names the field.  Raises Refusal."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Refusal(
            _("%(where)sの名前が読めません。市町村の名前を文字で入れてください。", where=where)
        )
    return value


def read_items(value: object, where: str) -> Iterable[object]:
    """The items of a list; `where` names the field.  Raises Refusal."""
    if not isinstance(value, list | tuple):
        raise Refusal(_("%(where)sは [ ] で囲んだ並びにしてください。", where=where))
    return value


def read_record(
    value: object, where: str, *, needed: tuple[str, ...], may: tuple[str, ...] = ()
) -> Mapping[str, object]:
    """An object with all fields of `needed`, and no others but those of `may`.  Raises Refusal."""
    if not isinstance(value, Mapping):
        raise Refusal(_("%(where)sの中身は { } で囲んだ項目の組にしてください。", where=where))
    for field in needed:
        if field not in value:
            raise Refusal(
                _(
                    "%(where)sに「%(field)s」がありません。加えてください。",
                    where=where,
                    field=field,
                )
            )
    for field in value:
        if field not in needed + may:
            raise Refusal(
                _(
                    "%(where)sの「%(field)s」は使えない項目です。消してください。",
                    where=where,
                    field=field,
                )
            )
    return value


def _one_of(choices: type[E], value: object, where: str) -> E:
    if not isinstance(value, str) or value not in list(choices):
        listed = "、".join(choices)
        raise Refusal(
            _("%(where)sは次のどれかにしてください: %(listed)s。", where=where, listed=listed)
        )
    return choices(value)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) < len(pairs):
        twice = next(name for name in read if [key for key, _other in pairs].count(name) > 1)
        raise Refusal(_("「%(twice)s」が2回書かれています。1回だけにしてください。", twice=twice))
    return read


def _not_a_number(word: str) -> NoReturn:
    raise Refusal(_("「%(word)s」は数ではありません。数を入れてください。", word=word))
