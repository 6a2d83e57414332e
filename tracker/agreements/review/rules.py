"""What the answers make of a reading, and what stands beside the questions meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from tracker.agreements.reading.rules import read
from tracker.agreements.review.question import (
    LETTERS,
    Answers,
    Box,
    Choice,
    Question,
    cells,
    questions,
    still_open,
)
from tracker.agreements.rules import DutyKind, Known, differences
from tracker.agreements.text.agreement import (
    AgreementText,
    DutyText,
    Lines,
    MeasureText,
    Party,
    PolicyFieldText,
    Reading,
)
from tracker.agreements.text.lines import COLUMNS, Names, cells_of, columns, plain
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _

NO_FIELD = PolicyFieldText("0", "別表", None, ())
"""Where measures stand whose annex prints no policy field."""
MOST_DOUBTS = 200


@dataclass(frozen=True)
class Other:
    """An agreement of the area beside the one under review: measures only one of them has."""

    name: str
    measures: int
    only_here: Sequence[str]
    only_there: Sequence[str]
    same_parties: bool


@dataclass(frozen=True)
class Review:
    """A text under review: the reading, all questions and those still open, other agreements."""

    reading: Reading
    asked: tuple[Question, ...]
    left: tuple[Question, ...]
    others: tuple[Other, ...]


def review(source: str, answers: Answers, known: Known) -> Review:
    """What is asked about a text in this area, and how its annex differs from others there.

    Raises Refusal as `reading.rules.read` does.
    """
    reading = read(source)
    asked = questions(reading, known)
    return Review(reading, asked, still_open(asked, answers), tuple(_others(reading, known)))


def _others(reading: Reading, known: Known) -> Iterator[Other]:
    ours = [measure.title for measure in reading.agreement.measures]
    parties = {party.name for party in reading.agreement.parties}
    for pair, theirs in known.annexes.items():
        name = "・".join(name for name in pair if name != known.hub)
        yield Other(name, len(theirs), *differences(ours, theirs), {*pair} == parties)


def settle(
    reading: Reading, source: str, asked: Sequence[Question], answers: Answers
) -> AgreementText:
    """The agreement as it is saved. Refuses while a question is open."""
    if left := still_open(asked, answers):
        raise Refusal(
            _(
                "確認していないところが%(count)s件あります。すべて確かめてから登録してください。",
                count=len(left),
            )
        )
    agreement, lines = reading.agreement, plain(source.removeprefix("\ufeff")).split("\n")
    for question in asked:
        answer = answers[question.key]
        effect = _EFFECTS[Choice(answer["choice"])]
        agreement = effect(agreement, question, answer.get("value") or "", lines)
    return _numbered(agreement)


def _numbered(agreement: AgreementText) -> AgreementText:
    """Rows counted anew within their fields, after rows were split or taken out."""
    counts: Counter[str] = Counter()
    rows = []
    for row in agreement.measures:
        field = row.field or NO_FIELD.number
        counts[field] += 1
        rows.append(replace(row, field=field, number=f"{field}-{counts[field]}"))
    fields = agreement.policy_fields
    if NO_FIELD.number in counts:
        fields = (NO_FIELD, *fields)
    return replace(agreement, measures=tuple(rows), policy_fields=fields)


def _accept(text: AgreementText, _q: Question, _value: str, _lines: list[str]) -> AgreementText:
    return text


def _split(text: AgreementText, q: Question, _value: str, lines: list[str]) -> AgreementText:
    """Each printed line a row of its own, under the title above where its own is blank."""
    names = {party.name: LETTERS[party.key] for party in text.parties}
    rows: list[MeasureText] = []
    for row in text.measures:
        rows += _rows_of(row, lines, names) if row.number == q.about else [row]
    return replace(text, measures=tuple(rows))


def _rows_of(row: MeasureText, lines: list[str], names: Names) -> Iterator[MeasureText]:
    layout = COLUMNS
    for line in lines[: row.lines[0]]:
        layout = columns(cells_of(line), names) or layout
    for number in row.lines:
        found = dict(zip(layout, cells_of(lines[number - 1]), strict=False))
        yield replace(
            row,
            title=found.get("title") or row.title,
            **{name: found.get(name, "") for name in ("content", "role_a", "role_b")},
            lines=(number,),
        )


def _break(text: AgreementText, q: Question, _value: str, lines: list[str]) -> AgreementText:
    """The line breaks of the source stay between its lines."""

    def apart(words: str) -> str:
        for upper, lower in pairwise(lines[number - 1].strip() for number in q.lines):
            words = words.replace(upper[-1] + lower, f"{upper[-1]}\n{lower}", 1)
        return words

    if q.about == "preamble":
        return replace(text, preamble=apart(text.preamble))
    if q.about == "closing":
        return replace(text, closing=apart(text.closing))
    articles = tuple(
        replace(each, paragraphs=tuple(map(apart, each.paragraphs)))
        if f"第{each.number}条" == q.about
        else each
        for each in text.articles
    )
    return replace(text, articles=articles)


def _keep(text: AgreementText, q: Question, _value: str, _lines: list[str]) -> AgreementText:
    """Words that found no place stand after the closing words."""
    kept = "\n".join(words for _other, words in q.quote)
    return replace(text, closing=f"{text.closing}\n{kept}".strip("\n"))


def _type(text: AgreementText, q: Question, value: str, _lines: list[str]) -> AgreementText:
    if q.ask.box is Box.TITLE:
        return replace(text, title=value)
    if q.ask.box is Box.DAY:
        return replace(text, concluded_on=wareki.read_day(value) if value else None)

    def filled(party: Party) -> Party:
        if q.ask.box is Box.TOWN:
            return replace(party, name=value)
        return replace(party, head=value or None)

    parties = (filled(party) if party.key == q.about else party for party in text.parties)
    return replace(text, parties=tuple(parties))


def _blank(text: AgreementText, q: Question, _value: str, lines: list[str]) -> AgreementText:
    return _type(text, q, "", lines)


def _omit(text: AgreementText, q: Question, _value: str, _lines: list[str]) -> AgreementText:
    rows = tuple(row for row in text.measures if row.number != q.about)
    duties = tuple(
        each for each in text.duties if f"{each.kind}-{each.article}-{each.paragraph}" != q.about
    )
    return replace(text, measures=rows, duties=duties)


def _add(text: AgreementText, q: Question, _value: str, _lines: list[str]) -> AgreementText:
    """The duty a person sees in an article the reader was not sure about."""
    kind, article, paragraph = (q.about or "").split("-")
    return replace(text, duties=(*text.duties, DutyText(int(article), int(paragraph), kind)))


_EFFECTS: Mapping[Choice, Callable[[AgreementText, Question, str, list[str]], AgreementText]] = {
    Choice.ACCEPT: _accept,
    Choice.SPLIT: _split,
    Choice.BREAK: _break,
    Choice.KEEP: _keep,
    Choice.TYPE: _type,
    Choice.BLANK: _blank,
    Choice.OMIT: _omit,
    Choice.ADD: _add,
}


def check_importable(reading: Reading) -> None:
    """Refuses what cannot be kept or asked about.

    An amendment, more than two parties, titles without end, more doubts than a person can answer.
    """
    agreement = reading.agreement
    if len(reading.remarks) > MOST_DOUBTS:
        raise Refusal(
            _(
                "読み取りに迷うところが多すぎます（%(count)s件）。協約の文のまわりの余分な文字や、"
                "表の区切りを直してから取り込んでください。",
                count=len(reading.remarks),
            )
        )
    if agreement.amends:
        raise Refusal(
            _(
                "協約の一部を変更する協約は、まだ取り込めません。"
                "変更を反映した協約の全文を取り込んでください。"
            )
        )
    if len(agreement.parties) > len(LETTERS):
        raise Refusal(
            _("当事者が3者以上の協約は取り込めません。市町村どうし2者の協約を取り込んでください。")
        )
    words = (
        *((300, text) for text in (agreement.title, agreement.legal_basis or "")),
        *((100, party.head or "") for party in agreement.parties),
        *((200, article.caption) for article in agreement.articles),
        *((300, field.title) for field in agreement.policy_fields),
        *((300, measure.title) for measure in agreement.measures),
    )
    for limit, text in words:
        if len(text) > limit:
            raise Refusal(
                _(
                    "「%(text)s…」が長すぎます（今 %(count)s字、%(limit)s字まで）。"
                    "原文の改行を確かめて、もう一度取り込んでください。",
                    text=text[:20],
                    count=len(text),
                    limit=limit,
                )
            )


# --- beside the questions: the source with its marks, and what was read without doubt -----------

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
    return tuple(Passage(folded, tuple(line for _other, line in run)) for folded, run in placed)


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
        ("title", _("表題"), agreement.title),
        ("concluded_on", _("締結日"), wareki.long(day) if day else ""),
        ("legal_basis", _("根拠法"), agreement.legal_basis or ""),
        ("preamble", _("前文"), agreement.preamble),
    ):
        yield about, label, text, sources.get(about, ())
    for party in agreement.parties:
        head = f"（{party.title or ''} {party.head}）" if party.head else ""
        yield (
            party.key,
            _("当事者 %(letters)s", letters=LETTERS[party.key]),
            f"{party.name}{head}",
            party.lines,
        )
    for article in agreement.articles:
        about = f"第{article.number}条"
        label = f"{about}（{article.caption}）" if article.caption else about
        yield about, label, "\n".join(article.paragraphs), article.lines
    yield "closing", _("末尾の文"), agreement.closing, sources.get("closing", ())
    for field in agreement.policy_fields:
        yield (
            f"field-{field.number}",
            _("政策分野 %(number)s", number=field.number),
            field.title,
            field.lines,
        )
    for row in agreement.measures:
        (_other, title), *others = cells(row)
        words = "\n".join([title, *(f"{name}　{text}" for name, text in others)])
        yield row.number, _("連携施策 %(number)s", number=row.number), words, row.lines
    for duty in agreement.duties:
        kind = DutyKind(duty.kind)
        about = f"{duty.kind}-{duty.article}-{duty.paragraph}"
        where = f"第{duty.article}条第{duty.paragraph}項"
        lines = next(each.lines for each in agreement.articles if each.number == duty.article)
        yield about, kind.label, f"{where}　{kind.creates}", lines
