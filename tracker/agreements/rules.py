"""Whom an agreement lets take part, and how its annex joins the area's."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

LONGEST_TEXT = 300_000
"""Characters; the agreements known have about a tenth of it."""


class DutyKind(Labelled):
    """What a paragraph of an agreement asks for (Articles 4(2), 5 and 6)."""

    ANNUAL_MEETING = "annual_meeting", N_("毎年度の義務")
    COST_SHARING = "cost_sharing", N_("その都度の義務")
    QUESTION = "question", N_("その都度の義務")

    @property
    def creates(self) -> str:
        """What this program makes of it, in one sentence."""
        return {
            DutyKind.ANNUAL_MEETING: _("毎年度、3月31日までに会議を開く予定を作ります。"),
            DutyKind.COST_SHARING: _("費用の負担は、案件ごとに協議と双方の確認を記録します。"),
            DutyKind.QUESTION: _("疑義が生じたときは、協議と定めた内容を記録します。"),
        }[self]


@dataclass(frozen=True)
class AnnexRow:
    """A measure's row in the annex of one agreement; `town` is the partner's name."""

    agreement_id: int
    town: str
    party_a: str
    party_b: str
    content: str
    role_a: str
    role_b: str

    @property
    def wording(self) -> tuple[str, str, str]:
        """What is compared between agreements."""
        return self.content, self.role_a, self.role_b


@dataclass(frozen=True)
class Known:
    """What the area has when a text is reviewed.

    Its municipalities and their hub, its policy fields (number: title), its meeting, and by two
    parties the titles of the measures in their agreement.
    """

    towns: tuple[str, ...]
    fields: Mapping[str, str]
    meeting: str
    hub: str = ""
    annexes: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownMeasure:
    """A measure the area has already."""

    number: str
    field: str
    title: str


def uncovered(participants: Iterable[str], covered: Iterable[str], hub: str) -> list[str]:
    """Participants (slugs) without an agreement in force that has the measure, in their order.

    `covered` are the municipalities whose agreement has it. The hub stands in every agreement, so
    it is covered as soon as anybody is (product.md 4).
    """
    with_it = set(covered)
    if with_it:
        with_it.add(hub)
    return [slug for slug in participants if slug not in with_it]


def common(entries: Sequence[AnnexRow]) -> AnnexRow:
    """The first entry with the wording that most agreements share."""
    wordings = Counter(entry.wording for entry in entries)
    return max(entries, key=lambda entry: wordings[entry.wording])


def differing(entries: Sequence[AnnexRow]) -> list[AnnexRow]:
    """The entries worded otherwise than the common one, in their order (product.md 3)."""
    usual = common(entries).wording if entries else None
    return [entry for entry in entries if entry.wording != usual]


def differences(ours: Iterable[str], theirs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Measures only we have and measures only they have; a title twice counts twice."""
    here, there = Counter(ours), Counter(theirs)
    return list((here - there).elements()), list((there - here).elements())


def field_order(number: str) -> tuple[int, ...]:
    """Sorts policy fields as an annex prints them: 1, 2, 3, 3(1), 3(2), 10."""
    return tuple(int(digits) for digits in re.findall("[0-9]+", number))


def area_numbers(known: Iterable[KnownMeasure], rows: Sequence[KnownMeasure]) -> list[str]:
    """The area's number for each row of an annex.

    A measure of the same field and title is the same measure, twice the same title two of them;
    a new one keeps its printed number unless that is taken, then it gets the field's next.
    """
    waiting: dict[tuple[str, str], list[str]] = {}
    for measure in known:
        waiting.setdefault((measure.field, measure.title), []).append(measure.number)
    taken = {number for numbers in waiting.values() for number in numbers}
    found = []
    for row in rows:
        if same := waiting.get((row.field, row.title)):
            number = same.pop(0)
        elif row.number not in taken:
            number = row.number
        else:
            number = next(n for place in count(1) if (n := f"{row.field}-{place}") not in taken)
        taken.add(number)
        found.append(number)
    return found


def read_upload(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or Shift_JIS as Windows writes it.

    Refuses files of word processors and other files that are no text, in plain words.
    """
    if name.lower().endswith(_DOCUMENTS) or data.startswith(_MARKS):
        raise Refusal(_(_NO_TEXT_FILE))
    unicode_first = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    for encoding in (unicode_first, "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # UTF-16 without its mark, or no text at all.
        if "\0" not in text:
            return text
    raise Refusal(
        _(
            "文字として読めないファイルです。メモ帳などで開き、文字コードをUTF-8にして"
            "保存し直してから選んでください。"
        )
    )


def without_page_ends(text: str) -> str:
    """The text with a blank where a page or a part of a cell ends; its lines stay what they are."""
    return text.replace("\f", " ").replace("\v", " ")


def check_length(text: str) -> None:
    """Refuses a text far longer than any agreement."""
    if len(text) > LONGEST_TEXT:
        raise Refusal(
            _(
                "文字の数が多すぎます（今 %(count)s字、%(longest_text)s字まで）。"
                "協約の全文だけを入れてください。",
                count=format(len(text), ","),
                longest_text=format(LONGEST_TEXT, ","),
            )
        )


_DOCUMENTS = (".doc", ".docx", ".pdf", ".odt", ".rtf", ".jtd", ".xls", ".xlsx")
_MARKS = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_NO_TEXT_FILE = N_(
    "このファイルは取り込めません。今は、テキスト形式（.txt）だけを読み取れます。"
    "協約の文字をコピーして貼り付けてください。"
)
