"""Which characters a text may hold: none that nobody sees, none that turns its direction.

By Unicode's properties, so that what comes next to what is known today is refused as well.
"""

import re
import unicodedata
from collections.abc import Iterable

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

# Default_Ignorable_Code_Point beside category Cf, and the Braille blank.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_IDEOGRAPH = re.compile(
    "[\u3005-\u3007\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
)
# Bidi_Control.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Of Bidi_Control without the marks that Excel and Teams leave: by themselves they turn nothing.
_WRONG_IN_LINES = re.compile(
    "[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    f"{''.join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))}]"
)
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_WORDS_BEFORE = 6

_HIDDEN, _TURNING = N_("見えない文字"), N_("文字の並ぶ向きを変える見えない文字")
_CONTROL, _BROKEN = N_("画面に表示できない制御文字"), N_("文字化けした文字")
_PRIVATE = N_("外字")
_REMOVE = N_("前後の文字といっしょに消して、打ち直してください。")
_REPLACE = N_("ほかの端末では別の字になるため、標準の漢字かかなに替えてください。")


def one_line(text: str) -> str:
    """A text on one line: without white space or unseen characters around it.

    Excel, Word and Teams leave those at the edge of what is copied, and nobody put them there.
    Those inside stay for `check_line`: only who typed them knows what belongs in their place.
    """
    text = " ".join(part.strip() for part in text.replace("\t", "\n").strip().splitlines())
    ends = [at for at, character in enumerate(text) if not _is_edge(text, at, character)]
    return text[ends[0] : ends[-1] + 1] if ends else ""


def _is_edge(text: str, at: int, character: str) -> bool:
    if character.isspace():
        return True
    return _of_line(text, at) in (_HIDDEN, _TURNING)


def many_lines(text: str) -> str:
    """A text of several lines, without white space around it, each line's end one "\\n".

    Empty where nothing in it is seen.
    """
    return _LINE_END.sub("\n", text).strip() if bare(text) else ""


def bare(text: str) -> str:
    """The text without white space, and without whatever nobody sees."""
    return "".join(one for one in text if not one.isspace() and not _is_unseen(one))


def _is_unseen(character: str) -> bool:
    return bool(_UNSEEN.match(character)) or unicodedata.category(character) == "Cf"


def shown(text: str) -> str:
    """The text without the characters that a line may not hold."""
    return "".join(one for at, one in enumerate(text) if _of_line(text, at) is None)


def check_line(text: str, field: str | None = None) -> None:
    """Refuses a name or another text on one line with a character that it may not hold.

    Those are unseen ones, those that turn the direction, control and private ones (外字), and what
    stands for a byte that could not be read.  A variation selector behind an ideograph (葛󠄀) is
    part of it.
    """
    _check(text, range(len(text)), field)


def check_lines(text: str, field: str | None = None) -> None:
    """Refuses a long text with a control character, or one that turns the direction.

    Line ends and tabs belong to it, and what binds an emoji together.
    """
    _check(text, (found.start() for found in _WRONG_IN_LINES.finditer(text)), field)


def _of_line(text: str, at: int) -> str | None:
    """What is wrong with that character; None where nothing is."""
    character = text[at]
    if character in _TURNS:
        return _TURNING
    if _SELECTOR.match(character) and at and _IDEOGRAPH.match(text[at - 1]):
        return None
    if _is_unseen(character):
        return _HIDDEN
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return _CONTROL
        case "Co":
            return _PRIVATE
        case "Cs":
            return _BROKEN
    return _BROKEN if character == "\ufffd" or _is_no_character(character) else None


def _is_no_character(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"


def _check(text: str, places: Iterable[int], field: str | None) -> None:
    wrong = [(at, what) for at in places if (what := _of_line(text, at))]
    if not wrong:
        return
    at, what = wrong[0]
    raise Refusal(
        _(
            "%(where)sに、%(what)s（U+%(code)s）があります%(more)s。%(todo)s",
            where=_where(text, at),
            what=_(what),
            code=f"{ord(text[at]):04X}",
            more=_("。ほかに%(count)sか所", count=len(wrong) - 1) if len(wrong) > 1 else "",
            todo=_(_REPLACE if what == _PRIVATE else _REMOVE),
        ),
        field=field,
    )


def _where(text: str, at: int) -> str:
    """2行目の3文字目（「企画」のすぐ後ろ）, counted as they are seen."""
    line, begins = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
    before = text[begins:at]
    number = 1 + sum(not _SELECTOR.match(one) for one in before)
    said = _("%(number)s文字目", number=number)
    if "\n" in text:
        said = _("%(line)s行目の%(place)s", line=line, place=said)
    seen = shown(before)[-_WORDS_BEFORE:]
    after = _("（「%(words)s」のすぐ後ろ）", words=seen) if seen.strip() else _("（先頭）")
    return said + after
