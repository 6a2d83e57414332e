"""The reader of agreement texts: what stands where in a 連携協約, and what is doubtful about it.

A text is read line by line. What a line is (`lines`) and where in the text it stands decide
which handler takes it; the table below is that decision. Nothing is dropped or repaired silently:
a line no handler takes is listed as unplaced, and every guess is a remark (product.md 3).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import groupby

from tracker.agreements.reading import annex
from tracker.agreements.text import parts
from tracker.agreements.text.agreement import (
    AgreementText,
    ArticleText,
    DutyText,
    Lines,
    MeasureText,
    Party,
    PolicyFieldText,
    Reading,
    Remark,
)
from tracker.agreements.text.draft import Draft, Paragraph, Signature, TableRow, is_whole, joined
from tracker.agreements.text.lines import (
    DIGITS,
    PAGE_NUMBER,
    STAND_IN,
    Kind,
    Line,
    fold,
    lines_of,
    plain,
)
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

State = Enum("State", "COVER PREAMBLE ARTICLES SIGNING ANNEX")
Step = tuple[Callable[[Draft, Line], bool], State | None]

# Wherever these stand, they say themselves where the text has come to.
_ANYWHERE: Mapping[Kind, tuple[Step, ...]] = {
    Kind.CAPTION: ((parts.caption, None),),
    Kind.ARTICLE: ((parts.article, State.ARTICLES),),
    Kind.CLOSING: ((parts.closing_begins, State.SIGNING),),
    Kind.DATE: ((parts.signing_day, State.SIGNING),),
    Kind.PARTY: ((parts.party_signs, State.SIGNING),),
    Kind.ANNEX: ((annex.annex_begins, State.ANNEX),),
    Kind.ROW: ((annex.header, State.ANNEX), (annex.row, State.ANNEX)),
}
_PREAMBLE = (parts.preamble_goes_on, State.PREAMBLE)
_ARTICLE = (parts.article_goes_on, State.ARTICLES)
_CLOSING = (parts.closing_goes_on, State.SIGNING)
_SIGNATURE = (parts.signature_goes_on, State.SIGNING)
_AMENDED = (annex.amended_field, State.ANNEX)
_CELL = ((annex.cell_goes_on, State.ANNEX), (annex.loose_cell, State.ANNEX))
_ROW = (annex.part_of_row, State.ANNEX)
_FIELD = (annex.field_words, State.ANNEX)

# The first handler that takes the line places it and says where the text has come to (None: where it was).
_STEPS: Mapping[State, Mapping[Kind, tuple[Step, ...]]] = {
    State.COVER: {
        **_ANYWHERE,
        Kind.TITLE: ((parts.title, State.COVER),),
        Kind.DATE: ((parts.cover_day, State.COVER),),
        Kind.WORDS: ((parts.cover_names, State.COVER), (parts.title_begins, State.COVER)),
        Kind.SENTENCE: ((parts.cover_names, State.COVER), (parts.preamble_begins, State.PREAMBLE)),
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
        Kind.NUMBERED: (_AMENDED, (parts.paragraph, State.ARTICLES)),
        Kind.ITEM: ((parts.item, State.ARTICLES),),
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
        Kind.ROW: ((annex.cell_goes_on, State.ANNEX), *_ANYWHERE[Kind.ROW]),
        Kind.TITLE: (*_CELL, _ROW),
        Kind.SENTENCE: (*_CELL, _ROW, (parts.amending_sentence, State.ANNEX), _FIELD),
        Kind.WORDS: (*_CELL, (annex.header, State.ANNEX), _ROW, _FIELD),
        Kind.NUMBERED: (*_CELL, (annex.policy_field, State.ANNEX), _ROW),
        Kind.ITEM: (*_CELL, (annex.policy_subfield, State.ANNEX), _ROW, _FIELD),
    },
}

# A paragraph with a sentence that says all of these creates the duty (Articles 4(2), 5 and 6).
_ONCE = "[1-9一二三四五六七八九数]"
_DUTIES = {
    "annual_meeting": (
        "毎年|毎会計年度|毎事業年度|年度?ごと|各年度|半年"
        "|(?<![0-9一二三四五六七八九数か])(?:[1一壱] *か?)?年(?:度|間)?"
        f"(?:に|につき|当たり|あたり)?(?:、|少なくとも|最低|おおむね|概ね|原則として|定期的に)*{_ONCE} *回",
        "会議|会合|懇談|協議会|連絡会|協議の場|会談|首長会|総会",
        "開催|開く|開き|設け|行う|行い|招集|持つ|もつ|実施",
    ),
    "cost_sharing": (
        "費用|経費|負担金",
        "(?:費用|経費|負担)[^。]*(?:協議(?!会|の場|する?ため)|合意|別に(?:これを)?定め|受益の(?:程度|割合)|応分)",
    ),
    "question": ("疑義|定めのない事項", "協議|定め"),
}
_LIKE_A_MEETING = re.compile("毎年|会議|会合|懇談|協議会|連絡会|連絡調整|連絡を|協議の場|定期的")
_REPLACING = re.compile("協約書?[^。]{0,30}(?:廃止|失効|に代え|に替え)")
_LEGAL_BASIS = re.compile(
    rf"地方自治法(?:（[^（）]{{1,40}}）)?第 ?[{DIGITS}]{{1,8}} ?条"
    rf"(?:の ?[{DIGITS}]{{1,3}})?(?: ?第 ?[{DIGITS}]{{1,3}} ?項)?"
)
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_PARTIES_AT_LEAST = {"甲", "乙"}

_EMPTY = N_("ファイルの中身が空です。協約の全文が入ったファイルを選んでください。")
_NOT_TEXT = N_("文字として読めないファイルです。テキスト形式で保存し直してから選んでください。")
_NO_AGREEMENT = N_(
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
        raise Refusal(_(_EMPTY))
    if _NO_CHARACTER.search(text):
        raise Refusal(_(_NOT_TEXT))
    draft, state = Draft(), State.COVER
    text = text.removeprefix("\ufeff")
    for line in lines_of(plain(text)):
        if PAGE_NUMBER.fullmatch(line.folded) and not (draft.run or draft.loose):
            # What stands above and below it belongs together.
            draft.reject(line)
            draft.why[line.number] = "page_number"
            continue
        state = _place(draft, state, line)
        draft.previous = line
    annex.settle(draft)
    names = parts.settle_all(draft)
    annex.listed_measures(draft)
    if "協約" not in text or not names.keys() >= _PARTIES_AT_LEAST:
        raise Refusal(_(_NO_AGREEMENT))
    if not draft.articles and not draft.amends:
        raise Refusal(_(_NO_AGREEMENT))
    agreement = _agreement(draft, names)
    left_over = tuple(unplaced for _other, unplaced in draft.left_over())
    found = remarks(draft, agreement, _stand_ins(text))
    return Reading(agreement, found, left_over, frozenset(draft.placed))


def _stand_ins(text: str) -> dict[int, str]:
    """The lines that held stand-ins of a PDF reader, each with the first of them."""
    if not STAND_IN.search(text):
        return {}
    lines = enumerate(text.split("\n"), start=1)
    return {number: found[0] for number, line in lines if (found := STAND_IN.search(line))}


def _place(draft: Draft, state: State, line: Line) -> State:
    for handler, then in _STEPS[state].get(line.kind, ()):
        if handler(draft, line):
            draft.placed.add(line.number)
            return then or state
    draft.reject(line)
    return state


def _agreement(draft: Draft, names: Mapping[str, str]) -> AgreementText:
    preamble = joined(draft.preamble)
    basis = _LEGAL_BASIS.search(fold(preamble))
    in_title = [line for line in draft.title_lines if parts.day_of(line)]
    day = draft.signing_day or draft.cover_day or next(iter(in_title), None)
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
        title=(draft.title_texts or [""])[-1],
        parties=tuple(
            _party(letter, name, draft.signatures.get(letter, Signature()))
            for letter, name in names.items()
        ),
        concluded_on=parts.day_of(day) if day else None,
        legal_basis=preamble[slice(*basis.span())] if basis else None,
        preamble=preamble,
        closing=joined(draft.closing),
        amends=draft.amends,
        articles=articles,
        policy_fields=tuple(
            PolicyFieldText(each.number, each.title, each.parent, numbers(each.lines))
            for each in draft.headings.values()
        ),
        measures=_measures(draft),
        duties=() if draft.amends else _duties(draft),
        sources={
            "title": numbers(draft.title_lines),
            "concluded_on": numbers(days or in_title[:1]),
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
    return Party(parts.LETTERS[letter], name, signature.title, signature.head, lines)


def _duties(draft: Draft) -> tuple[DutyText, ...]:
    """What the paragraphs ask for; measures among their items ask for nothing."""
    return tuple(
        DutyText(article.number, place, kind)
        for article in draft.articles.values()
        for place, paragraph in enumerate((each for each in article.paragraphs if each.text), 1)
        for kind, words in _DUTIES.items()
        if all(re.search(word, fold(paragraph.says)) for word in words)
    )


# --- what a person is asked about, in Japanese, beside the lines it is about --------------------

_CELLS = {"content": N_("取組内容"), "role_a": N_("甲の役割"), "role_b": N_("乙の役割")}
_KEYS = {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}
_SHORTEST_USUAL_NAME = 4
_LOST_GLYPH = re.compile("[\ufffd□■〓?？\ue000-\uf8ff]")
_LAST_WORD = re.compile("[一-龥々]+$")
_FIRST_WORDS = re.compile("[^、。]{1,8}", re.DOTALL)
_QUOTED = 30


def remarks(
    draft: Draft, agreement: AgreementText, stand_ins: Mapping[int, str]
) -> tuple[Remark, ...]:
    """All doubts in the order of the lines; those about something missing stand first."""
    found = (
        *_missing(agreement, draft),
        *_unsure(agreement, draft, stand_ins),
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
    wanted: list[tuple[bool, str, str]] = [
        (bool(agreement.title), "title", _("表題")),
        (bool(agreement.preamble), "preamble", _("前文")),
        (agreement.concluded_on is not None, "concluded_on", _("締結日")),
        (bool(agreement.measures), "measures", _("別表の連携施策")),
    ]
    for party in agreement.parties:
        office = party.title or _("%(keys)s %(party)sの長", keys=_KEYS[party.key], party=party.name)
        wanted.append((party.head is not None, party.key, _("%(office)sの氏名", office=office)))
    present = {article.number for article in agreement.articles}
    skipped = [n for n in range(1, len(present) + 1) if n not in present]
    wanted += [(False, "articles", f"第{n}条") for n in skipped[:1]]
    for is_there, about, name in wanted:
        if not is_there:
            lines = agreement.sources.get(about, ())
            text = _("%(name)sを読み取れませんでした。原文をご確認ください。", name=name)
            yield Remark("part_missing", lines, text, about)
    if draft.signing_day and draft.cover_day and agreement.concluded_on:
        cover, signed = ("".join(day.folded.split()) for day in _days(draft))
        if parts.day_of(draft.cover_day) != parts.day_of(draft.signing_day):
            text = _(
                "表紙の日付（%(cover)s）と署名の日付（%(signed)s）が違います。"
                "署名の日付で読みました。",
                cover=cover,
                signed=signed,
            )
            yield Remark("days_differ", numbers(_days(draft)), text, "concluded_on")


def _unsure(
    agreement: AgreementText, draft: Draft, stand_ins: Mapping[int, str]
) -> Iterator[Remark]:
    """What was read by a rule that may be wrong here, each asked about once."""
    if stand_ins:
        text = _(
            "見た目は同じでも別の文字（PDFから写したときの「%(one)s」など）が%(count)s行にありました。"
            "ふつうの漢字に直して読みました。",
            one=next(iter(stand_ins.values())),
            count=len(stand_ins),
        )
        yield Remark("stand_in_characters", tuple(stand_ins), text)
    if len(draft.title_lines) > 1:
        text = _("2行に分かれた表題を、つなげて読みました。")
        yield Remark("title_joined", numbers(draft.title_lines), text, "title")
    if not draft.amends and _REPLACING.search(fold(agreement.preamble)):
        text = _("前に結んだ協約に代わるもののようです。前の協約の終了も登録してください。")
        yield Remark("replaces_earlier", agreement.sources["preamble"], text)
    if draft.unsure:
        text = _(
            "表の見出しから、どちらの役割か分かりません（「%(header)s」）。左を甲、右を乙と読みました。",
            header=_short(" ".join(draft.unsure.text.split())),
        )
        yield Remark("roles_not_told_apart", (draft.unsure.number,), text)
    if draft.spaced:
        text = _("表に列の区切りがありませんでした。空白で区切って読みました。")
        yield Remark("table_without_columns", (draft.spaced.number,), text)
    if draft.run_lines:
        text = _("表に列の区切りがありませんでした。1行を1つの欄として読みました。")
        yield Remark("table_without_columns", numbers(draft.run_lines), text)
    if draft.counted:
        text = _(
            "番号のない政策分野（「%(field)s」など）に、順に番号を付けました。",
            field=_short(draft.counted[0].text),
        )
        yield Remark("field_without_number", numbers(draft.counted), text)
    if broken := [row for row in draft.rows if row.is_broken]:
        text = _(
            "欄の中で改行した行をつなげました（「%(row)s」など%(count)s件）。",
            row=_short(broken[0].title),
            count=len(broken),
        )
        lines = tuple(dict.fromkeys(n for row in broken for n in numbers(row.lines)))
        yield Remark("lines_in_cells", lines, text)
    if pages := tuple(n for n, why in draft.why.items() if why == "page_number"):
        text = _("ページ番号と思われる行を%(count)s行、除いて読みました。", count=len(pages))
        yield Remark("page_number", pages, text)
    yield from () if draft.amends else _duties_missing(agreement)


def _duties_missing(agreement: AgreementText) -> Iterator[Remark]:
    present = {duty.kind for duty in agreement.duties}
    if "annual_meeting" not in present:
        near = [
            (f"annual_meeting-{article.number}-{place}", article.lines)
            for article in agreement.articles
            for place, paragraph in enumerate(article.paragraphs, start=1)
            if _LIKE_A_MEETING.search(fold(paragraph))
        ]
        about, lines = near[0] if len(near) == 1 else ("annual_meeting", ())
        text = _(
            "毎年度の会議を定めた条文を読み取れませんでした。このままでは毎年度の予定を作りません。"
        )
        yield Remark("annual_meeting_missing", lines, text, about)
    if "cost_sharing" not in present:
        text = _("費用の負担を協議して定めるという条文を読み取れませんでした。")
        yield Remark("cost_sharing_missing", (), text, "cost_sharing")


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
                text = _(
                    "文が途中で終わっているかもしれません（「…%(each)s」）。", each=each.text[-10:]
                )
                yield Remark("sentence_maybe_cut", numbers(each.lines), text, about)


def _joined(paragraph: Paragraph, about: str) -> Remark:
    upper, lower = paragraph.seams[0]
    last, first = _LAST_WORD.search(upper.text[-6:]), _FIRST_WORDS.match(lower.text)
    seam = f"{last[0] if last else upper.text[-4:]}／{first[0] if first else lower.text[:1]}"
    more = len(paragraph.seams) - 1
    others = _("、ほか%(more)sか所", more=more) if more else ""
    text = _("改行で分かれた語をつなげました（%(seam)s%(others)s）。", seam=seam, others=others)
    return Remark("joined_line", numbers(paragraph.lines), text, about)


def _names(draft: Draft, agreement: AgreementText) -> Iterator[Remark]:
    for party in agreement.parties:
        letter = _KEYS[party.key]
        signature = draft.signatures.get(letter)
        place = (signature.office if signature and signature.office else party.name).removesuffix(
            "長"
        )
        if not (place.endswith(party.name) or party.name.endswith(place)):
            text = _(
                "%(letter)sは前文では%(party)sですが、署名は「%(title)s」です。",
                letter=letter,
                party=party.name,
                title=party.title,
            )
            yield Remark("party_differs", party.lines, text, party.key)
        if not party.head or signature is None or signature.head_line is None:
            continue
        short = len("".join(party.head.split())) < _SHORTEST_USUAL_NAME
        if short or _LOST_GLYPH.search(party.head) or party.head.endswith("印"):
            text = _(
                "署名の氏名が途中で切れているかもしれません（%(letter)s %(party)s「%(head)s」）。"
                "原本をご確認ください。",
                letter=letter,
                party=party.title,
                head=party.head,
            )
            yield Remark("name_maybe_cut", (signature.head_line.number,), text, party.key)


def _rows(draft: Draft) -> Iterator[Remark]:
    for row in draft.rows:
        if row.is_split:
            yield _split(row)
        if row.title_from_above:
            text = _(
                "連携施策の欄が空いていたので、上の行と同じ「%(row)s」と読みました。",
                row=_short(row.title),
            )
            yield Remark("title_from_above", numbers(row.lines), text, row.number)
        if not row.heading:
            text = _(
                "「%(row)s」がどの政策分野の施策か、読み取れませんでした。", row=_short(row.title)
            )
            yield Remark("field_unknown", numbers(row.lines), text, row.number)
        cells = [row.cell(name) for name in _CELLS]
        if not all(cells) or len({is_whole(cell) for cell in cells}) > 1:
            text = _(
                "「%(row)s」の行に、空いている欄か途中で切れた欄があるかもしれません。",
                row=_short(row.title),
            )
            yield Remark("row_maybe_cut", numbers(row.lines), text, row.number)


def _split(row: TableRow) -> Remark:
    where = _("と").join(_("%(number)s行目", number=line.number) for line in row.lines[:3])
    text = _(
        "%(where)sは、1つの表の行（%(row)s）と思われます。つなげて読みました。",
        where=where,
        row=_short(row.title),
    )
    for name, tail in row.dropped[:3]:
        text += _(
            "%(cells)sは、末尾の「%(tail)s」が重なっていたため、1つにしました。",
            cells=_(_CELLS[name]),
            tail=_short(tail),
        )
    return Remark("split_row", numbers(row.lines), text, row.number)


def _left_over(draft: Draft) -> Iterator[Remark]:
    """Neighbouring lines that found no place make one question."""
    gaps = 0
    entries: list[tuple[tuple[str, int], int, str]] = []
    previous = 0
    for line, unplaced in draft.left_over():
        if draft.why.get(line.number) == "page_number":
            continue
        gaps += any(number in draft.placed for number in range(previous + 1, line.number))
        kind = "stray_text" if line.kind is Kind.WORDS else "not_read"
        kind = draft.why.get(line.number, kind)
        entries.append(((kind, gaps), line.number, unplaced.text.strip()))
        previous = line.number
    for (kind, _is_whole), group in groupby(entries, key=lambda entry: entry[0]):
        run = list(group)
        where = (
            _("%(line)s行目から%(count)s行", line=run[0][1], count=len(run))
            if len(run) > 1
            else _("%(run)s行目", run=run[0][1])
        )
        quoted = _short(" ".join(text[:_QUOTED] for _key, _line, text in run[:5]))
        says = {
            "stray_text": _(
                "%(where)s「%(quoted)s」は、協約の文ではない可能性があります。",
                where=where,
                quoted=quoted,
            ),
            "address": _(
                "%(where)s「%(quoted)s」は、署名の住所と思われます。", where=where, quoted=quoted
            ),
            "not_read": _(
                "%(where)s「%(quoted)s」は、どこに当たるか読み取れませんでした。",
                where=where,
                quoted=quoted,
            ),
        }
        yield Remark(kind, tuple(dict.fromkeys(number for _key, number, _text in run)), says[kind])


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
