"""How searches compare what people type."""

import re
import unicodedata

from tracker.characters.characters import bare

# NFKC makes up to 18 characters of one; a column for keys is as long.
LONGEST_KEY = 200

_TO_KATAKANA = {ord(kana): ord(kana) + 0x60 for kana in map(chr, range(0x3041, 0x3097))}
_SMALL_KE = re.compile(r"(?<=[\u4e00-\u9fff々])[ヶヵガケ](?=[\u4e00-\u9fff々])")


def search_key(name: str) -> str:
    """A name as searches compare it: NFKC, small letters, katakana, 外ヶ浜 = 外ケ浜 = 外が浜, 葛󠄀 = 葛."""
    folded = unicodedata.normalize("NFKC", name).lower().translate(_TO_KATAKANA)
    return _SMALL_KE.sub("ケ", bare(folded))[:LONGEST_KEY]
