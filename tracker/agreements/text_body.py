"""The handlers of the lines before the annex: cover, preamble, articles, closing, signatures.

Each takes the draft and a line and says whether the line has a place there.
"""

import re
from datetime import date

from tracker.agreements.text_draft import Article, Draft, Paragraph, Signature
from tracker.agreements.text_lines import Kind, Line, fold, numeral
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal

LETTERS = {"甲": "a", "乙": "b", "丙": "c", "丁": "d"}

_DECLARED = re.compile("（以下[、 ]?「?([甲乙丙丁])」?と(?:いう|する|称する)")
_BETWEEN_NAMES = re.compile(r"及び|並びに|[、。・「」（）\s]|(?<=[市町村区県）])と")
_LONGEST_NAME = 20
_OFFICE = re.compile("([^ ]{0,12}?(?:[市町村区]長|知事)) *")
_NO_NAME = re.compile(r"[\d、。「」]")
_PLACE = re.compile("[^ ]{1,12}[都道府県市町村区]$")
_KANJI = re.compile("[〇一二三四五六七八九十百]+")
_WRITTEN = re.compile("[0-9元一二三四五六七八九十百]")
_SEAL = re.compile("(?: +印|㊞|（印）)$")


def title(draft: Draft, line: Line) -> bool:
    """The last title above the preamble is the agreement's; those before it are the cover's."""
    draft.titles.append(line)
    return True


def cover_day(draft: Draft, line: Line) -> bool:
    """The day on the cover."""
    if draft.cover_day is not None:
        return False
    draft.cover_day = line
    return True


def cover_names(draft: Draft, line: Line) -> bool:
    """Names of municipalities; `settle_all` sees whether they are the parties'."""
    names = _names_on(line)
    # 「青森市及び」 is no list of names but a title that was broken in two.
    if "。" in line.text or not names or not line.text.endswith(names[-1]):
        return False
    if not all(map(_PLACE.fullmatch, names)):
        return False
    draft.cover_names.append(line)
    return True


def preamble_begins(draft: Draft, line: Line) -> bool:
    """The first sentence under the title, or the one that says who 甲 is."""
    if not draft.titles and "甲" not in line.text:
        return False
    return _begin(draft, draft.preamble, line, line.text)


def preamble_goes_on(draft: Draft, line: Line) -> bool:
    """More of the preamble."""
    return _go_on(draft, draft.preamble, line)


def amending_sentence(draft: Draft, line: Line) -> bool:
    """「…を次のように改める。」 between the tables of a 変更協約."""
    return draft.amends and _go_on(draft, draft.preamble, line)


def caption(draft: Draft, line: Line) -> bool:
    """（目的）: belongs to the article on the very next line, if there is one."""
    _drop_caption(draft)
    draft.caption = line
    return True


def article(draft: Draft, line: Line) -> bool:
    """第1条 begins. A number that was there already is not an article again."""
    number = numeral(line.says("number") or "")
    if number < 1 or number in draft.articles:
        return False
    above = draft.caption if draft.caption is draft.previous else None
    words, lines = line.printed("before") or line.printed("after"), [line]
    if above is not None and not words:
        words, lines = above.printed("caption"), [above, line]
        draft.caption = None
    _drop_caption(draft)
    draft.article = draft.articles[number] = Article(number, words, lines)
    rest = line.printed("rest")
    if line.says("before") and line.says("after"):
        rest = line.text[line.found.start("after") - 1 :]
    return _begin(draft, draft.article.paragraphs, line, rest)


def paragraph(draft: Draft, line: Line) -> bool:
    """「2 前項の…」 is paragraph 2 when one stands before it; else the number is not dropped."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    expected = len(paragraphs) + (1 if not _ends_loosely(paragraphs) else 0)
    if line.says("gap") and int(line.says("number") or 0) == expected:
        return _begin(draft, paragraphs, line, line.printed("rest"))
    return _go_on(draft, paragraphs, line)


def item(draft: Draft, line: Line) -> bool:
    """「(1) …」「ア …」 inside an article stays a line of its paragraph."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    _settle(draft, paragraphs)
    if not paragraphs:
        _begin(draft, paragraphs, line, line.text)
    else:
        paragraphs[-1].lines.append(line)
        paragraphs[-1].pieces.append(f"\n{line.text}")
    paragraphs[-1].ends_listed = True
    return True


def article_goes_on(draft: Draft, line: Line) -> bool:
    """More of the article."""
    return draft.article is not None and _go_on(draft, draft.article.paragraphs, line)


def closing_begins(draft: Draft, line: Line) -> bool:
    """「この連携協約の締結を証するため…」, or 附則."""
    return _begin(draft, draft.closing, line, line.text)


def closing_goes_on(draft: Draft, line: Line) -> bool:
    """More of the closing words, until the day or a signature."""
    if not draft.closing or draft.signing_day or draft.signatures:
        return False
    if draft.closing[-1].is_finished and line.kind is not Kind.SENTENCE:
        return False
    return _go_on(draft, draft.closing, line)


def signing_day(draft: Draft, line: Line) -> bool:
    """The day above the signatures, perhaps left blank."""
    if draft.signing_day is not None:
        return False
    draft.signing_day = line
    return True


def party_signs(draft: Draft, line: Line) -> bool:
    """「甲 青森市長」, the name perhaps on the next line."""
    letter = line.says("letter") or ""
    signature = draft.signatures.setdefault(letter, Signature())
    draft.signing = letter
    rest = line.printed("rest")
    if not rest:
        signature.lines.append(line)
        return True
    return _sign(draft, signature, line, rest)


def signature_goes_on(draft: Draft, line: Line) -> bool:
    """The office, the municipality or the name of the party that is signing.

    「今別町長 中嶋久」 without a 乙 signs for the party of that name.
    """
    office = _OFFICE.match(fold(line.text))
    if office:
        if draft.names is None:
            draft.names = declared_names(joined(draft.preamble))
        letters = {name: letter for letter, name in draft.names.items()}
        draft.signing = letters.get(office[1].removesuffix("長"), draft.signing)
    if draft.signing is None:
        return False
    draft.signatures.setdefault(draft.signing, Signature())
    return _sign(draft, draft.signatures[draft.signing], line, line.text)


def declared_names(text: str) -> dict[str, str]:
    """甲 -> 青森市, from 「青森市（以下「甲」という。）及び今別町（以下「乙」という。）」."""
    text = fold(text)
    names: dict[str, str] = {}
    for found in _DECLARED.finditer(text):
        if found[1] not in names:
            before = text[max(0, found.start() - _LONGEST_NAME) : found.start()]
            names[found[1]] = _BETWEEN_NAMES.split(before.rstrip())[-1]
    return {letter: name for letter, name in names.items() if name}


def party_names(draft: Draft) -> dict[str, str]:
    """甲 -> 青森市: as the preamble declares them, else as they signed."""
    names = declared_names(joined(draft.preamble))
    for letter, signature in draft.signatures.items():
        name = signature.name or (signature.title or "").removesuffix("長")
        if name:
            names.setdefault(letter, name)
    return {letter: names[letter] for letter in LETTERS if letter in names}


def day_of(line: Line) -> date | None:
    """The day printed on a line; None where it is left blank or does not exist."""
    plain = _KANJI.sub(lambda run: str(numeral(run[0])), line.folded).removeprefix("西暦")
    try:
        return wareki.read_day(plain)
    except Refusal:
        return None


def joined(paragraphs: list[Paragraph]) -> str:
    """Paragraphs under one another."""
    return "\n".join(each.text for each in paragraphs)


def settle_all(draft: Draft) -> None:
    """At the end of the text, what only seemed to have a place loses it."""
    _drop_caption(draft)
    for paragraphs in (draft.preamble, draft.closing):
        _settle(draft, paragraphs)
    for each in draft.articles.values():
        _settle(draft, each.paragraphs)
    for day in (draft.cover_day, draft.signing_day):
        if day is not None and day_of(day) is None and _WRITTEN.search(day.folded):
            draft.reject(day)
    names = party_names(draft)
    for letter, signature in draft.signatures.items():
        if signature.name_line is not None and signature.name != names[letter]:
            draft.unplaced.append((signature.name_line, signature.name or ""))
    for line in draft.cover_names:
        if not set(names.values()).issuperset(_names_on(line)):
            draft.reject(line)


def _names_on(line: Line) -> list[str]:
    return _BETWEEN_NAMES.sub(" ", line.text).split()


def _begin(draft: Draft, paragraphs: list[Paragraph], line: Line, text: str) -> bool:
    _settle(draft, paragraphs)
    paragraphs.append(Paragraph([line], [text], anchored=True))
    return True


def _go_on(draft: Draft, paragraphs: list[Paragraph], line: Line) -> bool:
    if not paragraphs or paragraphs[-1].is_finished:
        paragraphs.append(Paragraph([line], [line.text], anchored=False))
        return True
    unfinished = paragraphs[-1]
    if unfinished.pieces != [""]:
        unfinished.seams.append((unfinished.lines[-1], line))
    unfinished.lines.append(line)
    unfinished.pieces.append(line.text)
    return True


def _ends_loosely(paragraphs: list[Paragraph]) -> bool:
    return bool(paragraphs) and not (paragraphs[-1].anchored or paragraphs[-1].is_finished)


def _settle(draft: Draft, paragraphs: list[Paragraph]) -> None:
    if _ends_loosely(paragraphs):
        for line in paragraphs.pop().lines:
            draft.reject(line)


def _drop_caption(draft: Draft) -> None:
    if draft.caption is not None:
        draft.reject(draft.caption)
        draft.caption = None


def _sign(draft: Draft, signature: Signature, line: Line, text: str) -> bool:
    folded = fold(text)
    seal = _SEAL.search(folded[-_LONGEST_NAME:])
    unsealed = text[: len(text) - len(seal[0])] if seal else text
    office = _OFFICE.match(folded)
    head = (unsealed[office.end() :] if office else unsealed).strip()
    if len(head) > _LONGEST_NAME or _NO_NAME.search(head):
        return False
    if office and signature.title is None:
        signature.title = text[: office.end()].strip()
    elif _PLACE.match(folded) and signature.name is None and signature.title is None:
        signature.name, signature.name_line, head = text, line, ""
    elif office or signature.title is None or signature.head is not None:
        return False
    if head:
        signature.head, signature.head_line = head, line
    if seal:
        draft.unplaced.append((line, seal[0].strip()))
    signature.lines.append(line)
    return True
