"""What a reading of an agreement text consists of: plain values, each with its source lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Lines = tuple[int, ...]
"""Line numbers, 1-based and counted by line feeds alone (contracts.md)."""


@dataclass(frozen=True)
class Party:
    """甲, 乙, 丙 or 丁; `key` is a, b, c or d. `head` stands exactly as printed."""

    key: str
    name: str
    title: str | None
    head: str | None
    lines: Lines


@dataclass(frozen=True)
class ArticleText:
    """条: its caption without brackets and its paragraphs (項) without their numbers."""

    number: int
    caption: str
    paragraphs: tuple[str, ...]
    lines: Lines


@dataclass(frozen=True)
class PolicyFieldText:
    """政策分野 of the annex: 1, 3, 3(1); `parent` is the number of the field it stands under."""

    number: str
    title: str
    parent: str | None
    lines: Lines


@dataclass(frozen=True)
class MeasureText:
    """One row of the annex: 連携施策, 取組内容, 甲の役割, 乙の役割."""

    number: str
    field: str
    title: str
    content: str
    role_a: str
    role_b: str
    lines: Lines


@dataclass(frozen=True)
class DutyText:
    """What a paragraph asks for: annual_meeting, cost_sharing or question."""

    article: int
    paragraph: int
    kind: str


@dataclass(frozen=True)
class Remark:
    """Something the reader was not sure of, for a person to decide.

    `about` points at what the doubt is about: a measure's number, a party's key, or a part of the
    agreement named as in `AgreementText`; None where the lines alone say it.
    """

    kind: str
    lines: Lines
    text: str
    about: str | None = None


@dataclass(frozen=True)
class Unplaced:
    """Text that found no place: a whole line as printed, or the part of it that was left over."""

    line: int
    text: str


@dataclass(frozen=True)
class AgreementText:
    """The agreement as printed. `sources` names the lines of the parts that are plain text."""

    title: str
    parties: tuple[Party, ...]
    concluded_on: date | None
    legal_basis: str | None
    preamble: str
    closing: str
    amends: bool
    articles: tuple[ArticleText, ...]
    policy_fields: tuple[PolicyFieldText, ...]
    measures: tuple[MeasureText, ...]
    duties: tuple[DutyText, ...]
    sources: Mapping[str, Lines]


@dataclass(frozen=True)
class Reading:
    """An agreement, the doubts about it, and what found no place in it.

    Every line that is not blank is in `placed`, in `unplaced`, or (a part of it) in both.
    """

    agreement: AgreementText
    remarks: tuple[Remark, ...]
    unplaced: tuple[Unplaced, ...]
    placed: frozenset[int]
