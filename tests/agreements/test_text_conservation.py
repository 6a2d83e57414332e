"""P16: whatever happens to an agreement text, nothing crashes, vanishes or takes long."""

import gc
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agreements.conservation import REAL, assert_conserved
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


@settings(max_examples=150, deadline=None)
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


# Three seconds each: every fourth stands for all in the quick run.
@pytest.mark.parametrize(
    ("after", "unit"),
    [
        pytest.param(*one, marks=[] if turn % 4 == 1 else pytest.mark.slow)
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
