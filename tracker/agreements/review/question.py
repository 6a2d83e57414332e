"""The review of a reading: what a person is asked before it is saved (ux/spec.md 7.13).

The reader proposes, a person disposes. Questions are derived from the reading every time, answers
are kept by a question's key, and `rules` applies them (product.md 3).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tracker.agreements.rules import Known
from tracker.agreements.text.agreement import (
    AgreementText,
    Lines,
    MeasureText,
    Party,
    Reading,
    Remark,
)
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

LETTERS = {"a": "甲", "b": "乙"}
Quote = tuple[tuple[str, str], ...]
Answers = Mapping[str, Mapping[str, Any]]


class Choice(StrEnum):
    """What an answer does. The first choice of a question is the reader's own proposal."""

    ACCEPT = "accept"
    SPLIT = "split"
    BREAK = "break"
    KEEP = "keep"
    TYPE = "type"
    BLANK = "blank"
    OMIT = "omit"
    ADD = "add"


class Box(StrEnum):
    """What is typed into the box of a question."""

    HEAD = "head"
    DAY = "day"
    TITLE = "title"
    TOWN = "town"


@dataclass(frozen=True)
class Ask:
    """How one kind of doubt is asked about."""

    heading: str
    choices: Mapping[Choice, str]
    box: Box | None = None


@dataclass(frozen=True)
class Question:
    """One question: `about` as in a remark, `quote` what was read, `typed` what stands in the box."""

    key: str
    ask: Ask
    text: str
    lines: Lines
    about: str | None = None
    quote: Quote = ()
    label: str = ""
    typed: str = ""
    options: tuple[str, ...] = ()
    is_doubt: bool = True


_HEAD = {Choice.TYPE: N_("この氏名で登録する"), Choice.BLANK: N_("氏名を登録しない")}
_DAY = {Choice.TYPE: N_("この日で登録する"), Choice.BLANK: N_("締結日を登録しない")}
_JOIN = Choice.ACCEPT, N_("つなげてよい")
_DROP, _STAY = (Choice.ACCEPT, N_("除いてよい")), (Choice.KEEP, N_("末尾の文として残す"))
_GO_ON = {Choice.ACCEPT: N_("このまま登録する")}
_RIGHT = {Choice.ACCEPT: N_("合っている")}

ASKS: Mapping[str, Ask] = {
    "split_row": Ask(
        N_("行がページで分かれていました"), dict([_JOIN, (Choice.SPLIT, N_("別の行にする"))])
    ),
    "joined_line": Ask(
        N_("改行で分かれた語をつなげました"), dict([_JOIN, (Choice.BREAK, N_("離したままにする"))])
    ),
    "stray_text": Ask(N_("協約の文ではないかもしれません"), dict([_DROP, _STAY])),
    "not_read": Ask(N_("読み取れなかったところがあります"), dict([_STAY, _DROP])),
    "name_maybe_cut": Ask(N_("氏名が途中で切れているかもしれません"), _HEAD, Box.HEAD),
    "party_differs": Ask(
        N_("前文と署名の市町村が違います"), {Choice.ACCEPT: N_("前文の市町村で登録する")}
    ),
    "days_differ": Ask(N_("表紙と署名の日付が違います"), _DAY, Box.DAY),
    "sentence_maybe_cut": Ask(N_("文が途中で終わっているかもしれません"), _RIGHT),
    "title_from_above": Ask(N_("連携施策の欄が空いていました"), _RIGHT),
    "field_unknown": Ask(N_("政策分野が分からない施策があります"), _RIGHT),
    "row_maybe_cut": Ask(N_("表の行が途中で切れているかもしれません"), _RIGHT),
    "lines_in_cells": Ask(N_("欄の中に改行がありました"), _RIGHT),
    "table_without_columns": Ask(N_("表に列の区切りがありません"), _RIGHT),
    "roles_not_told_apart": Ask(N_("どちらの役割か分からない見出しです"), _RIGHT),
    "field_without_number": Ask(N_("番号のない政策分野があります"), _RIGHT),
    "stand_in_characters": Ask(N_("ふつうの漢字と違う文字がありました"), _RIGHT),
    "title_joined": Ask(
        N_("表題が2行に分かれていました"), {Choice.TYPE: N_("この表題で登録する")}, Box.TITLE
    ),
    "page_number": Ask(N_("ページ番号のような行があります"), dict([_DROP, _STAY])),
    "address": Ask(N_("署名の住所には登録する欄がありません"), dict([_DROP, _STAY])),
    "replaces_earlier": Ask(N_("前の協約に代わる協約のようです"), _GO_ON),
    "annual_meeting_missing": Ask(
        N_("毎年度の会議の条文が見つかりません"),
        {Choice.ACCEPT: N_("予定を作らない"), Choice.ADD: N_("この条文から毎年度の予定を作る")},
    ),
    "cost_sharing_missing": Ask(N_("費用の負担の条文が見つかりません"), _GO_ON),
    "party_unknown": Ask(
        N_("圏域に登録のない市町村です"), {Choice.TYPE: N_("この市町村で登録する")}, Box.TOWN
    ),
    "field_differs": Ask(
        N_("政策分野の名前が登録済みのものと違います"),
        {Choice.ACCEPT: N_("登録済みの名前で表示する")},
    ),
    "annual_meeting": Ask(
        N_("毎年度の予定にします"), {Choice.ACCEPT: N_("予定を作る"), Choice.OMIT: N_("作らない")}
    ),
}
_MISSING: Mapping[str | None, Ask] = {
    "title": Ask(N_("表題が見つかりません"), {Choice.TYPE: N_("この表題で登録する")}, Box.TITLE),
    "concluded_on": Ask(N_("締結日が見つかりません"), _DAY, Box.DAY),
    **dict.fromkeys(LETTERS, Ask(N_("氏名が見つかりません"), _HEAD, Box.HEAD)),
}
# The first row below shows how all of them were read.
ABOUT_TABLES = ("lines_in_cells", "table_without_columns", "roles_not_told_apart")
_OTHER_MISSING = Ask(N_("見つからない部分があります"), _GO_ON)
_OTHER = Ask(N_("読み取りをご確認ください"), _RIGHT)

_TYPE_IT = {
    Box.HEAD: N_("氏名を入力してください。登録しないときは「氏名を登録しない」を押してください。"),
    Box.DAY: N_(
        "締結日を入力してください。空欄にするときは「締結日を登録しない」を押してください。"
    ),
    Box.TITLE: N_("協約の表題を入力してください。"),
    Box.TOWN: N_("市町村を選んでください。"),
}
_LONGEST = {Box.HEAD: 100, Box.TITLE: 300}


def questions(reading: Reading, known: Known) -> tuple[Question, ...]:
    """Everything a person must answer before this reading is saved, in the order of the lines."""
    agreement = reading.agreement
    return (
        *_unknown_parties(agreement, known),
        *(_about(remark, reading) for remark in reading.remarks),
        *_other_fields(agreement, known),
        *_yearly(agreement, known),
    )


def _about(remark: Remark, reading: Reading) -> Question:
    agreement, about = reading.agreement, remark.about
    ask = ASKS.get(remark.kind, _OTHER)
    if remark.kind == "part_missing":
        ask = _MISSING.get(about, _OTHER_MISSING)
    if Choice.ADD in ask.choices and not remark.lines:
        ask = replace(ask, choices={Choice.ACCEPT: ask.choices[Choice.ACCEPT]})
    measure = next((row for row in agreement.measures if row.number == about), None)
    if measure and Choice.SPLIT not in ask.choices:
        ask = replace(ask, choices={**ask.choices, Choice.OMIT: N_("この行を除く")})
    party = next((party for party in agreement.parties if party.key == about), None)
    quote: Quote = ()
    if measure:
        quote = cells(measure)
    elif Choice.KEEP in ask.choices:
        lines = set(remark.lines)
        quote = tuple(
            (_("%(line)s行目", line=each.line), each.text.strip())
            for each in reading.unplaced
            if each.line in lines
        )
    elif remark.kind in ABOUT_TABLES:
        below = (row for row in agreement.measures if row.lines[-1] > remark.lines[0])
        quote = cells(row) if (row := next(below, None)) else ()
    elif about and ask.box is None:
        quote = ((_("読み取り結果"), words),) if (words := _passage(agreement, about)) else ()
    typed = {
        Box.HEAD: (party and party.head) or "",
        Box.DAY: wareki.long(agreement.concluded_on) if agreement.concluded_on else "",
        Box.TITLE: agreement.title,
    }
    label = {Box.HEAD: _office(party) if party else "", Box.DAY: _("締結日"), Box.TITLE: _("表題")}
    return Question(
        key=f"{remark.kind}-{remark.lines[0] if remark.lines else about}",
        ask=ask,
        text=remark.text,
        lines=remark.lines,
        about=about,
        quote=quote,
        label=label.get(ask.box, "") if ask.box else "",
        typed=typed.get(ask.box, "") if ask.box else "",
    )


def _unknown_parties(agreement: AgreementText, known: Known) -> Iterator[Question]:
    for party in agreement.parties:
        if party.name not in known.towns:
            letter = LETTERS[party.key]
            text = _(
                "%(letter)sの「%(party)s」は、この圏域の市町村に見つかりません。"
                "どの市町村の協約かを選んでください。",
                letter=letter,
                party=party.name,
            )
            yield Question(
                key=f"party_unknown-{party.key}",
                ask=ASKS["party_unknown"],
                text=text,
                lines=party.lines,
                about=party.key,
                label=f"{letter}　{party.name}",
                options=known.towns,
            )


def _other_fields(agreement: AgreementText, known: Known) -> Iterator[Question]:
    for field in agreement.policy_fields:
        if known.fields.get(field.number, field.title) != field.title:
            yield Question(
                key=f"field_differs-{field.number}",
                ask=ASKS["field_differs"],
                text=_(
                    "別表の見出しの言葉が、登録済みの協約と違います。違う政策分野のときは、"
                    "原文の番号をご確認ください。"
                ),
                lines=field.lines,
                about=f"field-{field.number}",
                quote=((_("この協約"), field.title), (_("登録済み"), known.fields[field.number])),
            )


def _yearly(agreement: AgreementText, known: Known) -> Iterator[Question]:
    articles = {article.number: article for article in agreement.articles}
    for duty in agreement.duties:
        if duty.kind == "annual_meeting":
            article = articles[duty.article]
            yield Question(
                key=f"annual_meeting-{duty.article}-{duty.paragraph}",
                ask=ASKS["annual_meeting"],
                text=_(
                    "第%(number)s条（%(caption)s）から、毎年度の予定を作ります。",
                    number=article.number,
                    caption=article.caption,
                ),
                lines=article.lines,
                about=f"annual_meeting-{duty.article}-{duty.paragraph}",
                quote=((known.meeting, _("期限 毎年度 3月31日")),),
                is_doubt=False,
            )


def cells(measure: MeasureText) -> Quote:
    """A row of the annex, cell by cell with the names of its columns."""
    return (
        (_("連携施策"), measure.title),
        (_("取組内容"), measure.content),
        (_("甲の役割"), measure.role_a),
        (_("乙の役割"), measure.role_b),
    )


def _office(party: Party) -> str:
    title = party.title or _("%(party)sの長", party=party.name)
    return f"{LETTERS[party.key]}　{title}"


def _passage(agreement: AgreementText, about: str) -> str:
    if about in ("preamble", "closing"):
        return str(getattr(agreement, about))
    articles = {f"第{article.number}条": article.paragraphs for article in agreement.articles}
    if about.startswith("annual_meeting-"):
        about = f"第{about.split('-')[1]}条"
    return "\n".join(articles.get(about, ()))


def check_choice(question: Question, choice: str, value: str | None) -> str | None:
    """What is kept of an answer beside the choice itself: the words typed, unchanged.

    Refuses a choice the question does not offer, and a box left empty, too long or no day.
    """
    if choice not in question.ask.choices:
        raise Refusal(_("答えを1つ選んでください。"))
    if choice != Choice.TYPE or question.ask.box is None:
        return None
    typed, box = (value or "").strip(), question.ask.box
    if not typed or (question.options and typed not in question.options):
        raise Refusal(_(_TYPE_IT[box]), field="value")
    if len(typed) > _LONGEST.get(box, len(typed)):
        raise Refusal(
            _(
                "%(longest)s字までで入力してください（今 %(count)s字）。",
                longest=_LONGEST[box],
                count=len(typed),
            ),
            field="value",
        )
    if box is Box.DAY:
        try:
            return wareki.long(wareki.read_day(typed))
        except Refusal as refusal:
            raise Refusal(refusal.message, field="value") from refusal
    return typed


def still_open(asked: Sequence[Question], answers: Answers) -> tuple[Question, ...]:
    """The questions without an answer that they offer (another reader may have asked others)."""
    return tuple(
        question
        for question in asked
        if answers.get(question.key, {}).get("choice") not in question.ask.choices
    )


def proposal(question: Question) -> tuple[Choice, str]:
    """The reader's own answer, and what it read for the box.

    Where it read nothing the box stays blank; refuses where something must be typed.
    """
    first = next(iter(question.ask.choices))
    if first is not Choice.TYPE or question.typed:
        return first, question.typed
    if Choice.BLANK not in question.ask.choices:
        raise Refusal(question.text)
    return Choice.BLANK, ""
