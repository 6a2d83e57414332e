"""What the reader asks a person about, in Japanese, beside the lines it is about."""

import re
from collections.abc import Iterator
from itertools import groupby

from tracker.agreements.text_draft import Draft, Paragraph, Row, is_whole
from tracker.agreements.text_lines import Kind, Line
from tracker.agreements.text_values import AgreementText, Lines, Remark

_CELLS = {"content": "取組内容", "role_a": "甲の役割", "role_b": "乙の役割"}
_KEYS = {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}
_SHORTEST_USUAL_NAME = 4
_LOST_GLYPH = re.compile("[\ufffd□■〓?？\ue000-\uf8ff]")
_LAST_WORD = re.compile("[一-龥々]+$")
_FIRST_WORDS = re.compile("[^、。]{1,8}", re.DOTALL)
_QUOTED = 30


def remarks(draft: Draft, agreement: AgreementText) -> tuple[Remark, ...]:
    """All doubts in the order of the lines; those about something missing stand first."""
    found = (
        *_missing(agreement, draft),
        *_paragraphs(draft),
        *_names(draft, agreement),
        *_rows(draft),
        *_left_over(draft),
    )
    return tuple(sorted(found, key=lambda remark: remark.lines[:1]))


def numbers(lines: list[Line]) -> Lines:
    """The line numbers of some lines."""
    return tuple(line.number for line in lines)


def _missing(agreement: AgreementText, draft: Draft) -> Iterator[Remark]:
    parts: list[tuple[bool, str, str]] = [
        (bool(agreement.title), "title", "表題"),
        (bool(agreement.preamble), "preamble", "前文"),
        (agreement.concluded_on is not None, "concluded_on", "締結日"),
        (bool(agreement.measures), "measures", "別表の連携施策"),
    ]
    for party in agreement.parties:
        office = party.title or f"{_KEYS[party.key]} {party.name}の長"
        parts.append((party.head is not None, party.key, f"{office}の氏名"))
    present = {article.number for article in agreement.articles}
    skipped = [n for n in range(1, len(present) + 1) if n not in present]
    parts += [(False, "articles", f"第{n}条") for n in skipped[:1]]
    for is_there, about, name in parts:
        if not is_there:
            lines = agreement.sources.get(about, ())
            text = f"{name}を読み取れませんでした。原文をご確認ください。"
            yield Remark("part_missing", lines, text, about)
    if draft.signing_day and draft.cover_day and agreement.concluded_on:
        cover, signed = ("".join(day.folded.split()) for day in _days(draft))
        if cover != signed:
            text = (
                f"表紙の日付（{cover}）と署名の日付（{signed}）が違います。署名の日付で読みました。"
            )
            yield Remark("days_differ", numbers(_days(draft)), text, "concluded_on")


def _days(draft: Draft) -> list[Line]:
    return [day for day in (draft.cover_day, draft.signing_day) if day is not None]


def _paragraphs(draft: Draft) -> Iterator[Remark]:
    parts = [("preamble", draft.preamble), ("closing", draft.closing)]
    parts += [(f"第{each.number}条", each.paragraphs) for each in draft.articles.values()]
    for about, paragraphs in parts:
        for each in paragraphs:
            if each.seams:
                yield _joined(each, about)
            if not each.is_finished:
                text = f"文が途中で終わっているかもしれません（「…{each.text[-10:]}」）。"
                yield Remark("sentence_maybe_cut", numbers(each.lines), text, about)


def _joined(paragraph: Paragraph, about: str) -> Remark:
    upper, lower = paragraph.seams[0]
    last, first = _LAST_WORD.search(upper.text[-6:]), _FIRST_WORDS.match(lower.text)
    seam = f"{last[0] if last else upper.text[-4:]}／{first[0] if first else lower.text[:1]}"
    more = len(paragraph.seams) - 1
    others = f"、ほか{more}か所" if more else ""
    text = f"改行で分かれた語をつなげました（{seam}{others}）。"
    return Remark("joined_line", numbers(paragraph.lines), text, about)


def _names(draft: Draft, agreement: AgreementText) -> Iterator[Remark]:
    for party in agreement.parties:
        letter = _KEYS[party.key]
        signature = draft.signatures.get(letter)
        place = (party.title or party.name).removesuffix("長")
        if not (place.endswith(party.name) or party.name.endswith(place)):
            text = f"{letter}は前文では{party.name}ですが、署名は「{party.title}」です。"
            yield Remark("party_differs", party.lines, text, party.key)
        if not party.head or signature is None or signature.head_line is None:
            continue
        short = len("".join(party.head.split())) < _SHORTEST_USUAL_NAME
        if short or _LOST_GLYPH.search(party.head):
            text = (
                f"署名の氏名が途中で切れているかもしれません"
                f"（{letter} {party.title}「{party.head}」）。原本をご確認ください。"
            )
            yield Remark("name_maybe_cut", (signature.head_line.number,), text, party.key)


def _rows(draft: Draft) -> Iterator[Remark]:
    for row in draft.rows:
        if len(row.lines) > 1:
            yield _split(row)
        if row.title_from_above:
            text = (
                f"連携施策の欄が空いていたので、上の行と同じ「{_short(row.title)}」と読みました。"
            )
            yield Remark("title_from_above", numbers(row.lines), text, row.number)
        if not row.heading:
            text = f"「{_short(row.title)}」がどの政策分野の施策か、読み取れませんでした。"
            yield Remark("field_unknown", numbers(row.lines), text, row.number)
        cells = [row.cell(name) for name in _CELLS]
        if not all(cells) or len({is_whole(cell) for cell in cells}) > 1:
            text = (
                f"「{_short(row.title)}」の行に、空いている欄か途中で切れた欄があるかもしれません。"
            )
            yield Remark("row_maybe_cut", numbers(row.lines), text, row.number)


def _split(row: Row) -> Remark:
    where = "と".join(f"{line.number}行目" for line in row.lines[:3])
    text = f"{where}は、1つの表の行（{_short(row.title)}）と思われます。つなげて読みました。"
    for name, tail in row.dropped[:3]:
        text += f"{_CELLS[name]}は、末尾の「{_short(tail)}」が重なっていたため、1つにしました。"
    return Remark("split_row", numbers(row.lines), text, row.number)


def _left_over(draft: Draft) -> Iterator[Remark]:
    """Neighbouring lines that found no place make one question."""
    gaps = 0
    entries: list[tuple[tuple[str, int], int, str]] = []
    previous = 0
    for line, unplaced in draft.left_over():
        gaps += any(number in draft.placed for number in range(previous + 1, line.number))
        kind = "stray_text" if line.kind is Kind.WORDS else "not_read"
        entries.append(((kind, gaps), line.number, unplaced.text.strip()))
        previous = line.number
    for (kind, _), group in groupby(entries, key=lambda entry: entry[0]):
        run = list(group)
        where = f"{run[0][1]}行目" + (f"から{len(run)}行" if len(run) > 1 else "")
        quoted = _short(" ".join(text[:_QUOTED] for _, _, text in run[:5]))
        says = {
            "stray_text": f"{where}「{quoted}」は、協約の文ではない可能性があります。",
            "not_read": f"{where}「{quoted}」は、どこに当たるか読み取れませんでした。",
        }
        yield Remark(kind, tuple(dict.fromkeys(number for _, number, _ in run)), says[kind])


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
