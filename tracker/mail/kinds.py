"""A kind of letter as its file says it (ux/spec.md 13): what it is called, what it can name.

One file a kind, `templates/mail/KIND.txt`, is all that a kind needs: header lines, a blank line
and the body.

    label: 進捗報告の依頼
    code: M1
    subject: 【御依頼】〔期間〕の進捗報告について
    〔期間〕 令和8年度上期

`label` is what the office reads, `code` the number in the specification (a letter behind it for
a second text of that number), `use` a `TextUse` (a whole letter unless said), `waits_for` what
must exist before it is sent at all, `link` the kind of personal link (mail/links.py) that it leads
to.  A line 〔field〕 gives a field its sample for previews, two
spaces continue it; `fields: duty` gives those of every duty.  Whoever writes a letter gives
exactly these fields, or it is not written: a text that people may edit must know what it can name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.mail.wording import Wording


class TextUse(StrEnum):
    """How a text is used."""

    LETTER = "letter"  # a whole letter
    MATTER = "matter"  # one matter of a reminder, with others in the same letter
    PART = "part"  # stands inside all others


class WrongHeader(ValueError):
    """A letter's file that cannot be read: names the file and what is wrong in it."""


# Fields of every letter, and what they are; 冒頭 and 結び are the texts `opening` and `closing`.
COMMON: Mapping[str, str] = {
    "宛先": "受け取る方",
    "窓口": "問い合わせ先の部署",
    "電話": "問い合わせ先の電話と受付時間",
    "連絡先": "「上の電話番号」など",
    "会議名": "市町村長会議",
    "圏域": "圏域の名前",
    "リンク": "開く画面のアドレス",
    "冒頭": "冒頭のあいさつ",
    "結び": "結びの文と問い合わせ先",
}
# What stands inside others has no link of its own, and holds no opening or closing.
_ONLY_WITH_SUBJECT = ("リンク", "冒頭", "結び")

# Fields of every text about a duty, with samples (reminders/letters.py fills them in).
DUTY: Mapping[str, str] = {
    "期限": "令和8年11月30日（月）",
    "期限の月日": "11月30日",
    "あと何日": "あと3日",
    "件名": "上期の進捗報告",
    "用件": "上期（4月〜9月）の進捗を報告する",
    "内容": "4事業のうち、残り2事業です。",
    "残り": "2",
    "全体": "4",
    "一覧": "1　農業研修事業（確認のお願いあり）\n2　むつ湾広域連携事業（環境）",
    "町村": "今別町",
    "首長": "今別町長",
    "担当": "今別町 企画担当",
    "過ぎた日数": "3日超過",
}

_KEYS = {"label", "code", "use", "waits_for", "link", "subject", "fields"}
_KEY_LINE = re.compile(r"(\w+): (.+)", re.A)
_FIELD_LINE = re.compile(r"(〔[^〔〕]{1,40}〕) ?(.*)")
_CODE = re.compile(r"M(\d{1,2})[a-z]?")


@dataclass(frozen=True)
class LetterKind:
    """One kind of letter: its first words, and its own fields with a sample each."""

    label: str
    code: str
    use: TextUse
    waits_for: str
    link: str
    fields: Mapping[str, str]
    original: Wording

    @property
    def allowed(self) -> Mapping[str, str]:
        """The fields its text may name, its own first, each with a sample or what it is."""
        missing = () if self.original.subject else _ONLY_WITH_SUBJECT
        return {**self.fields, **{name: COMMON[name] for name in COMMON if name not in missing}}

    @property
    def order(self) -> tuple[int, str, str]:
        """The specification's order; what has no number comes last."""
        number = _CODE.fullmatch(self.code)
        return int(number[1]) if number else 100, self.code, self.label


def read(file: str, text: str) -> LetterKind:
    """The kind whose file holds this text.  Raises WrongHeader, which names the file."""
    try:
        return _read(text)
    except ValueError as error:
        raise WrongHeader(f"{file}: {error}") from error


def _read(text: str) -> LetterKind:
    head, _, body = text.partition("\n\n")
    said = _header(head)
    samples = {name.strip("〔〕"): said[name] for name in said if name.startswith("〔")}
    base = DUTY if "fields" in said else {}
    if "label" not in said:
        raise ValueError("there is no label")
    if said.get("fields", "duty") != "duty":
        raise ValueError(f"nobody knows the fields of {said['fields']}")
    found = LetterKind(
        said["label"],
        said.get("code", ""),
        TextUse(said.get("use", TextUse.LETTER)),
        said.get("waits_for", ""),
        said.get("link", ""),
        {**base, **samples},
        Wording(said.get("subject", ""), body.strip("\n") + "\n"),
    )
    if found.code and not _CODE.fullmatch(found.code):
        raise ValueError(f"{found.code} is no number of the specification (M1, M4b)")
    if not found.original.subject and found.use is not TextUse.PART:
        raise ValueError("a letter needs its subject")
    if not body.strip():
        raise ValueError("there is no body behind a blank line")
    if base and not samples.keys() <= base.keys():
        raise ValueError(f"no field of a duty: {'、'.join(sorted(samples.keys() - base.keys()))}")
    if twice := samples.keys() & COMMON.keys():
        raise ValueError(f"every letter has it already: {'、'.join(twice)}")
    if unknown := set(found.original.fields) - found.allowed.keys():
        raise ValueError(f"nothing fills in 〔{'〕〔'.join(sorted(unknown))}〕")
    return found


def _header(head: str) -> dict[str, str]:
    """Its lines by what stands before the value: a key, or 〔a field〕."""
    said: dict[str, str] = {}
    last = ""
    for line in head.splitlines():
        if line.startswith("  ") and last.startswith("〔"):
            said[last] += "\n" + line[2:]
            continue
        match = _FIELD_LINE.fullmatch(line) or _KEY_LINE.fullmatch(line)
        if not match or not (match[1].startswith("〔") or match[1] in _KEYS):
            raise ValueError(f"no header line: {line!r}")
        if match[1] in said:
            raise ValueError(f"it says {match[1]} twice")
        last = match[1]
        said[last] = match[2]
    return said
