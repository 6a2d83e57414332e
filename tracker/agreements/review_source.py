"""What stands beside the questions: the source with its marks, and what was read without doubt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tracker.agreements.review import LETTERS, Question, cells
from tracker.agreements.rules import DutyKind
from tracker.agreements.text import AgreementText, Lines, Reading
from tracker.kernel import wareki

_NEIGHBOURS = 1


@dataclass(frozen=True)
class SourceLine:
    """A line of the source; its mark is ask, read or nothing."""

    number: int
    text: str
    mark: str


@dataclass(frozen=True)
class Passage:
    """Neighbouring lines; a folded passage is far from every question."""

    is_folded: bool
    lines: tuple[SourceLine, ...]


@dataclass(frozen=True)
class Item:
    """Something read without doubt, with the lines it was read from."""

    label: str
    text: str
    lines: Lines


def passages(source: str, reading: Reading, asked: Sequence[Question]) -> tuple[Passage, ...]:
    """The whole source without its blank lines; what is near a question stands open."""
    in_doubt = {number for question in asked for number in question.lines}
    lines = [
        SourceLine(number, text.strip("\r"), _mark(number, in_doubt, reading))
        for number, text in enumerate(source.removeprefix("\ufeff").split("\n"), start=1)
        if text.strip()
    ]
    near = {
        place + step
        for place, line in enumerate(lines)
        if line.mark == "ask"
        for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1)
    }
    placed = groupby(enumerate(lines), key=lambda each: each[0] not in near)
    return tuple(Passage(folded, tuple(line for _, line in run)) for folded, run in placed)


def _mark(number: int, in_doubt: set[int], reading: Reading) -> str:
    if number in in_doubt:
        return "ask"
    return "read" if number in reading.placed else ""


def items(agreement: AgreementText, asked: Sequence[Question]) -> tuple[Item, ...]:
    """What nobody is asked about: accepted together when the agreement is registered."""
    in_doubt = {question.about for question in asked}
    return tuple(
        Item(label, text, lines)
        for about, label, text, lines in _parts(agreement)
        if text and about not in in_doubt
    )


def _parts(agreement: AgreementText) -> Iterator[tuple[str, str, str, Lines]]:
    day, sources = agreement.concluded_on, agreement.sources
    for about, label, text in (
        ("title", "表題", agreement.title),
        ("concluded_on", "締結日", wareki.long(day) if day else ""),
        ("legal_basis", "根拠法", agreement.legal_basis or ""),
        ("preamble", "前文", agreement.preamble),
    ):
        yield about, label, text, sources.get(about, ())
    for party in agreement.parties:
        head = f"（{party.title or ''} {party.head}）" if party.head else ""
        yield party.key, f"当事者 {LETTERS[party.key]}", f"{party.name}{head}", party.lines
    for article in agreement.articles:
        about = f"第{article.number}条"
        label = f"{about}（{article.caption}）" if article.caption else about
        yield about, label, "\n".join(article.paragraphs), article.lines
    yield "closing", "末尾の文", agreement.closing, sources.get("closing", ())
    for field in agreement.policy_fields:
        yield f"field-{field.number}", f"政策分野 {field.number}", field.title, field.lines
    for row in agreement.measures:
        (_, title), *others = cells(row)
        words = "\n".join([title, *(f"{name}　{text}" for name, text in others)])
        yield row.number, f"連携施策 {row.number}", words, row.lines
    for duty in agreement.duties:
        kind = DutyKind(duty.kind)
        about = f"{duty.kind}-{duty.article}-{duty.paragraph}"
        where = f"第{duty.article}条第{duty.paragraph}項"
        lines = next(each.lines for each in agreement.articles if each.number == duty.article)
        yield about, kind.label, f"{where}　{kind.creates}", lines
