"""Whole yen and whole counts, in and out (ux/spec.md 8 and 10)."""

import re

from tracker.kernel.characters import plain
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

LARGEST = 10**15

_UNITS = {"": 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "億": 100_000_000}
_GROUPED = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
_YEN = re.compile(rf"[金¥]?({_GROUPED})({'|'.join(_UNITS)})円?")
_COUNT = re.compile(_GROUPED)
_DECIMAL = re.compile(r"[0-9,]*\.[0-9]+\D*")
_NEGATIVE = re.compile(r"[¥金]?[-△▲]\D?[0-9,.]+\D*")
_MINUS = "\N{MINUS SIGN}"


def read_yen(text: str, name: str = N_("金額")) -> int:
    """Read an amount as people write it: 115000, １１５，０００, 115千円, ￥115,000, 3万円.

    Returns whole yen. Raises Refusal for nothing, decimals, negatives, words, misplaced commas and
    amounts too large to be meant; `name` is what the sentence calls the amount.
    """
    folded, name = plain(text), _(name)
    if not folded:
        raise Refusal(_("%(name)sを入力してください。ないときは「0」を入れてください。", name=name))
    if _NEGATIVE.fullmatch(folded):
        raise Refusal(_("%(name)sは0円以上で入力してください。", name=name))
    if _DECIMAL.fullmatch(folded.lstrip("¥金")):
        raise Refusal(_("%(name)sは小数を使わず、1円単位の整数で入力してください。", name=name))
    found = _YEN.fullmatch(folded)
    if found is None:
        raise Refusal(
            _("%(name)sは「115,000円」または「115千円」のように数字で入力してください。", name=name)
        )
    return _within_reason(found[1], _UNITS[found[2]], name)


def read_count(text: str, name: str) -> int:
    """Read a whole number from 0 up, also full-width; `name` is what it counts (「参加者数」).

    Raises Refusal with the sentences of ux/spec.md 8.
    """
    folded = plain(text)
    if not folded:
        raise Refusal(ask_for_count(name))
    if _COUNT.fullmatch(folded):
        return _within_reason(folded, 1, name)
    if re.fullmatch(r"-?[0-9,]*\.?[0-9]+", folded) and ("-" in folded or "." in folded):
        raise Refusal(_("%(name)sは0以上の整数で入力してください。", name=name))
    raise Refusal(_("%(name)sは数字で入力してください（例 12）。全角でも入力できます。", name=name))


def ask_for_count(name: str) -> str:
    """「参加者数を入力してください。いなかったときは「0」を…」; for things it says なかった."""
    absent = _("いなかった") if name.endswith(("者数", "人数")) else _("なかった")
    return _(
        "%(name)sを入力してください。%(absent)sときは「0」を入れてください。",
        name=name,
        absent=absent,
    )


def _within_reason(digits: str, unit: int, name: str) -> int:
    bare = digits.replace(",", "")
    # Python refuses to read thousands of digits with an error of its own: the length comes first.
    if len(bare) > len(str(LARGEST)) or int(bare) * unit > LARGEST:
        raise Refusal(_("%(name)sが大きすぎます。桁を確かめてください。", name=name))
    return int(bare) * unit


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
