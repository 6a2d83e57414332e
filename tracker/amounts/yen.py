"""Whole yen and whole counts, in and out (ux/spec.md 8 and 10)."""

import re
from fractions import Fraction

from kanjize import kanji2number

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import plain

LARGEST = 10**15
# More signs than any amount has in words.
_LONGEST = 40

_GROUPED = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
_NUMBER = rf"(?:{_GROUPED}|[〇零一二三四五六七八九壱弐参肆伍陸漆捌玖]+)"
_YEN = re.compile(
    rf"[金¥]?((?:{_NUMBER}?[十拾百佰千阡万億兆])*{_NUMBER}?)(円?)[也整]?[-ー―]?(?:\((?:消費)?税込み?\))?"
)
# Too short to be what is left of the unit before it: 12万3 is said for 12万3千 too.
_SHORT = re.compile(rf"(.*?)(?:([百千])([0-9]{{1,2}})|([万億兆])({_NUMBER}))")
_VALUES = {"百": 100, "千": 1_000, "万": 10_000, "億": 10**8, "兆": 10**12}
# Alone they head a table, （単位：千円）, and are no amount.
_HEADS = ("千", "百万")
_OLD_SIGNS = str.maketrans("壹貳參萬圓", "壱弐参万円")
_COUNT = re.compile(_GROUPED)
# Decimals of one unit, 1.5百万円: exact yen or refused.
_SCALED = re.compile(
    rf"[金¥]?((?:{_GROUPED})\.[0-9]+)([十百千]?[万億兆]|[百千])円?[也整]?[-ー―]?(?:\((?:消費)?税込み?\))?"
)
_DECIMAL = re.compile(r"[0-9,億万千百]*\.[0-9]+\D*")
_NEGATIVE = re.compile(r"[¥金]?[-△▲]\D?[0-9,.]+\D*")
_SIGNED = re.compile(r"([金¥]?)(?:[-△▲ー―]|マイナス)(.+)")
_MINUS = "\N{MINUS SIGN}"


def read_yen(text: str, name: str = N_("金額")) -> int:
    """Read an amount as people write it: 115000, １１５，０００, 115千円, ￥115,000-, 1億2,345万円,
    百二十万円, 1.5百万円, 金壱百弐拾万円也, 金120万円整, 115,000円（税込）.

    Returns whole yen. Raises Refusal for nothing, parts of a yen, negatives, words, misplaced commas,
    amounts too large to be meant, and one that says two: 12万3. `name` is what the sentence calls
    the amount.
    """
    folded, name = plain(text).translate(_OLD_SIGNS), _(name)
    if not folded:
        raise Refusal(_("%(name)sを入力してください。ないときは「0」を入れてください。", name=name))
    if _NEGATIVE.fullmatch(folded):
        raise Refusal(_("%(name)sは0円以上で入力してください。", name=name))
    scaled = _SCALED.fullmatch(folded) if len(folded) <= _LONGEST else None
    if scaled:
        exact = Fraction(scaled[1].replace(",", "")) * kanji2number(f"1{scaled[2]}")
        if exact.denominator == 1:
            return _within_reason(int(exact), name)
    if _DECIMAL.fullmatch(folded.lstrip("¥金")):
        raise Refusal(_("%(name)sは小数を使わず、1円単位の整数で入力してください。", name=name))
    found = _YEN.fullmatch(folded)
    written = found[1].replace(",", "") if found else ""
    if len(written) > _LONGEST:
        raise _too_large(name)
    try:
        amount = -1 if written in _HEADS else kanji2number(written)
    except ValueError:
        amount = -1
    if amount < 0:
        raise Refusal(
            _("%(name)sは「115,000円」または「115千円」のように数字で入力してください。", name=name)
        )
    if found and not found[2]:
        _check_one_meaning(written, amount, name)
    return _within_reason(amount, name)


def read_signed_yen(text: str, name: str = N_("金額")) -> int:
    """The same for an amount that may be given back: −12,345, ▲12,345円, マイナス1千円."""
    given_back = _SIGNED.fullmatch(plain(text))
    if given_back is None:
        return read_yen(text, name)
    return -read_yen(given_back[1] + given_back[2], name)


def _check_one_meaning(written: str, amount: int, name: str) -> None:
    found = _SHORT.fullmatch(written)
    if found is None:
        return
    unit, rest = found[2] or found[4], found[3] or found[5]
    more = kanji2number(rest)
    other = amount - more + more * _VALUES[unit] // 10 ** len(rest)
    if len(rest) <= 2 and other != amount:
        raise Refusal(
            _(
                "%(name)sの「%(written)s」は、%(one)sとも%(other)sとも読めます。"
                "「%(one)s」か「%(other)s」のように、最後まで入力してください。",
                name=name,
                written=written,
                one=yen(amount),
                other=yen(other),
            )
        )


def read_count(text: str, name: str, least: int = 0, most: int | None = None) -> int:
    """Read a whole number, also full-width; `name` is what it counts (「参加者数」).

    Raises Refusal with the sentences of ux/spec.md 8; both limits stand in one.
    """
    folded = plain(text)
    if not folded:
        raise Refusal(ask_for_count(name))
    if _COUNT.fullmatch(folded):
        digits = folded.replace(",", "")
        # Python refuses to read thousands of digits with an error of its own.
        if len(digits) > _LONGEST:
            raise _too_large(name) if most is None else _beyond(name, least, most)
        check_count(int(digits), name, least, most)
        return _within_reason(int(digits), name)
    if re.fullmatch(r"-?[0-9,]*\.?[0-9]+", folded) and ("-" in folded or "." in folded):
        raise _beyond(name, least, most)
    raise Refusal(_("%(name)sは数字で入力してください（例 12）。全角でも入力できます。", name=name))


def check_count(
    value: int, name: str, least: int, most: int | None, field: str | None = None
) -> None:
    """Refuses, beside that field, what is not within both limits; None: there is no upper one."""
    if value < least or (most is not None and value > most):
        raise _beyond(name, least, most, field)


def _beyond(name: str, least: int, most: int | None, field: str | None = None) -> Refusal:
    said = (
        _("%(name)sは%(least)s以上の整数で入力してください。", name=name, least=least)
        if most is None
        else _(
            "%(name)sは%(least)sから%(most)sまでの整数で入力してください。",
            name=name,
            least=least,
            most=most,
        )
    )
    return Refusal(said, field=field)


def ask_for_count(name: str) -> str:
    """「参加者数を入力してください。いなかったときは「0」を…」; for things it says なかった."""
    absent = _("いなかった") if name.endswith(("者数", "人数")) else _("なかった")
    return _(
        "%(name)sを入力してください。%(absent)sときは「0」を入れてください。",
        name=name,
        absent=absent,
    )


def _within_reason(value: int, name: str) -> int:
    if value > LARGEST:
        raise _too_large(name)
    return value


def _too_large(name: str) -> Refusal:
    return Refusal(_("%(name)sが大きすぎます。桁を確かめてください。", name=name))


def grouped(n: int) -> str:
    """「115,000」, for table columns headed 「（円）」; a real minus sign before negatives."""
    return f"{n:,}".replace("-", _MINUS)


def yen(n: int) -> str:
    """「115,000円」."""
    return f"{grouped(n)}円"


def thousands(n: int) -> str:
    """「415,530千円」: yen rounded half up (away from zero) to thousands, for statistics."""
    rounded = (abs(n) + 500) // 1000
    return f"{grouped(rounded if n >= 0 else -rounded)}千円"


def signed(n: int) -> str:
    """「+2,034」「−792」「0」: what a rounding or a reconciliation moved."""
    return f"+{grouped(n)}" if n > 0 else grouped(n)
