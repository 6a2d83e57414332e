"""Numbers, days and times as people type them, made ready to be read."""

import re
import unicodedata

_BLANK = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")


def plain(text: str) -> str:
    """A number, day or time as typed, to be read: full width folded, without blanks.

    Digits are 0 to 9 and ０ to ９ alone: ², ① and ٣ stay what they are, and so do blanks and line
    ends between two digits, so that whoever reads refuses them.  Readers look for [0-9], not \\d.
    """
    folded = "".join(_folded(one) for one in text).replace("\N{MINUS SIGN}", "-")
    return _BLANK.sub("", folded.strip())


def _folded(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    if "０" <= character <= "９" or not any(one.isdigit() for one in folded):
        return folded
    return character
