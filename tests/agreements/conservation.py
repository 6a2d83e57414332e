"""Nothing vanishes: the account every reading of an agreement text must balance."""

import re
from pathlib import Path
from typing import Any

import tracker.demo
from tracker.agreements.json import as_json
from tracker.agreements.reading.rules import read
from tracker.agreements.text.agreement import Reading
from tracker.kernel.refusal import Refusal

REAL = (Path(tracker.demo.__path__[0]) / "agreement-aomori-imabetsu.txt").read_text("utf-8")
STAMP = [102, 103, 105, 106, 107]
HEADER = ["連携施策", "取組内容", "甲の役割", "乙の役割"]
TITLE = re.compile(r"協約書?(?:[（(].{0,40}[）)])?$")
MARKER = re.compile(r"第\S{0,8}|条|[0-9０-９]{1,3}[.．、]?|[甲乙丙丁]")
STRUCTURE = re.compile(r".{0,20}年.{0,10}月.{0,10}日|別\s*表.{0,30}", re.DOTALL)


def strings(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        values = value.values() if isinstance(value, dict) else value
        return [text for each in values for text in strings(each)]
    return [value] if isinstance(value, str) else []


def assert_accounted(text: str) -> Reading:
    """Every line that is not blank has a place or is listed as having none."""
    reading = read(text)
    lines = enumerate(text.removeprefix("\ufeff").split("\n"), start=1)
    unplaced = {each.line for each in reading.unplaced}
    assert reading.placed | unplaced == {number for number, line in lines if line.strip()}
    return reading


def assert_conserved(text: str) -> None:
    """Every line is accounted for, and every word of a placed line stands in some field."""
    try:
        reading = assert_accounted(text)
    except Refusal:
        return
    lines = dict(enumerate(text.removeprefix("\ufeff").split("\n"), start=1))
    for each in reading.unplaced:
        assert each.text and each.text in lines[each.line]
    found = as_json(reading)
    del found["remarks"]
    corpus = "\n".join(strings(found))
    titles = reading.agreement.sources["title"] or (0,)
    for number in reading.placed:
        line = lines[number].strip()
        # A cover's title may be broken in two.
        to_its_end = (line, line + lines.get(number + 1, "").strip())
        on_cover = number < titles[0] and any(map(TITLE.search, to_its_end))
        if on_cover or STRUCTURE.fullmatch(line):
            continue
        for word in re.split(r"[\s・（）()]+|及び|(?<=[市町村区]長)", line):
            bare = re.sub(r"^(?:[0-9０-９]{1,3}[.．、]?|(?:第.{1,8}?)?条)", "", word)
            known = any(word in name for name in HEADER) or MARKER.fullmatch(word)
            assert known or bare in corpus, (number, word)
