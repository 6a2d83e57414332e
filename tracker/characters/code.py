"""Codes that people type: Crockford's base 32, which has no look-alikes, in groups."""

import re
import unicodedata

# A digit or letter each, without I, L, O and U: five bits a sign.
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans("OIL", "011")
# Between groups: spaces and hyphens of every kind, and what a Japanese keyboard has in their place.
_BETWEEN = re.compile(r"[\W_ー]")


def written(secret: bytes, groups: int, size: int) -> str:
    """A code of so many groups with so many signs each, made of that many bits of the secret.

    Raises IndexError where the secret is too short.
    """
    bits = "".join(f"{byte:08b}" for byte in secret)
    signs = [SIGNS[int(bits[at * 5 : at * 5 + 5], 2)] for at in range(groups * size)]
    if len(bits) < 5 * len(signs):
        raise IndexError("too few bits for such a code")
    return "-".join("".join(signs[at : at + size]) for at in range(0, len(signs), size))


def read(typed: str) -> str:
    """What was typed, as it is compared: full width, small letters, spaces, hyphens, O for 0 alike."""
    folded = unicodedata.normalize("NFKC", typed).upper()
    return _BETWEEN.sub("", folded).translate(_ALIKE)
