"""What people type, made ready to be read or compared."""

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


def even(text: str) -> str:
    """Words as they are compared: full width folded, and without the blanks that tell nothing apart."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _folded(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    if "０" <= character <= "９" or not any(one.isdigit() for one in folded):
        return folded
    return character
