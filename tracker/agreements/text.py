"""The reader of agreement texts: what stands where in a 連携協約, and what is doubtful about it.

A text is read line by line. What a line is (`text_lines`) and where in the text it stands decide
which handler takes it; the table below is that decision. Nothing is dropped or repaired silently:
a line no handler takes is listed as unplaced, and every guess is a remark (product.md 3).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from tracker.agreements import text_annex as annex
from tracker.agreements import text_body as body
from tracker.agreements.text_draft import Draft, Signature
from tracker.agreements.text_lines import DIGITS, Kind, Line, fold, lines_of
from tracker.agreements.text_remarks import numbers, remarks
from tracker.agreements.text_values import (
    AgreementText,
    ArticleText,
    DutyText,
    Lines,
    MeasureText,
    Party,
    PolicyFieldText,
    Reading,
    Remark,
    Unplaced,
)
from tracker.kernel.refusal import Refusal

__all__ = [
    "AgreementText",
    "ArticleText",
    "DutyText",
    "Lines",
    "MeasureText",
    "Party",
    "PolicyFieldText",
    "Reading",
    "Remark",
    "Unplaced",
    "as_json",
    "read",
]

State = Enum("State", "COVER PREAMBLE ARTICLES SIGNING ANNEX")
Step = tuple[Callable[[Draft, Line], bool], State | None]

# Wherever these stand, they say themselves where the text has come to.
_ANYWHERE: Mapping[Kind, tuple[Step, ...]] = {
    Kind.CAPTION: ((body.caption, None),),
    Kind.ARTICLE: ((body.article, State.ARTICLES),),
    Kind.CLOSING: ((body.closing_begins, State.SIGNING),),
    Kind.DATE: ((body.signing_day, State.SIGNING),),
    Kind.PARTY: ((body.party_signs, State.SIGNING),),
    Kind.ANNEX: ((annex.annex_begins, State.ANNEX),),
    Kind.HEADER: ((annex.header, State.ANNEX),),
    Kind.ROW: ((annex.row, State.ANNEX),),
}
_PREAMBLE = (body.preamble_goes_on, State.PREAMBLE)
_ARTICLE = (body.article_goes_on, State.ARTICLES)
_CLOSING = (body.closing_goes_on, State.SIGNING)
_SIGNATURE = (body.signature_goes_on, State.SIGNING)
_AMENDED = (annex.amended_field, State.ANNEX)

# The first handler that takes the line places it and says where the text has come to (None: where it was).
_STEPS: Mapping[State, Mapping[Kind, tuple[Step, ...]]] = {
    State.COVER: {
        **_ANYWHERE,
        Kind.TITLE: ((body.title, State.COVER),),
        Kind.DATE: ((body.cover_day, State.COVER),),
        Kind.WORDS: ((body.cover_names, State.COVER),),
        Kind.SENTENCE: ((body.cover_names, State.COVER), (body.preamble_begins, State.PREAMBLE)),
    },
    State.PREAMBLE: {
        **_ANYWHERE,
        Kind.TITLE: (_PREAMBLE,),
        Kind.SENTENCE: (_PREAMBLE,),
        Kind.WORDS: (_PREAMBLE,),
        Kind.NUMBERED: (_AMENDED, _PREAMBLE),
        Kind.ITEM: (_PREAMBLE,),
    },
    State.ARTICLES: {
        **_ANYWHERE,
        Kind.TITLE: (_ARTICLE,),
        Kind.SENTENCE: (_ARTICLE,),
        Kind.WORDS: (_ARTICLE,),
        Kind.NUMBERED: (_AMENDED, (body.paragraph, State.ARTICLES)),
        Kind.ITEM: ((body.item, State.ARTICLES),),
    },
    State.SIGNING: {
        **_ANYWHERE,
        Kind.TITLE: (_CLOSING,),
        Kind.SENTENCE: (_CLOSING,),
        Kind.WORDS: (_CLOSING, _SIGNATURE),
        Kind.NUMBERED: (_CLOSING, (annex.policy_field, State.ANNEX)),
        Kind.ITEM: (_CLOSING, (annex.policy_subfield, State.ANNEX)),
    },
    State.ANNEX: {
        **_ANYWHERE,
        Kind.SENTENCE: ((annex.rest_of_row, State.ANNEX), (body.amending_sentence, State.ANNEX)),
        Kind.WORDS: ((annex.rest_of_row, State.ANNEX),),
        Kind.NUMBERED: ((annex.policy_field, State.ANNEX),),
        Kind.ITEM: ((annex.policy_subfield, State.ANNEX),),
    },
}

# A paragraph that says all of these creates the duty (Articles 4(2), 5 and 6).
_DUTIES = {
    "annual_meeting": ("毎年|年1回", "会議|会合|協議の場", "開催|開く|設け"),
    "cost_sharing": ("費用|経費", "負担", "協議"),
    "question": ("疑義", "協議|定め"),
}
_LEGAL_BASIS = re.compile(
    rf"地方自治法(?:（[^（）]{{1,40}}）)?第 ?[{DIGITS}]{{1,8}} ?条"
    rf"(?:の ?[{DIGITS}]{{1,3}})?(?: ?第 ?[{DIGITS}]{{1,3}} ?項)?"
)
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_PARTIES_AT_LEAST = {"甲", "乙"}

_EMPTY = "ファイルの中身が空です。協約の全文が入ったファイルを選んでください。"
_NOT_TEXT = "文字として読めないファイルです。テキスト形式で保存し直してから選んでください。"
_NO_AGREEMENT = (
    "連携協約の文ではないようです（当事者か条文が見つかりません）。"
    "協約の全文が入ったファイルを選んでください。"
)


def read(text: str) -> Reading:
    """Read an agreement text: every line finds a place or is listed as unplaced.

    Time grows with the length of the text and no faster. Raises Refusal when the text is empty,
    is not text (a NUL, half a character), or is no 協約 with parties and articles; a 変更協約
    needs no articles.
    """
    if not text.strip("\ufeff \t\r\n\u3000"):
        raise Refusal(_EMPTY)
    if _NO_CHARACTER.search(text):
        raise Refusal(_NOT_TEXT)
    draft, state = Draft(), State.COVER
    for line in lines_of(text.removeprefix("\ufeff")):
        state = _place(draft, state, line)
        draft.previous = line
    body.settle_all(draft)
    names = body.party_names(draft)
    if "協約" not in text or not names.keys() >= _PARTIES_AT_LEAST:
        raise Refusal(_NO_AGREEMENT)
    if not draft.articles and not draft.amends:
        raise Refusal(_NO_AGREEMENT)
    agreement = _agreement(draft, names)
    left_over = tuple(unplaced for _, unplaced in draft.left_over())
    return Reading(agreement, remarks(draft, agreement), left_over, frozenset(draft.placed))


def _place(draft: Draft, state: State, line: Line) -> State:
    for handler, then in _STEPS[state].get(line.kind, ()):
        if handler(draft, line):
            draft.placed.add(line.number)
            return then or state
    draft.reject(line)
    return state


def _agreement(draft: Draft, names: Mapping[str, str]) -> AgreementText:
    preamble = body.joined(draft.preamble)
    basis = _LEGAL_BASIS.search(fold(preamble))
    day = draft.signing_day or draft.cover_day
    days = [line for line in (draft.cover_day, draft.signing_day) if line is not None]
    articles = tuple(
        ArticleText(
            each.number,
            each.caption,
            tuple(paragraph.text for paragraph in each.paragraphs if paragraph.text),
            numbers([*each.lines[:-1], *(x for p in each.paragraphs for x in p.lines)]),
        )
        for each in draft.articles.values()
    )
    in_preamble = numbers([line for each in draft.preamble for line in each.lines])
    return AgreementText(
        title=draft.titles[-1].text if draft.titles else "",
        parties=tuple(
            _party(letter, name, draft.signatures.get(letter, Signature()))
            for letter, name in names.items()
        ),
        concluded_on=body.day_of(day) if day else None,
        legal_basis=preamble[slice(*basis.span())] if basis else None,
        preamble=preamble,
        closing=body.joined(draft.closing),
        amends=draft.amends,
        articles=articles,
        policy_fields=tuple(
            PolicyFieldText(each.number, each.title, each.parent, numbers(each.lines))
            for each in draft.headings.values()
        ),
        measures=_measures(draft),
        duties=() if draft.amends else _duties(articles),
        sources={
            "title": numbers(draft.titles[-1:]),
            "concluded_on": numbers(days),
            "legal_basis": in_preamble if basis else (),
            "preamble": in_preamble,
            "closing": numbers([line for each in draft.closing for line in each.lines]),
        },
    )


def _measures(draft: Draft) -> tuple[MeasureText, ...]:
    return tuple(
        MeasureText(
            number=row.number,
            field=row.heading,
            title=row.title,
            content=row.cell("content"),
            role_a=row.cell("role_a"),
            role_b=row.cell("role_b"),
            lines=numbers(row.lines),
        )
        for row in draft.rows
    )


def _party(letter: str, name: str, signature: Signature) -> Party:
    lines = numbers(signature.lines)
    return Party(body.LETTERS[letter], name, signature.title, signature.head, lines)


def _duties(articles: tuple[ArticleText, ...]) -> tuple[DutyText, ...]:
    return tuple(
        DutyText(article.number, place, kind)
        for article in articles
        for place, paragraph in enumerate(map(fold, article.paragraphs), start=1)
        for kind, words in _DUTIES.items()
        if all(re.search(word, paragraph) for word in words)
    )


def as_json(reading: Reading) -> dict[str, Any]:
    """The reading as contracts.md pins it, keys in that order."""
    agreement = reading.agreement
    day = agreement.concluded_on
    return {
        "title": agreement.title,
        "parties": {
            each.key: {"name": each.name, "title": each.title, "head": each.head}
            for each in agreement.parties
        },
        "concluded_on": day.isoformat() if day else None,
        "legal_basis": agreement.legal_basis,
        "preamble": agreement.preamble,
        "closing": agreement.closing,
        "amends": agreement.amends,
        "articles": [
            {"number": each.number, "caption": each.caption, "paragraphs": list(each.paragraphs)}
            for each in agreement.articles
        ],
        "policy_fields": [
            {"number": each.number, "title": each.title, "parent": each.parent}
            for each in agreement.policy_fields
        ],
        "measures": [
            {
                "number": each.number,
                "field": each.field,
                "title": each.title,
                "content": each.content,
                "role_a": each.role_a,
                "role_b": each.role_b,
                "lines": list(each.lines),
            }
            for each in agreement.measures
        ],
        "duties": [
            {"article": each.article, "paragraph": each.paragraph, "kind": each.kind}
            for each in agreement.duties
        ],
        "remarks": [
            {"kind": each.kind, "lines": list(each.lines), "text": each.text}
            for each in reading.remarks
        ],
        "unplaced": [{"line": each.line, "text": each.text} for each in reading.unplaced],
    }
