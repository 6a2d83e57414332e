"""What the office does with letters: correct and resend, skip one, try one out, decide."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime

from sqlalchemy import delete, select, tuple_

from tracker.accounts import queries as accounts
from tracker.accounts.people import actions as people
from tracker.accounts.rules import check_address
from tracker.history.history import Subject
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.letter_texts.actions import send_to_oneself
from tracker.mail import letters, links
from tracker.mail.letters import HELD, Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.changes import Act, Entry
from tracker.plumbing.db import db
from tracker.reminders import actions, queries, rules
from tracker.reminders.models import ClockState, LetterItem
from tracker.reminders.rules import Notice
from tracker.storage.database import insert_many

ONLY_ALL = N_(
    "バックアップから復元したため、メールを止めています。送らないメールを先に見送ってから、"
    "残りを「すべて送る」で送ってください。"
)


def correct_and_resend(act: Act, letter: Letter, email: str) -> bool:
    """Sends an undeliverable letter again to a corrected address; only where it never arrived.

    A post's mailbox is corrected with it, so that the next letter arrives, too: whether it was.
    Its municipality is told where it is another (people.actions.correct_mailbox).
    """
    _check_undelivered(act, letter)
    before = letter.to_email
    said = f"{letter.to_name}あての宛先を直して送り直しました。"
    with act.change("letter.resent", letter, said) as entry:
        letter.to_email = check_address(email)
        letter.state, letter.next_attempt_at, letter.attempts = LetterState.QUEUED, act.at, 0
        entry.was, entry.told = {"email": before}, {"email": letter.to_email}
        return people.correct_mailbox(act, letter.to_key, before, letter.to_email)


def resend_with_new_link(act: Act, letter: Letter) -> None:
    """Sends an undeliverable letter with personal links again: with new ones, the old open nothing.

    It goes to the address that its recipient has now.  Whoever could name another would get a link
    that is somebody else's.
    """
    _check_undelivered(act, letter)
    to = accounts.every_recipient().get(letter.to_key)
    if to is None:
        raise Refusal(_("宛先が今はありません。先に、役職の宛先か利用者を登録してください。"))
    accounts.check_address_is_known(to.post_id)
    said = f"{letter.to_name}へ新しいリンクで送り直しました。"
    with act.change("letter.resent", letter, said) as entry:
        links.renew(act, letter.id)
        entry.was, entry.told = {"email": letter.to_email}, {"email": to.email}
        letter.to_email = to.email
        # Another letter: a mailbox that has the one before must not take it for the same.
        letter.message_id = letters.message_id(f"{letter.key}@{act.at.isoformat()}")
        letter.state, letter.next_attempt_at, letter.attempts = LetterState.QUEUED, act.at, 0


def _check_undelivered(act: Act, letter: Letter) -> None:
    act.lock((letter, None))
    if letter.state is not LetterState.UNDELIVERABLE:
        raise Refusal(_("このメールは届いているか、まだ送る途中です。送り直しはできません。"))


def skip(act: Act, kind: str, step: str, on: date) -> int:
    """今回は送らない: that mention goes to nobody; later steps stay.  Returns how many.

    `kind` and `step` are those of the line (notices.queries.Upcoming).
    """
    found = _meant(kind, step, on, act.at, None)
    with _chosen(act, "reminder.skipped", found[0], "見送りました"):
        insert_many(
            LetterItem, [actions.item(one) for one in found], ["duty_key", "step", "to_key"]
        )
    return len(found)


def resume(act: Act, kind: str, step: str, on: date) -> int:
    """送ることにする: takes back that a mention goes to nobody.  Returns how many."""
    found = _meant(kind, step, on, act.at, LetterState.SKIPPED)
    with _chosen(act, "reminder.resumed", found[0], "送ることにしました"):
        db.session.execute(
            delete(LetterItem).where(
                LetterItem.letter_id.is_(None),
                LetterItem.state == LetterState.SKIPPED,
                tuple_(LetterItem.duty_key, LetterItem.step, LetterItem.to_key).in_(
                    [one.key for one in found]
                ),
            )
        )
    return len(found)


def _meant(
    kind: str, step: str, on: date, at: datetime, state: LetterState | None
) -> Sequence[Notice]:
    found = [
        notice
        for notice, now in queries.mentions(on, on, clock.day(at))
        if (notice.kind, notice.step_name) == (kind, step) and now is state and notice.moment > at
    ]
    if not found:
        raise Refusal(_("このお知らせは、すでに送られたか、なくなっています。"))
    return found


def _chosen(act: Act, verb: str, notice: Notice, done: str) -> AbstractContextManager[Entry]:
    title = notice.duty.subject if notice.step else ""
    return act.change(
        verb,
        Subject("reminder", f"{notice.kind}:{notice.step_name}"),
        f"{wareki.short(notice.on)}の「{title}　{notice.label}」を{done}。",
    )


def try_out(act: Act, duty_key: str, on: date) -> str:
    """自分あてに試し送り: the same words to oneself; returns the address."""
    draft = actions.preview_of(duty_key, on, act.today)
    if draft is None:
        raise Refusal(_("このお知らせは、すでに送られたか、なくなっています。"))
    return send_to_oneself(act, draft.subject, draft.body, f"test:{duty_key}")


def let_go(act: Act, letter_id: int) -> int:
    """Lets a held letter, or all of them (0), go out; returns how many.

    After a restore only all of them, and with them letters go out again.
    """
    state = act.own(ClockState, 1, None)
    is_on_hold = state is not None and state.held_since is not None
    if is_on_hold and letter_id:
        raise Refusal(_(ONLY_ALL))
    with act:
        if state is not None:
            state.held_since = None
        return _decide_held(
            act,
            letter_id,
            letters.release,
            "letter.released",
            "送ることにしました",
            may_be_none=is_on_hold,
        )


def give_up(act: Act, letter_id: int) -> int:
    """見送り: a held letter, or all of them (0), will not go out; returns how many."""
    return _decide_held(act, letter_id, letters.give_up, "letter.given_up", "見送りました")


def _decide_held(
    act: Act,
    letter_id: int,
    decide: Callable[[Sequence[int], datetime], int],
    verb: str,
    done: str,
    *,
    may_be_none: bool = False,
) -> int:
    query = select(Letter.id).where(HELD)
    ids = db.session.scalars(query.where(Letter.id == letter_id) if letter_id else query).all()
    with act.change(verb, Subject("letter", letter_id or "all"), "") as entry:
        count = decide(ids, act.at)
        if ids and not count and not may_be_none:
            raise Refusal(_(letters.UNKNOWN_ADDRESS))
        if not count and not may_be_none:
            raise Refusal(_("保留しているメールはありません。ほかの人が先に決めたようです。"))
        entry.sentence = f"保留していたメール{count}通を{done}。"
    return count


def trust_clock(act: Act) -> None:
    """Goes on from this instant although the clock was ahead before: a person says it is right.

    What was mentioned while it was ahead is written down and not mentioned again.  Raises
    Refusal where the clock had not gone back.
    """
    state = act.own(ClockState, 1, None)
    if state is None or not rules.clock_is_wrong(act.at, state.watermark_at):
        raise Refusal(_("時計は合っています。お知らせは予定どおり送られます。"))
    said = "サーバーの時計が今は正しいと確かめ、お知らせを続けることにしました。"
    with act.change("clock.trusted", Subject("clock", 1), said) as entry:
        before = state.watermark_at
        entry.was = {"planned_until": before.isoformat() if before else None}
        entry.told = {"planned_until": act.at.isoformat()}
        state.watermark_at = state.heartbeat_at = act.at
