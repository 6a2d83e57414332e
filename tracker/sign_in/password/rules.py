"""How long one waits after wrong passwords, and what a password must be (contracts.md, "Trust")."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import digest
from ipaddress import IPv6Address, ip_address, ip_network
from math import prod

from tracker.accounts.rules import CLOCK_SKEW, LONGEST_DELAY, comparable
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

FIRST_DELAY = timedelta(seconds=5)
# After a day without a try a count begins anew.
COUNTED_FOR = timedelta(days=1)
# The sign-in record is kept for more than a year.
RECORDED_FOR = timedelta(days=400)
# How many people's browsers one browser can be.
MOST_KNOWN = 12
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
ENDED = N_("このログインは、ほかの画面か端末で終了しました。")
KEPT = N_("まだ保存していません。送った内容は保管しています。ログインし直すと、続きからできます。")
GONE = N_(
    "捨てる内容が見つかりませんでした。先に捨てたか、送ったか、24時間が過ぎた内容は、残っていません。"
)
# Signs that stand for the same letter (4 and @ for a), one group a letter.
_SEVERAL_LETTERS = ("4@", "({[<", "69", "1!|", "1|7", "$5", "+7")
PASSWORD_HINT = N_(
    "12文字以上で、関係のない言葉をいくつか組み合わせると、覚えやすく破られにくくなります。"
    "記号や数字は、なくてもかまいません。"
)
WEAK = N_(
    "推測されやすいパスワードです。よく使われる言葉、名前、続いた数字やキーの並びを避け、"
    "関係のない言葉をいくつか組み合わせてください。"
)
WRONG = N_(
    "メールアドレスかパスワードが違います。"
    "続けて間違えると、次に試せるまでの時間が長くなります（最長15分）。"
)
# Where somebody is signed in and no address is asked for.
WRONG_CURRENT = N_(
    "今のパスワードが違います。続けて間違えると、次に試せるまでの時間が長くなります（最長15分）。"
)
WRONG_OFTEN = N_(
    "続けて間違えたため、あと%(how_long)sは試せません。時間をおいて、もう一度お試しください。"
)
ASKED_OFTEN = N_(
    "同じ場所から続けて送られたため、あと%(how_long)sは送れません。"
    "時間をおいて、もう一度お試しください。"
)
# After so many wrong tries a letter's code opens nothing; its link still does.
MOST_CODES = 10
WRONG_CODE = N_(
    "メールアドレスかコードが違うか、コードの期限が過ぎています。10回間違えると、そのコードは使えなくなります"
    "（メールのリンクは使えます）。続けて間違えると、次に試せるまでの時間が長くなります（最長15分）。"
)
RESET_ASKED = N_(
    "登録されているメールアドレスであれば、パスワードを設定し直すためのメールを送ります。"
    "数分待っても届かないときは、アドレスを確かめるか、管理者へお知らせください。"
)
BUSY = N_("今、ログインが混み合っています。少し待ってから、もう一度お試しください。")


@dataclass(frozen=True)
class Origin:
    """Where a try comes from.

    `source` is the address, `name` what the browser is called, `known` the mark of one in which
    just that person signed in before.
    """

    source: str = ""
    name: str = ""
    known: str | None = None


# What a browser's own description must hold, and what it is then called; the first one fits.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(agent: str) -> str:
    """What people call the browser and its system ("Edge, Windows"); empty when it says nothing."""
    found = (
        next((name for part, name in known if part in agent), "") for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(one for one in found if one)


def delay(count: int, free: int) -> timedelta:
    """How long nobody may try again after so many tries in a row; `free` of them cost nothing.

    From 5 seconds, twice as long each time, 15 minutes at most.
    """
    if count <= free:
        return timedelta(0)
    # Doubled eight times it is above the longest already.
    return min(FIRST_DELAY * (1 << min(count - free - 1, 8)), LONGEST_DELAY)


def opens(at: datetime, after: timedelta) -> datetime:
    """When the next may try; without a delay also one who read the clock a moment before."""
    return at + after if after else at - CLOCK_SKEW


def steps(free: int) -> Iterable[tuple[int, timedelta]]:
    """Each count with its delay, up to the first one with the longest."""
    count = free
    while (found := delay(count, free)) < LONGEST_DELAY:
        yield count, found
        count += 1


def delayed(left: timedelta, sentence: str = WRONG_OFTEN) -> str:
    """What is said to whoever must wait, whether the password would have been right or wrong."""
    seconds = max(1, -(-left // timedelta(seconds=1)))
    how_long = (
        _("%(seconds)s秒", seconds=seconds)
        if seconds < 60
        else _("%(seconds)s分", seconds=-(-seconds // 60))
    )
    return _(sentence, how_long=how_long)


def why_ended(
    opened_at: datetime, seen_at: datetime, at: datetime, longest: timedelta, idle: timedelta
) -> str:
    """What is said to whoever comes with a session that is open no more.

    `longest` and `idle` are how long one lasts after it was opened and after its last page.
    """
    if at - opened_at >= longest:
        said = _("ログインから%(time)sたったため、ログアウトしました。", time=_length(longest))
    elif at - seen_at >= idle:
        said = _("%(time)s操作がなかったため、ログアウトしました。", time=_length(idle))
    else:
        said = _(ENDED)
    return said


def _length(time: timedelta) -> str:
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    return (_("%(hours)s時間", hours=hours) if hours else "") + (
        _("%(minutes)s分", minutes=minutes) if minutes else ""
    )


def normal_source(remote: str) -> str:
    """Where a try comes from: an IPv4 address, or the network of 64 bits that one household has."""
    try:
        address = ip_address(remote.partition("%")[0])
    except ValueError:
        return remote
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def address_mark(secret: str, email: str) -> str:
    """What stands for an address where the address itself must not stand."""
    return _keyed(secret, "address", comparable(email))[:24]


def half_mark(secret: str, person_id: int, password_hash: str | None) -> str:
    """What a browser keeps between password and code; another password makes it void."""
    return _keyed(secret, "half", str(person_id), password_hash or "")[:32]


def delay_key(secret: str, email: str, origin: Origin, kind: str = "tries") -> str:
    """Whose tries are counted together: one address's from one source, or from one known browser.

    `kind` tells tries at the password and a letter's code from those at the second factor.
    """
    source = normal_source(origin.source)
    where = ("browser", origin.known) if origin.known else ("source", source)
    return _keyed(secret, kind, comparable(email), *where)


def reset_key(secret: str, origin: Origin) -> str:
    """Whose requests for a new password are counted together: all from one source."""
    return _keyed(secret, "resets", normal_source(origin.source))


def _keyed(secret: str, *parts: str) -> str:
    plain = "\0".join(("sign-in", *parts)).encode(errors="surrogatepass")
    return digest(secret.encode(), sha256(plain).digest(), "sha256").hex()


def check_password(password: str, words: Iterable[str] = ()) -> None:
    """Refuses a password that is short or soon guessed; `words` are those of its owner.

    zxcvbn takes 72 characters at most.  The signs that it reads as several letters each cost it
    seconds where many stand together: of such a password the beginning must do.
    """
    from zxcvbn import zxcvbn

    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(
            _(
                "パスワードは%(shortest_password)s文字以上にしてください（今 %(count)s文字）。",
                shortest_password=SHORTEST_PASSWORD,
                count=len(password),
            ),
            field="password",
        )
    if len(password) > LONGEST_PASSWORD:
        raise Refusal(
            _(
                "パスワードは%(longest_password)s文字までにしてください。",
                longest_password=LONGEST_PASSWORD,
            ),
            field="password",
        )
    readings = prod(max(1, len(set(signs) & set(password))) for signs in _SEVERAL_LETTERS)
    read = password[: 72 if readings <= 64 else 20]
    if zxcvbn(read, user_inputs=[*words])["score"] < 3:
        raise Refusal(_(WEAK), field="password")
