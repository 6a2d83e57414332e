"""Addresses, chiefs, waiting after wrong passwords, and who may hand which post over (product.md 9)."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import mime


class StaffMember(NamedTuple):
    """Somebody who signs in: the account, its post and role, the municipality's slug.

    Without a password the account was invited, and waits for its holder.
    """

    person_id: int
    post_id: int
    role: Role
    municipality: str
    has_password: bool = True


INVITATION_FOR = timedelta(hours=72)
# Between the password and the code of the second factor.
HALF_FOR = timedelta(minutes=10)
RESET_FOR = timedelta(minutes=30)
# One letter an address.
RESET_EVERY = timedelta(minutes=10)
# After wrong passwords (contracts.md, "Delays at sign-in").
LONGEST_DELAY = timedelta(minutes=15)
# Two processes that count at once do not read the clock at once; what lies further ahead was
# written by a clock that has gone back since.
CLOCK_SKEW = timedelta(seconds=10)
_HALF_WIDTH = {0xFF01 + number: 0x21 + number for number in range(94)}
_HOST = re.compile(r".{1,189}\.(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.I)


def wait(counted_at: datetime, open_at: datetime, at: datetime) -> timedelta:
    """How long to wait yet, 0 where one may try: never longer than 15 minutes.

    What a clock wrote that has gone back since does not count.
    """
    if counted_at > at + CLOCK_SKEW or open_at > at + LONGEST_DELAY:
        return timedelta(0)
    return max(open_at - at, timedelta(0))


def check_address(email: str) -> str:
    """The address as it is kept: trimmed, half-width, lower-cased, its host in ASCII (xn--).

    Refuses one no mail server would take; dots stand where carriers gave them out (a..b, abc.).
    """
    try:
        plain = mime.ascii_address(email.strip().translate(_HALF_WIDTH))
    except mime.Unsendable:
        plain = ""
    if not _HOST.fullmatch(plain.rpartition("@")[2]):
        raise Refusal(
            _("メールアドレスは「tanto@town.example.lg.jp」のように半角で入力してください。"),
            field="email",
        )
    return plain.lower()


def comparable(email: str) -> str:
    """What is looked up among kept addresses: as `check_address` keeps it, or none that it keeps.

    Whoever counts tries by an address counts by this: each spelling of it is the same one.
    """
    try:
        return check_address(email)
    except Refusal:
        return email.strip().lower()


def check_chief(
    post_id: int | None, chief_id: int | None, chiefs: Mapping[int, int | None]
) -> None:
    """Whether that post can be the chief of this one (None: one that is being entered).

    `chiefs` holds every post of the municipality with its own chief.  Raises Refusal for a post
    elsewhere, for itself, and for one that has this post above it.
    """
    if chief_id is None:
        return
    if chief_id not in chiefs:
        raise Refusal(_("上司は、同じ市町村の役職から選んでください。"), field="chief")
    if chief_id == post_id:
        raise Refusal(
            _("自分の役職は、上司に選べません。別の役職を選んでください。"), field="chief"
        )
    above: int | None = chief_id
    for _level in chiefs:
        if above is not None and above == post_id:
            raise Refusal(
                _("この役職が上司になっている役職は選べません。別の役職を選んでください。"),
                field="chief",
            )
        above = chiefs.get(above) if above is not None else None


def check_strike(referring: Collection[str], has_letters: bool) -> None:
    """Whether a post may be struck: nobody ever held it, nothing rests on it, no letter went to it.

    `referring` are the tables whose rows refer to it (`struck.models.referring`); what another
    municipality entered of it is no past.
    """
    if "person" in referring:
        raise Refusal(
            _(
                "利用者を登録したことのある役職は取り消せません。"
                "使わなくなったときは、利用者を停止してください。"
            )
        )
    if has_letters or set(referring) - {"outside_change"}:
        raise Refusal(
            _(
                "手紙の宛先・上司・主担当などになったことのある役職は取り消せません。"
                "名前や宛先は直せます。"
            )
        )


# Posts that somebody else of the municipality may hand over.  The others approve, lead or manage:
# who could name their holder could act for them (separation of duties).
HANDED_OVER_BY_OTHERS = frozenset({"officer", "secretary", "chief", "reader"})


def check_hand_over(actor: Actor, post_id: int, kind: str, municipality: str) -> None:
    """Whether the actor may say who holds the post now: one's own, or one nobody approves with.

    `municipality` is the post's slug.  Raises Refusal saying whom to ask.
    """
    if actor.municipality != municipality:
        raise Refusal(_("ほかの市町村の役職の担当は、替えられません。管理者へお知らせください。"))
    if post_id != actor.post_id and kind not in HANDED_OVER_BY_OTHERS:
        raise Refusal(_("この役職の担当は、管理者が入れ替えます。管理者へお知らせください。"))


def may_hand_over(actor: Actor, post_id: int, kind: str, municipality: str) -> bool:
    """The same as a question, for the page that offers it."""
    try:
        check_hand_over(actor, post_id, kind, municipality)
    except Refusal:
        return False
    return True
