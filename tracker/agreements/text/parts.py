"""Handlers that fill a draft line by line: cover, preamble, articles, closing, signatures.

Each takes the draft and a line and says whether the line has a place there.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from tracker.agreements.text.draft import (
    Article,
    Draft,
    Paragraph,
    Signature,
    joined,
)
from tracker.agreements.text.lines import DAY, Kind, Line, fold, label, numeral
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal

# --- before the annex: cover, preamble, articles, closing, signatures ---------------------------

LETTERS = {"甲": "a", "乙": "b", "丙": "c", "丁": "d"}

_BROKEN_TITLE = re.compile("(?:[のにとる・]|及び|都市圏)$")
_DAY = re.compile(DAY)
_DECLARED = re.compile(
    '（ *以下 *[、,]? *[「『“"]? *([甲乙丙丁]) *[」』”"]? *と *(?:いう|する|称する|呼ぶ|言う)'
)
_BETWEEN_NAMES = re.compile(r"及び|並びに|[、。・「」（）\s]|(?<=[市町村区県）])と")
_JOINT = "[ 、・]|及び|並びに|と"
_NAMED = "とは|における|と?の間|とが|と?[のは]|に|が|$"
_NAME = rf"(?>[^、。・「」（）\s]{{1,14}}?[市町村区](?={_JOINT}|{_NAMED}))"
_NAMES = re.compile(rf"{_NAME}(?:(?:{_JOINT}){{1,2}}{_NAME})++(?={_NAMED}|、)")
_OPENING = 200
_ABOVE_NAME = re.compile(
    "(?:東京都|北海道|京都府|大阪府|[^ ]{2,3}県)?(?:[^ 郡]{1,5}郡(?=[^ ]{1,8}[町村]$))?"
)
_LONGEST_NAME = 20
_DEPUTY = "(?:長?職務代理者|[^ ]{0,12}副[市町村区]長|助役)"
_OFFICE = re.compile(
    r"(?:（? ?(?:[^ （]{0,12}代表者|職氏名|職名|氏名|署名|記名|[^ （]{1,14}[市町村区](?= )) ?）?"
    r" *[:：]? *)*"
    rf"(?P<title>(?P<office>[^ ]{{0,14}}?(?:[市町村区]長|知事))(?: *{_DEPUTY})*) *"
)
_HEADS = re.compile("(?:(?<=[市町村区])副[市町村区])?長$")
_NO_NAME = re.compile(r"[\d、。「」]|立会|証人|代表者|氏名|署名|住所|所在地|代理|番地|丁目|大字")
_ADDRESS = re.compile(
    "（? ?(?:住所|所在地)"
    "|(?:〒 ?[0-9－‐-]{7,8} *)?[^ ]{2,20}[市町村区].{0,60}(?:[0-9一二三四五六七八九十](?:丁目|番|号|の)|番地|字|[0-9]$)"
)
_THEN_OFFICE = re.compile(r".{4,60}?[0-9号地] +(?=[^ ]{1,14}[市町村区](?:長| ))")
_WITNESS = re.compile("立会人?|証人|公証|保証人")
_PLACE = re.compile("[^ ]{1,12}[都道府県市町村区]$")
_WRITTEN = re.compile("[0-9元一二三四五六七八九十百]")
_BESIDE = re.compile("  +(?P<letter>[甲乙丙丁])[ :：]+")
_SEAL = re.compile(
    "(?: +(?:公印|職印|印)|㊞|[（［\\[〔] ?(?:公印(?:省略)?|職印|印|署名|自署) ?[）］\\]〕])$"
)


def title(draft: Draft, line: Line) -> bool:
    """The last title above the preamble is the agreement's; those before it are the cover's."""
    above = draft.title_begins
    is_joined = above is not None and above is draft.previous and above.number + 1 == line.number
    if above is not None and not is_joined:
        draft.reject(above)
    draft.title_begins = None
    draft.titles.append([above, line] if above is not None and is_joined else [line])
    return True


def title_begins(draft: Draft, line: Line) -> bool:
    """「青森市及び今別町における連携中枢都市圏の」: the title goes on below."""
    if not _BROKEN_TITLE.search(line.folded[-8:]):
        return False
    if draft.title_begins is not None:
        draft.reject(draft.title_begins)
    draft.title_begins = line
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
    if paragraphs and paragraphs[-1].is_listing and line.says("number") == "1":
        return _list(draft, paragraphs[-1], line)
    expected = len(paragraphs) + (1 if not _ends_loosely(paragraphs) else 0)
    broken = paragraphs and _is_broken(paragraphs[-1], line)
    if line.says("gap") and numeral(line.says("number") or "") == expected and not broken:
        return _begin(draft, paragraphs, line, line.printed("rest"))
    return _go_on(draft, paragraphs, line)


def _is_broken(above: Paragraph, line: Line) -> bool:
    """Whether a sentence was broken right above: 「次の／2 つの役割」 is no paragraph 2."""
    is_open = above.anchored and not above.is_finished and above.pieces != [""]
    return is_open and above.lines[-1].number + 1 == line.number


def item(draft: Draft, line: Line) -> bool:
    """「(1) …」「ア …」 inside an article stays a line of its paragraph; 「② …」 may be the next."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    circled = numeral(line.folded[0]) if "①" <= line.folded[0] <= "⑳" else 0
    if circled > 1 and circled == len(paragraphs) + 1 and not paragraphs[-1].ends_listed:
        return _begin(draft, paragraphs, line, line.printed("rest"))
    _settle(draft, paragraphs)
    if not paragraphs:
        _begin(draft, paragraphs, line, line.text)
    else:
        _list(draft, paragraphs[-1], line)
    paragraphs[-1].ends_listed = True
    return True


def _list(draft: Draft, above: Paragraph, line: Line) -> bool:
    above.lines.append(line)
    above.pieces.append(f"\n{line.text}")
    above.is_listing |= bool(label(line.text, known_names(draft))[0])
    return True


def article_goes_on(draft: Draft, line: Line) -> bool:
    """More of the article."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    if paragraphs and paragraphs[-1].is_listing:
        return _list(draft, paragraphs[-1], line)
    return _go_on(draft, paragraphs, line)


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
    draft.signing = line.says("letter") or ""
    signature = draft.signatures.setdefault(draft.signing, Signature())
    rest = line.printed("rest")
    if beside := _BESIDE.search(fold(rest)):
        # Both sign on one line.
        other = draft.signatures.setdefault(beside["letter"], Signature())
        first, second = rest[: beside.start()].strip(), rest[beside.end() :].strip()
        return _sign(draft, signature, line, first) and _sign(draft, other, line, second)
    if not rest:
        signature.lines.append(line)
        return True
    return _address(draft, line, rest) or _sign(draft, signature, line, rest)


def signature_goes_on(draft: Draft, line: Line) -> bool:
    """The address, the municipality, the office or the name of the party that is signing.

    「今別町長 中嶋久」 without a 乙 signs for the party of that name, and a witness for none.
    """
    if _WITNESS.match(line.folded):
        draft.signing = None
        return False
    if _address(draft, line, line.text):
        return True
    office, place = _OFFICE.match(line.folded), _PLACE.match(line.folded)
    if office or place:
        name = _own_name(office["office"]) if office else municipality(line.folded)
        draft.signing = known_names(draft).get(name, draft.signing)
    if draft.signing is None:
        return False
    return _sign(draft, draft.signatures.setdefault(draft.signing, Signature()), line, line.text)


def _address(draft: Draft, line: Line, text: str) -> bool:
    """An address has no field of its own; it is listed, and asked about as one."""
    if _OFFICE.match(fold(text)) or not _ADDRESS.match(fold(text)):
        return False
    draft.why[line.number] = "address"
    then = _THEN_OFFICE.match(fold(text))
    end = then.end() if then else len(text)
    draft.unplaced.append((line, text[:end].strip()))
    if then and draft.signing:
        _sign(draft, draft.signatures[draft.signing], line, text[end:])
    return True


def _own_name(office: str) -> str:
    """今別町 for 今別町長 and 今別町副町長."""
    return municipality(_HEADS.sub("", office))


def municipality(text: str) -> str:
    """A municipality's own name, without its prefecture and district (山口県岩国市: 岩国市)."""
    return text[found.end() :] if (found := _ABOVE_NAME.match(text)) else text


def declared_names(text: str) -> dict[str, str]:
    """甲 -> 青森市, from 「青森市（以下「甲」という。）及び今別町（以下「乙」という。）」."""
    text = fold(text)
    names: dict[str, str] = {}
    for found in _DECLARED.finditer(text):
        if found[1] not in names:
            before = text[max(0, found.start() - _LONGEST_NAME) : found.start()]
            names[found[1]] = municipality(_BETWEEN_NAMES.split(before.rstrip())[-1])
    return {letter: name for letter, name in names.items() if name}


def undeclared_names(texts: Iterable[str]) -> dict[str, str]:
    """甲 -> 松山市, from the first text with 「松山市及び東温市は」「松山市と東温市との間における」."""
    for text in texts:
        if found := _NAMES.search(fold(text[:_OPENING])):
            names = [municipality(name) for name in _BETWEEN_NAMES.split(found[0]) if name]
            if len(set(names)) in (2, 3, 4):
                return dict(zip(LETTERS, dict.fromkeys(names), strict=False))
    return {}


def _names(draft: Draft) -> dict[str, str]:
    preamble = joined(draft.preamble)
    articles = (each.text for one in draft.articles.values() for each in one.paragraphs)
    return declared_names(preamble) or undeclared_names((preamble, *draft.title_texts, *articles))


def known_names(draft: Draft) -> Mapping[str, str]:
    """青森市 -> 甲, as preamble, title or articles say as far as they have been read."""
    if draft.names is None or not (draft.preamble or draft.articles):
        draft.names = {name: letter for letter, name in _names(draft).items()}
    return draft.names


def party_names(draft: Draft) -> dict[str, str]:
    """甲 -> 青森市: as the preamble declares them, else as they signed."""
    names = _names(draft)
    for letter, signature in draft.signatures.items():
        if name := municipality(signature.name or _own_name(signature.office)):
            names.setdefault(letter, name)
    return {letter: names[letter] for letter in LETTERS if letter in names}


def day_of(line: Line) -> date | None:
    """The day printed on a line (a title perhaps); None where it is left blank or does not exist."""
    found = _DAY.search(line.folded)
    try:
        return wareki.read_day(found[0].removeprefix("西暦")) if found else None
    except Refusal:
        return None


def settle_all(draft: Draft) -> dict[str, str]:
    """At the end of the text, what only seemed to have a place loses it; the parties' names."""
    _drop_caption(draft)
    if draft.title_begins is not None:
        draft.reject(draft.title_begins)
    for paragraphs in (draft.preamble, draft.closing):
        _settle(draft, paragraphs)
    for each in draft.articles.values():
        _settle(draft, each.paragraphs)
    for day in (draft.cover_day, draft.signing_day):
        if day is not None and day_of(day) is None and _WRITTEN.search(day.folded):
            draft.reject(day)
    names = party_names(draft)
    for letter, signature in draft.signatures.items():
        if signature.name_line is not None and municipality(signature.name or "") != names[letter]:
            draft.unplaced.append((signature.name_line, signature.name or ""))
    for line in draft.cover_names:
        if not set(names.values()).issuperset(_names_on(line)):
            draft.reject(line)
    return names


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
    office, seal = _OFFICE.match(folded), _SEAL.search(folded[-_LONGEST_NAME:])
    unsealed = text[: len(text) - len(seal[0])] if seal else text
    head = (unsealed[office.end() :] if office else unsealed).strip()
    if len(head) > _LONGEST_NAME or _NO_NAME.search(head):
        return False
    if office and (signature.title is None or signature.head is None):
        title = text[slice(*office.span("title"))].strip()
        signature.title = f"{signature.title} {title}" if signature.title else title
        signature.office = signature.office or office["office"]
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
