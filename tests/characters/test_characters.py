"""What a text may hold: by Unicode's properties, as the library `regex` knows them."""

import unicodedata

import pytest
import regex

from tracker.characters.characters import check_line, check_lines, many_lines, one_line
from tracker.kernel.refusal import Refusal

IGNORED = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]")
HIDDEN = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Bidi_Control}"
    r"\p{Cf}\p{Cc}\p{Co}\p{Cs}]"
)
IDEOGRAPH = regex.compile(r"[\p{Ideographic}々]")
KEPT = (
    "葛󠄀飾",
    "辻󠄀",
    "神\ufe00",
    "企画　担当",
    "外ヶ浜町",
    "﨑・髙・𠮷野家",
    "㈱ＩＣＴ①",
    "مرحبا",
    "🍎",
)


def said(text: str, check=check_line) -> str | None:
    try:
        check(text)
    except Refusal as refusal:
        return refusal.message
    return None


@pytest.mark.parametrize("name", KEPT)
def test_names_as_people_write_them_stay(name: str) -> None:
    assert said(name) is None and one_line(f" {name}　") == name


def test_of_all_characters_those_are_refused_whose_property_says_so() -> None:
    more = {"\u2800", "\ufffd", "\u2028", "\u2029"}
    kept, refused = [], []
    for character in map(chr, range(0xF0000)):
        # A property may be younger than this Python's Unicode.
        is_known = unicodedata.category(character) != "Cn" or IGNORED.match(character)
        if is_known:
            is_wrong = HIDDEN.match(character) or character in more
            (refused if is_wrong else kept).append(character)
    assert said("a".join(kept)) is None
    assert [f"U+{ord(one):04X}" for one in refused if not said(f"a{one}a")] == []
    assert len(kept) > 140_000 and len(refused) > 10_000


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("企画\u200b担当", "3文字目（「企画」のすぐ後ろ）に、見えない文字（U+200B）"),
        (
            "町\u202e長",
            "2文字目（「町」のすぐ後ろ）に、文字の並ぶ向きを変える見えない文字（U+202E）",
        ),
        ("\u3164企画", "1文字目（先頭）に、見えない文字（U+3164）"),
        ("辻󠄀\U000e0101城", "2文字目（「辻󠄀」のすぐ後ろ）に、見えない文字（U+E0101）"),
        ("a\U000e0100", "見えない文字（U+E0100）"),
        (
            "今別町\x00終わり",
            "4文字目（「今別町」のすぐ後ろ）に、画面に表示できない制御文字（U+0000）",
        ),
        ("\ue000田", "外字（U+E000）があります。ほかの端末では別の字になるため、標準の漢字"),
        ("企\ufffd画\ufffd", "文字化けした文字（U+FFFD）があります。ほかに1か所。"),
    ],
)
def test_the_sentence_says_where_it_is_and_what_to_do(text: str, sentence: str) -> None:
    assert sentence in (said(text) or "")


def test_what_was_copied_along_at_the_edge_is_left_out() -> None:
    # Excel's mark of a byte order, Teams' zero-width space, Explorer's embedding, a filler.
    for edge in ("\ufeff", "\u200b", "\u202a", "\u3164", "\t", "\u00a0", " \u200b　\u200e"):
        assert one_line(f"{edge}葛󠄀飾 係󠄀{edge}") == "葛󠄀飾 係󠄀"
    assert one_line("\u200b\u3164 \n") == ""
    assert one_line("企画\r\n  担当\tゐ") == "企画 担当 ゐ"


def test_long_texts_keep_lines_tabs_and_emoji() -> None:
    text = many_lines("一行目\r\n二行目\t値\v三行目👨‍👩‍👧\u200e\r")
    assert text == "一行目\n二行目\t値\n三行目👨‍👩‍👧\u200e"
    assert said(text, check_lines) is None
    for wrong in ("\x07", "\x00", "\u202e", "\u2066", "\ud800", "\uffff", "\x9f"):
        sentence = said(f"一行目\n二行{wrong}目", check_lines)
        assert "2行目の3文字目（「二行」のすぐ後ろ）に、" in (sentence or ""), wrong


def test_every_ideograph_may_have_its_variant() -> None:
    every = [chr(code) for code in range(0x3400, 0x33480, 41) if IDEOGRAPH.match(chr(code))]
    lonely = {one for one in every if said(one + "\U000e0100")}
    # Tangut, Nushu and Khitan signs stand in no Japanese name.
    assert all("\U00016fe0" <= one <= "\U0001b2ff" for one in lonely)
    assert len(every) - len(lonely) > 2_000


@pytest.mark.parametrize("text", ["\u200b\u3000", "\u2800", "\u200f\n\ufe0f", " \t\n"])
def test_a_text_in_which_nothing_is_seen_is_empty(text: str) -> None:
    assert (one_line(text), many_lines(text)) == ("", "")
