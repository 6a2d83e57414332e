"""Answers to candidate dates in the text of a reply: 「1○ 2△ 3×」.

Pure.  A line counts only as a whole: numbers with their marks and nothing else that could mean
something.  ◎, sentences, marks without a number and the like are doubts, not guesses.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import normalize

from tracker.kernel.translation import _
from tracker.replies.reply import DateMark, ReplyKind, ReplyMail

_MOST_TEXT = 50_000
_MARKS = {
    **dict.fromkeys("○〇◯oO", DateMark.YES),
    **dict.fromkeys("△▲", DateMark.MAYBE),
    **dict.fromkeys("×✕☓xX", DateMark.NO),
}
_MARK = "[" + "".join(_MARKS) + "]"
# Anything that people may mean as a mark.
_LIKE_A_MARK = r"[○〇◯△▲×✕☓✖✗✘❌⭕◎●▽▼□■☆★✓✔◇◆]|(?<![A-Za-z])(?:[oOxX]|OK|NG|可|不可)(?![A-Za-z])"

# --- what of a mail is its sender's own -----------------------------------------------------------

_UNSEEN = re.compile("[\r\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]")
_QUOTED = re.compile(r"[ \t]*[>＞|｜]")
_RULE = re.compile(r"[ \t]*([-=_*~+#―─━—–ー＝＿＊・･.…☆★◇◆■□▼▽*:]+[ \t]*)+$")
_ORIGINAL = re.compile(
    r"[ \t]*[-_=]{2,}[ \t]*(?:original message|元の?メッセージ|元のメール|forwarded message"
    r"|転送(?:メッセージ|メール|された)"
    r"|.{1,80}(?:さん?(?:は|が)書きました|wrote)[ \t]*[-_=]{2,}[ \t]*$"
    r"|reply message|返信元|begin forwarded|以下、?元)|[ \t]*begin forwarded message",
    re.I,
)
_HEADER = re.compile(r"[ \t*]*(?:from|差出人|送信者|送信元|発信者)[ \t*]*[:：]", re.I)
_HEADERS = re.compile(
    r"[ \t*]*(?:sent|date|to|cc|subject|送信日時|日時|日付|宛先|件名|送信日)[ \t*]*[:：]", re.I
)
_WROTE = re.compile(
    r".*(?:wrote|writes|さん?(?:は|が)書きました|(?:は|が)(?:書き|言い)ました"
    r"|のメール|のメッセージ)[ \t]*[:：][ \t]*$"
    r"|[ \t]*\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}.*<[^<>\s]+@[^<>\s]+>.{0,12}[:：][ \t]*$"
    r"|[ \t]*on .{6,200}wrote:[ \t]*$",
    re.I,
)
_BEGINS_ON = re.compile(r"[ \t]*(?:on |\d{4}[年/.-]\d{1,2}[月/.-]\d)", re.I)
_SIGNED = re.compile(r"--[ \t]?$")

# --- what a line says, after NFKC ---------------------------------------------------------------------

_NUMBER = r"(?:第|候補日?|no\.?|[(\[【<])?\s*(\d{1,2})\s*(?:番目?|候補|つ目|[)\]】>])?"
_BETWEEN = r"\s*(?:は|[.:,、=→⇒\-ー…・]+)?\s*"
_PAIR = re.compile(rf"{_NUMBER}{_BETWEEN}({_MARK})(?![A-Za-z])", re.I)
# The date as the letter lists it, copied between number and mark.
_DATED = re.compile(
    rf"{_NUMBER}(?:\s+|\s*[.:、)]\s*)(?=[^{''.join(_MARKS)}]*[月/])"
    rf"[\d\s年月日/()曜月火水木金土日祝令和元時分:=→⇒…~〜～\-–午前後からまで、,.]{{4,60}}?({_MARK})",
    re.I,
)
_DAY = re.compile(r"(?:\d{4}\s*[年/]\s*)?(?<!\d)(\d{1,2})\s*[月/]\s*(\d{1,2})")
_BEFORE = re.compile(
    r"\s*(?:[・*•-]\s*)?(?:(?:ご?(?:回答|返答|返事|返信)|答え|結果|日程|ご?(?:都合|予定)|出欠)(?:調整)?(?:は|です)?)?\s*[:]?\s*"
)
_GAP = re.compile(r"[\s,、。.;/／|・]*")
_AFTER = re.compile(
    r"\s*(?:です|でした|となります|になります|で御?ご?回答(?:いた|致)?します"
    r"|(?:で、?)?(?:どうぞ)?(?:よろしく)?お願い(?:いた|致)?し(?:ます|申し上げます)|(?:よろ|宜)しく)?"
    r"[\s。.!、]*(?:以上)?(?:です)?[\s。.!、]*"
)
_BARE = re.compile(rf"[\s,、。.・]*(?:(?:{_LIKE_A_MARK})[\s,、。.・]*)+")
_NUMBERED_MARK = re.compile(rf"(?<!\d)\d{{1,2}}\D{{0,3}}(?:{_LIKE_A_MARK})|(?:{_LIKE_A_MARK})\s*\d")
# A mark somewhere in a line; ○○ stands for a name, and 一〇 is a number.
_LONE_MARK = re.compile(
    r"(?<![○〇◯一二三四五六七八九十])[○〇◯](?![○〇◯一二三四五六七八九十月年日])|[△×✕☓◎✓✔⭕❌✖✗✘]"
)
_SENTENCE = re.compile(
    r"(?<![\d-])\d{1,2}\s*(?:番|つ目|件目|日目|(?:は|が|も|だけ|のみ|以外|と\d)(?!\S*(?:県|市|町|村|階|号)))"
    r"|(?<![\d-])\d{1,2}[\s.:)、-]{0,3}(?:出席|欠席|参加|不参加|可|不可|OK|NG|大丈夫|難|調整|未定|保留|検討)"
    r"|^\s*(?:第|候補日?)?\(?\d{1,2}\)?(?:番|候補)?\s*[.:)、=→\s-]\s*[^\d\s]{1,8}$"
    r"|候補\S{0,3}\d|第\d候補|\d{1,2}日(?:は|が|も|で)"
    r"|(?:全て|すべて|全部|全日|いずれ|どの日|どれ|最初|最後|[一二三四五]番).{0,12}"
    r"(?:出席|欠席|可|OK|大丈夫|都合|問題|参加|○|×)"
    r"|ただし|但し|訂正|撤回|取り?消|やはり|やっぱり|(?:午前|午後|\d時半?)\S{0,4}(?:のみ|だけ|なら|まで|以降|から)",
    re.I,
)


class _Pair(NamedTuple):
    """A number with its mark, and month and day where the date stands between them."""

    number: int
    mark: DateMark
    day: tuple[int, int] | None = None


def read(text: str, candidates: int) -> ReplyMail:
    """The marks by number, 1 to `candidates`; dates that are left out stay unanswered."""
    answers: dict[int, DateMark] = {}
    days: dict[int, tuple[int, int]] = {}
    doubt: list[str] = []
    for line in re.split(r"\n|(?<=。)", own_words(text)):
        found = _answers(line)
        if found is None:
            doubt += _doubts(line)
            continue
        for number, mark, day in found:
            if day:
                days[number] = day
            if not 1 <= number <= candidates:
                doubt.append(_("候補日に%(number)sはありません。", number=number))
            elif number in answers:
                doubt.append(_("候補日%(number)sに、答えが2つあります。", number=number))
            answers.setdefault(number, mark)
    if not answers and not doubt:
        doubt.append(_("答えを読み取れませんでした。"))
    doubt = list(dict.fromkeys(doubt))
    if doubt:
        return ReplyMail(ReplyKind.POLL, doubt=tuple(doubt))
    return ReplyMail(ReplyKind.POLL, dict(sorted(answers.items())), days=days)


def own_words(text: str) -> str:
    """What the sender typed, in NFKC: without what is quoted, and without a signature."""
    lines = _UNSEEN.sub("", text[:_MOST_TEXT]).splitlines()
    kept: list[str] = []
    for place, line in enumerate(lines):
        if _ORIGINAL.match(line) or _SIGNED.match(line) or _begins_original(lines, place):
            break
        if _QUOTED.match(line):
            continue
        if _is_attribution(lines, place):
            if not _is_quoted_below(lines, place):
                break
            continue
        kept.append(line)
    return _without_signature([normalize("NFKC", line) for line in kept])


def _begins_original(lines: list[str], place: int) -> bool:
    """Whether the headers of the mail that is answered begin here, as Outlook writes them."""
    below = lines[place + 1 : place + 6]
    return bool(_HEADER.match(lines[place])) and any(_HEADERS.match(line) for line in below)


def _is_attribution(lines: list[str], place: int) -> bool:
    """Whether the line says who wrote what follows; a long one is broken in two."""
    line = lines[place]
    broken = f"{line} {lines[place + 1].strip()}" if place + 1 < len(lines) else line
    return bool(_WROTE.match(line) or (_BEGINS_ON.match(line) and _WROTE.match(broken)))


def _is_quoted_below(lines: list[str], place: int) -> bool:
    """Whether the lines below are marked one by one, so that answers may stand between them."""
    below = [line for line in lines[place + 1 : place + 6] if line.strip()]
    return any(_QUOTED.match(line) for line in below[:2])


def _without_signature(lines: list[str]) -> str:
    """Up to the line of signs below the last answer; without answers all of it."""
    last = max((place for place, line in enumerate(lines) if _answers(line)), default=len(lines))
    ends = (place for place, line in enumerate(lines) if place > last and _is_rule(line))
    return "\n".join(lines[: next(ends, len(lines))])


def _is_rule(line: str) -> bool:
    return len(line.strip()) >= 4 and bool(_RULE.fullmatch(line.rstrip()[:100]))


def _answers(line: str) -> list[_Pair] | None:
    """The numbers and marks of a line that holds nothing else; None of any other."""
    before = _BEFORE.match(line)
    at = before.end() if before else 0
    if dated := _DATED.match(line, at):
        days = _DAY.findall(dated[0])
        day = (int(days[-1][0]), int(days[-1][1])) if days else None
        is_whole = day and _AFTER.fullmatch(line[dated.end() :])
        return [_Pair(int(dated[1]), _MARKS[dated[2]], day)] if is_whole else None
    found = []
    while pair := _PAIR.match(line, at):
        found.append(_Pair(int(pair[1]), _MARKS[pair[2]]))
        gap = _GAP.match(line, pair.end())
        at = gap.end() if gap else pair.end()
    return found if found and _AFTER.fullmatch(line[at:]) else None


def _doubts(line: str) -> Iterator[str]:
    """Why a line that is no answer may mean one."""
    if not line.strip():
        return
    telling = (_NUMBERED_MARK, _LONE_MARK, _SENTENCE)
    if _BARE.fullmatch(line) or any(one.search(line) for one in telling):
        shown = line.strip()
        shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
        yield _("「%(shown)s」の意味を決められません。", shown=shown)
