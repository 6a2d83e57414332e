"""P16: whatever happens to an agreement text, nothing crashes, vanishes or takes long."""

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import permutations
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agreements.conservation import REAL, assert_accounted, assert_conserved, strings
from tracker.agreements.json import as_json
from tracker.agreements.reading.rules import read
from tracker.kernel.refusal import Refusal

Change = Callable[[list[str], int, int], object]


def swap(lines: list[str], at: int, to: int) -> None:
    lines[at], lines[to] = lines[to], lines[at]


def cut(lines: list[str], at: int, to: int) -> None:
    line = lines[at]
    place = to % (len(line) + 1)
    lines[at : at + 1] = [line[:place], line[place:]]


def merge(lines: list[str], at: int, to: int) -> None:
    lines[at : at + 2] = ["".join(lines[at : at + 2])]


def merge_far(lines: list[str], at: int, to: int) -> None:
    lines[at] += lines[to]


def put(lines: list[str], at: int, to: int) -> None:
    lines.insert(at, NOISE[to % len(NOISE)])


def put_inside(lines: list[str], at: int, to: int) -> None:
    line = lines[at]
    place = to % (len(line) + 1)
    lines[at] = line[:place] + NOISE[(at + to) % len(NOISE)] + line[place:]


def lose(lines: list[str], at: int, to: int) -> None:
    line = lines[at]
    place = to % (len(line) + 1)
    lines[at] = line[:place] + line[place + 1 :]


NOISE = [
    "清華大學", "- 12 -", "\t", "\t\t\t", "。", "12", "（", "（）", "（ア）", "ア イ", "第9条",
    "第3条に", "別表", "別表第2", "1 2", "(9) 余白", "乙", "甲 ", "丙 平内町", "今別町長", "年月日",
    "令和 年 月 日", "平成99年99月99日", "協約", "この協約を証する", "\ufffd", "\x0c", "\u2028",
    "\ufeff", "\r", "\0", "①", "　", "\tむ。", "\t\t\tむ。", "連携施策\t取組内容\t甲の役割\t乙の役割",
    "a\tb\tc\td\te", "9" * 400, "第" + "九" * 400 + "条", "変更協約", " 印", "㊞", "（以下「丁」という。）", "附則",
]  # fmt: skip
CHANGES: dict[str, Change] = {
    "delete": lambda lines, at, to: lines.pop(at),
    "repeat": lambda lines, at, to: lines.insert(to, lines[at]),
    "swap": swap,
    "cut": cut,
    "merge": merge,
    "merge far lines": merge_far,
    "noise": put,
    "noise inside": put_inside,
    "lose a character": lose,
    "lose the tabs": lambda lines, at, to: lines.__setitem__(at, lines[at].replace("\t", " ")),
}
FULL_WIDTH = str.maketrans("0123456789()", "０１２３４５６７８９（）")
WHOLE: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "full width": lambda text: text.translate(FULL_WIDTH),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "half-width brackets": lambda text: text.replace("（", "(").replace("）", ")"),
    "spaced": lambda text: text.replace("日", " 日 ").replace("条", " 条"),
    "cut off": lambda text: text[: len(text) // 2],
}


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 999), st.integers(0, 999)),
        max_size=8,
    ),
)
def test_nothing_vanishes_whatever_happens_to_the_text(
    whole: str, changes: list[tuple[str, int, int]]
) -> None:
    lines = WHOLE[whole](REAL).split("\n")
    for name, at, to in changes:
        CHANGES[name](lines, at % len(lines), to % len(lines) if name != "cut" else to)
        lines = lines or [""]
    assert_conserved("\n".join(lines))


FRAGMENTS = [
    "連携協約", "みなと市", "やまて町", "及び", "は、", "（以下「甲」という。）", "（以下「乙」という。）", "。", "\n",
    "第1条", "2 ", "（1）", "ア ", "a ", "取組の内容", "甲の役割", "乙の役割", "連携施策", "\t", '"', "別表第1",
    "（第3条関係）", "けん引", "・", "令和6年3月28日", "甲 ", "市長 ", "立会人", "住所", "1番地", "⼄", "\uf9e9",
    "Ⅰ", "⑴", "備考", "変更", "を",
]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for whole in (
        "連携協約\nみなと市（以下「甲」という。）と町（以下「乙」という。）は、\n第1条 話す。\n"
        + text,
        text,
    ):
        with suppress(Refusal):
            read(whole)
            assert_accounted(whole)


STAND_INS = str.maketrans("乙方用目自生月日長青一二口", "⼄⽅⽤⽬⾃⽣⽉⽇⻑⻘⼀⼆⼝")


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, len(REAL) - 1), min_size=1, max_size=400))
def test_stand_ins_and_full_width_change_nothing(places: set[int]) -> None:
    plain = as_json(read(REAL))
    odd = "".join(
        one.translate(STAND_INS).translate(FULL_WIDTH) if at in places else one
        for at, one in enumerate(REAL)
    )
    found = as_json(read(odd))
    del plain["remarks"], found["remarks"], plain["unplaced"], found["unplaced"]
    assert [normalize("NFKC", one) for one in strings(found)] == [
        normalize("NFKC", one) for one in strings(plain)
    ]


def sections() -> tuple[str, dict[str, str]]:
    """The real text in its parts: what stands first, and what may stand in any order behind it."""
    ends = [REAL.index(words) for words in ("（目的）", "この連携協約の締結", "別表（", "清華")]
    parts = [REAL[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return parts[0], dict(zip(("articles", "closing", "annex"), parts[1:], strict=True))


def without_lines(found: dict[str, Any]) -> dict[str, Any]:
    """A reading without line numbers; its doubts by their kinds."""
    for row in found["measures"]:
        del row["lines"]
    kinds = sorted(each["kind"] for each in found.pop("remarks"))
    return {**found, "kinds": kinds}


@pytest.mark.parametrize("order", list(permutations(["articles", "closing", "annex"])))
def test_the_order_of_the_parts_changes_nothing(order: tuple[str, ...]) -> None:
    first, rest = sections()
    plain = as_json(read(first + "".join(rest.values())))
    found = as_json(read(first + "".join(rest[name] for name in order)))
    assert without_lines(found) == without_lines(plain)


def test_a_long_text_is_read_within_a_second() -> None:
    rows = REAL[REAL.index("産業クラスターの形成、イノベーション実現") : REAL.index("2 高次の")]
    text = REAL.replace(rows, rows * 60)
    assert len(text.encode()) > 100_000
    started = time.process_time()
    assert len(read(text).agreement.measures) > 100
    assert time.process_time() - started < 1


UNITS = (
    ["甲", "、", "（", "（以下「甲", "（以下「甲」という。）", "第", "第1条", "地方自治法（", "\t",
     "\t甲", "　", "1", "年月日", "協約", "この証", "青森市長 ", "市", "\r", "\u2028", "乙 市", "印 "]
)  # fmt: skip
PLACES = (15, 51, 85)


@pytest.mark.parametrize(
    ("unit", "at"),
    [
        # Each unit at one place by turns; the slow run has it at every one.
        pytest.param(unit, at, marks=[] if turn % 3 == place else pytest.mark.slow)
        for turn, unit in enumerate(UNITS)
        for place, at in enumerate(PLACES)
    ],
)
def test_a_line_of_five_megabytes_is_read_in_two_seconds(unit: str, at: int) -> None:
    lines = REAL.split("\n")
    lines[at] += unit * (5_000_000 // len(unit))
    text = "\n".join(lines)
    started = time.process_time()
    with suppress(Refusal):
        read(text)
    assert time.process_time() - started < 2


GROWING = [
    (15, "清華大學"),
    (25, "（目的）"),
    (31, "2 甲は、負担する。"),
    (31, "(1) 甲の事務"),
    (31, "甲は、乙と"),
    (45, "本協約書を"),
    (51, "今別町長"),
    (51, "甲 青森市"),
    (71, "別表"),
    (71, "2 高次の都市機能の集積・強化"),
    (84, "\t携\t心\t甲"),
    (84, "\t携わる。\t心する。\t甲と行う。"),
    (100, "藏書"),
]


# Three seconds each: every eighth stands for all in the quick run.
@pytest.mark.parametrize(
    ("after", "unit"),
    [
        pytest.param(*one, marks=[] if turn % 8 == 1 else pytest.mark.slow)
        for turn, one in enumerate(GROWING)
    ],
)
def test_time_grows_with_the_length_and_no_faster(after: int, unit: str) -> None:
    def seconds(times: int, tries: int) -> float:
        lines = REAL.split("\n")
        text = "\n".join([*lines[:after], *[unit] * times, *lines[after:]])
        gc.collect()
        gc.disable()
        best = 60.0
        for _ in range(tries):
            started = time.process_time()
            read(text)
            best = min(best, time.process_time() - started)
        gc.enable()
        return best

    # Sixteen times the lines; a reader that looked back at each line would take 256 times as long.
    assert seconds(3_200, 1) < 3 * 16 * seconds(200, 3)
