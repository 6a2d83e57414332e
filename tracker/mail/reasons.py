"""Why a letter did not arrive, in plain words; what the server said always stays behind them.

Pure.  Enhanced status codes: RFC 3463 and the registry it began; basic SMTP codes: RFC 5321
section 4.2.  Wording: ux/spec.md 7.10.
"""

import re
from collections.abc import Mapping

# A server's words are cut here, so that with a sentence of ours they fit their columns.
MOST_WORDS = 300

# The nearest holds: 5.1.1 itself, then 5.1, then the basic code (550), then the class (5).
REASONS: Mapping[str, str] = {
    "4": "相手のサーバーが、今は受け取れません",
    "4.2": "宛先の受信箱が、今は受け取れません",
    "4.2.2": "受信箱がいっぱいです",
    "4.3": "相手のサーバーが、今は受け取れる状態ではありません",
    "4.4": "相手のサーバーにつながりません",
    "4.4.7": "何度も送り直されましたが、期限までに届きませんでした",
    "4.7": "相手のサーバーが、今は受け取りを断っています",
    "421": "相手のサーバーが、今は応対できません",
    "450": "宛先の受信箱が、今は受け取れません",
    "452": "相手のサーバーの空きが、今は足りません",
    "5": "相手のサーバーが断りました",
    "5.1": "宛先が正しくありません",
    "5.1.1": "宛先がありません",
    "5.1.2": "宛先の「@」から後ろ（ドメイン）がありません",
    "5.1.3": "宛先のメールアドレスの形が正しくありません",
    "5.1.4": "宛先が1つに決まりません",
    "5.1.6": "宛先は移転し、移転先がわかりません",
    "5.1.7": "差出人のメールアドレスが受け付けられませんでした",
    "5.1.8": "差出人のメールアドレスが受け付けられませんでした",
    "5.1.10": "宛先がありません",
    "5.2": "宛先の受信箱が受け取れません",
    "5.2.1": "宛先の受信箱が使われていません",
    "5.2.2": "受信箱がいっぱいです",
    "5.2.3": "メールが大きすぎます",
    "5.3": "相手のサーバーが受け取れる状態ではありません",
    "5.3.4": "メールが大きすぎます",
    "5.4": "相手のサーバーまで届きません",
    "5.4.1": "相手のサーバーが、この宛先へのメールを受け付けていません",
    "5.4.4": "相手のサーバーが見つかりません",
    "5.4.6": "相手の側で、転送が堂々巡りになっています",
    "5.4.7": "何度も送り直されましたが、期限までに届きませんでした",
    "5.5": "相手のサーバーと、やり取りができませんでした",
    "5.6": "相手のサーバーが、メールの形式を受け付けませんでした",
    "5.7": "相手のサーバーが断りました",
    "5.7.23": "相手のサーバーが、差出人を確かめられないため断りました",
    "5.7.26": "相手のサーバーが、差出人を確かめられないため断りました",
    "521": "相手のサーバーは、メールを受け取りません",
    "550": "宛先がないか、相手のサーバーが断りました",
    "551": "宛先は、このサーバーにありません",
    "552": "受信箱がいっぱいです",
    "553": "宛先のメールアドレスが正しくありません",
    "556": "宛先の「@」から後ろ（ドメイン）は、メールを受け取りません",
}
UNKNOWN = "届けられないという返事がありました"

# What servers write that give no telling code, and the enhanced code that says the same.
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(phrase, re.I), status)
    for phrase, status in (
        (
            r"(?:mail ?box|account|quota)\W.{0,30}(?:full|exceed|over)|over ?quota|quota exceed"
            r"|exceeded the local limit|(?:受信箱|メールボックス|容量).{0,12}(?:一杯|いっぱい|超)",
            "5.2.2",
        ),
        (
            r"user unknown|unknown user|no such (?:user|account)|no mailbox here|user .{0,60}not listed"
            r"|recipient .{0,30}not (?:recognized|found)|unknown recipient|invalid final delivery userid"
            r"|宛先不明|(?:ユーザー?|宛先|アドレス)\S{0,12}(?:存在しません|見つかりません)|リストにありません",
            "5.1.1",
        ),
        (r"account is (?:disabled|temporarily limited)|mailbox (?:is )?disabled", "5.2.1"),
        (
            r"(?:domain|host)\b.{0,20}(?:does ?n[o']?t exist|not found|unknown)|unknown host"
            r"|couldn't find any host|ドメイン\S{0,6}(?:存在しません|見つかりません)",
            "5.1.2",
        ),
        (r"message expired|in the queue too long|not delivered within|timed? ?out", "4.4.7"),
        (r"message (?:size|is) .{0,20}(?:exceed|too (?:big|large))|サイズ.{0,12}超", "5.2.3"),
    )
)

# Neither is part of an address of four numbers, of a longer number or of a name.
_STATUS = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_CODE = re.compile(r"(?<![\w.-])[245][0-5]\d(?!\w|\.\d)")
# A personal link (mail/links.py) as a server quotes it: in full, cut off, or broken into two lines.
_LINK = re.compile(
    r"(?:https?://[^\s<>\"]{0,300})?/[a-z]{1,20}/\s*[1-9]\d{0,17}\."
    r"(?:(?:[\w-](?:=?\s+)?){42}[\w-]|[\w-]{6,})|\d{1,18}\.[\w-]{43}",
    re.A,
)
# A code that stands beside one: two groups of five.
_TYPED = re.compile(r"(?<![\w-])[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}(?![\w-])", re.A)
_NO_LINK = "（リンク）"
_UNSHOWABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def explained(words: str, *, status: str | None = None, code: int | None = None) -> str:
    """The sentence for a refusal, and behind it the server's words: 宛先がありません（550 …）.

    `status` is an enhanced code like 5.1.1, `code` a basic one.  What is not given, or says
    only its class, is looked for in the words.
    """
    return behind(_sentence(words, status, code), words)


def tells(words: str) -> bool:
    """Whether a server's words say why."""
    return _sentence(words, None, None) != UNKNOWN


def _sentence(words: str, status: str | None, code: int | None) -> str:
    status = status if status and is_telling(status) else status_in(words) or status or ""
    basic = str(code or code_in(words) or "")
    near = (status, status.rpartition(".")[0]) if is_telling(status) else ()
    phrase = next((code for phrase, code in _PHRASES if phrase.search(words)), "")
    nearest = (*near, phrase, basic, (status or basic)[:1])
    return next((REASONS[one] for one in nearest if one in REASONS), UNKNOWN)


def behind(sentence: str, words: str) -> str:
    """A sentence of ours with the server's words behind it, if it said any."""
    shown = plain(words)
    return f"{sentence}（{shown}）" if shown else sentence


def plain(words: str) -> str:
    """A server's words as one line that a page and a database can hold, cut when long."""
    line = _UNSHOWABLE.sub(" ", without_links(words)).strip()
    return line if len(line) <= MOST_WORDS else f"{line[: MOST_WORDS - 1]}…"


def without_links(words: str) -> str:
    """A server's words without the personal links and codes that they quote."""
    return _TYPED.sub(_NO_LINK, _LINK.sub(_NO_LINK, words))


def status_in(words: str) -> str | None:
    """The first telling enhanced status code in a server's words, or None."""
    return next(filter(is_telling, _STATUS.findall(words)), None)


def code_in(words: str) -> int | None:
    """The first basic code in a server's words, or None."""
    found = _CODE.search(words)
    return int(found[0]) if found else None


def is_telling(status: str) -> bool:
    """Whether it says more than its class: 5.0.0 is what a server writes that knows no better."""
    return not status.endswith(".0.0")
