"""Plans reminders into the outbox and sends what is due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import current_app
from sqlalchemy import select, update

from tracker.attachments import uploads
from tracker.chain import rules as chain
from tracker.history import history
from tracker.incoming_mail import mailbox
from tracker.kept_posts import actions as kept
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.mail import delivery, texts
from tracker.mail import letters as mail
from tracker.mail.letters import OPEN, Letter, LetterState, NewLetter, Recipient, new_row
from tracker.mail.links import Composed, hidden
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, reading
from tracker.reminders import letters, queries, rules
from tracker.reminders.letters import Lost
from tracker.reminders.models import ClockState, LetterItem
from tracker.reminders.rules import Merged, Notice
from tracker.sign_in.password.actions import write_resets
from tracker.storage.database import insert_many, insert_missing

CLOCK_WRONG = N_("サーバーの時計が前に戻っています。時計を直すまで、お知らせを送りません。")
BEAT = timedelta(seconds=30)
_CHECK = history.Subject("history", "check")

Told = Callable[[Mapping[LetterState, int]], None]


@dataclass(frozen=True)
class DraftLetter:
    """A reminder letter as it would be written."""

    merged: Merged
    to: Recipient
    on: date
    subject: str
    # With the marks of its personal links.
    composed: Composed

    @property
    def body(self) -> str:
        """The body as everybody may read it."""
        return hidden(self.composed)

    @property
    def meant_at(self) -> datetime:
        """The earliest moment of what it mentions: later than a day after that, it is late."""
        return min(one.moment for one in self.merged.notices)

    @property
    def send_at(self) -> datetime:
        """The earliest hour of what it mentions, on its day."""
        return clock.at(self.on, min(one.hour for one in self.merged.notices))

    @property
    def key(self) -> str:
        """At most one reminder a day a person."""
        return f"reminder:{self.to.key}:{self.on.isoformat()}"


@dataclass(frozen=True)
class Pass:
    """What one pass of the clock did."""

    planned: int
    sent: int
    retrying: int
    undeliverable: int
    skipped: int


def check_base_url() -> None:
    """Refuses where nobody said at which address people open the links of letters."""
    if not queries.is_address_known():
        raise Refusal(_(queries.NO_ADDRESS) + _(queries.NO_ADDRESS_TEXT))


def run_once(each: Told | None = None) -> Pass:
    """One pass: plan what fell due since the last one, then send all that is due.

    Any number of processes may run it at once: each letter is planned once (unique keys)
    and sent by one taker (lease).  While it sends, `each` hears about once a second how far
    it is.
    """
    if areas.area() is not None:
        check_base_url()
    write_resets(clock.now())
    kept.sweep(clock.now())
    uploads.sweep(clock.now())
    planned, skipped = plan(clock.now())
    if (since := queries.held_since()) is not None:
        mail.hold_all(since)
        db.session.commit()
        ended: Mapping[LetterState, int] = {}
    else:
        ended = delivery.deliver(each=_beating(each))
    # Last, so that no letter waits for the mailbox.
    bounced = mailbox.collect(clock.now()).bounced
    check_record(clock.now())
    sent = ended.get(LetterState.SENT, 0) + ended.get(LetterState.RESENT, 0)
    return Pass(
        planned=planned,
        sent=sent,
        retrying=ended.get(LetterState.RETRYING, 0),
        undeliverable=ended.get(LetterState.UNDELIVERABLE, 0) + bounced,
        skipped=skipped,
    )


def check_record(at: datetime) -> None:
    """The first pass of a day checks the whole record, and writes into it what was found.

    Also against the head of the last check: what was cut off since, or chained anew, is found.
    All is read first, and nobody waits for it.
    """
    today = clock.day(at)
    if current_app.extensions.get("record_checked_on") == today:
        return
    with reading():
        last = history.last_of(_CHECK, history.VERIFIED)
        noted = last.payload["after"]["head"] if last and last.payload else None
        is_due = last is None or clock.day(last.at) < today
        found = chain.check(history.plain(), noted) if is_due else None
        db.session.rollback()
    if found is not None and found.entries:
        problems = [f"{rules.TAMPERING[one.kind]} {one.where}番" for one in found.problems]
        said = (
            f"記録{found.entries}件を照合し、つながらないところが{len(problems)}件ありました。"
            if problems
            else f"記録{found.entries}件を照合し、書き換えや抜けはありませんでした。"
        )
        with Act(None, at).change(history.VERIFIED, _CHECK, said) as entry:
            entry.told.update(entries=found.entries, head=found.head, problems=problems[:20])
    current_app.extensions["record_checked_on"] = today


def hold(at: datetime) -> int:
    """No letter goes out from here on until a person lets them all go, in the caller's transaction.

    For a restored backup: what it calls unsent may have gone out since, and what the next pass
    plans for the days between too.  Returns how many letters wait.
    """
    insert_missing(ClockState, [{"id": 1}], ["id"])
    db.session.execute(update(ClockState).where(ClockState.id == 1).values(held_since=at))
    return mail.hold_all(at)


def _beating(each: Told | None) -> Told:
    """Keeps the heart beating while a long delivery goes on."""
    beaten_at = clock.now()

    def told(counts: Mapping[LetterState, int]) -> None:
        nonlocal beaten_at
        if clock.now() - beaten_at > BEAT:
            beaten_at = clock.now()
            db.session.execute(
                update(ClockState).where(ClockState.id == 1).values(heartbeat_at=beaten_at)
            )
            db.session.commit()
        if each is not None:
            each(counts)

    return told


@dataclass(frozen=True)
class Due:
    """What fell due by an instant and what did not arrive, in words; nothing is written yet."""

    first: date
    drafts: Sequence[DraftLetter]
    useless: Sequence[Notice]
    lost: Sequence[Lost]
    # The drafts' letters, by their key.
    letters: Mapping[str, NewLetter]
    heads: Sequence[NewLetter]


def plan(at: datetime) -> tuple[int, int]:
    """Writes the reminders that fell due since the watermark; moves the watermark with them.

    Returns how many letters were planned and how many older mentions were passed over.  A
    clock that went back plans nothing.  The number of queries does not grow with the letters.
    All is read and put into words first, while others may write; the write lock is held only to
    insert.  What somebody else dealt with meanwhile is left to the next pass.
    """
    due = _read(at)
    if due is None:
        return 0, 0
    state = _lock_clock()
    planned, skipped, is_all = _write(due, at)
    if is_all:
        state.watermark_at = max(at, state.watermark_at or at)
    state.heartbeat_at = at
    db.session.commit()
    return planned, skipped


def _read(at: datetime) -> Due | None:
    """Gathers and composes in a transaction that only reads; None before there is an area."""
    db.session.commit()
    with reading():
        due = _gather(at) if areas.area() else None
    db.session.commit()
    return due


def _gather(at: datetime) -> Due:
    watermark, today = queries.watermark(), clock.day(at)
    if rules.clock_is_wrong(at, watermark):
        db.session.rollback()
        raise Refusal(_(CLOCK_WRONG))
    texts.forget()
    since = min(watermark or at, _midnight(today))
    due = _due(since, at)
    drafts = _compose([one for one in due if rules.is_of_use(one, today)], today)
    return Due(
        clock.day(since),
        drafts,
        [one for one in due if not rules.is_of_use(one, today)],
        letters.about_undelivered(at),
        {draft.key: _letter(draft, at) for draft in drafts},
        letters.about_head(since, at),
    )


def _lock_clock() -> ClockState:
    """Takes the clock's row until the commit, so that one pass writes at a time."""
    insert_missing(ClockState, [{"id": 1}], ["id"])
    query = select(ClockState).where(ClockState.id == 1).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _due(since: datetime, until: datetime) -> list[Notice]:
    """What fell due since then; and of today, whatever should be written by now and is not.

    So a changed hour, a day closed at short notice or a person entered at noon loses nothing.
    `since` is before today.
    """
    today = clock.day(until)
    found = queries.notices(clock.day(since), today, today)
    moments = rules.moments(found)
    return [one for one in found if since < clock.at(one.on, moments[one.to.key, one.on]) <= until]


def _midnight(today: date) -> datetime:
    """The last instant before the day."""
    return clock.at(today, time.min) - timedelta(microseconds=1)


def _compose(due: Sequence[Notice], on: date) -> list[DraftLetter]:
    return [_draft(merged, on) for merged in rules.merge(due)]


def _draft(merged: Merged, on: date) -> DraftLetter:
    assert isinstance(merged.to, Recipient)
    return DraftLetter(merged, merged.to, on, *letters.compose(merged.notices, merged.to, on))


def _write(due: Due, at: datetime) -> tuple[int, int, bool]:
    """Letters and what they mention, a few statements for all, under the lock.

    Returns how many letters, how many mentions were passed over, and whether nobody had dealt
    with any of them meanwhile.  Who had a letter that day already gets no second one: what it
    would have said is passed over.
    """
    done = queries.dealt_with(due.first, clock.day(at))
    drafts = [one for one in due.drafts if not any(n.key in done for n in one.merged.notices)]
    lost = [one for one in due.lost if done.keys().isdisjoint(one.keys)]
    planned = [*(due.letters[one.key] for one in drafts), *due.heads]
    mail.write_many([*planned, *(one.letter for one in lost)])
    query = select(Letter.key, Letter.id).where(
        OPEN, Letter.next_attempt_at == at, Letter.written_at == at
    )
    ids = {row.key: row.id for row in db.session.execute(query)} if planned else {}
    items = [item(one) for one in due.useless]
    for draft in drafts:
        items += [item(one, ids.get(draft.key)) for one in draft.merged.notices]
        items += [item(one) for one in draft.merged.passed_over]
    skipped = sum(one["letter_id"] is None for one in items)
    items += [one for letter in lost for one in letter.items]
    insert_many(LetterItem, items, ["duty_key", "step", "to_key"])
    count = sum(one.row["key"] in ids for one in planned)
    return count, skipped, len(drafts) == len(due.drafts)


def _letter(draft: DraftLetter, at: datetime) -> NewLetter:
    notes = sorted({one.note for one in draft.merged.notices if one.note})
    return new_row(
        "reminder",
        draft.to,
        draft.subject,
        draft.composed,
        key=draft.key,
        at=at,
        useful_until=rules.useful_until(draft.merged.notices),
        path=draft.merged.notices[0].duty.url,
        **letters.timing(draft.meant_at, at, notes),
    )


def item(notice: Notice, letter_id: int | None = None) -> dict[str, object]:
    """A mention as the row to insert; without a letter it goes to nobody (見送り)."""
    return {
        "letter_id": letter_id,
        "duty_key": notice.duty.key,
        "step": notice.step_key,
        "to_key": notice.to.key,
        "due_at": notice.moment,
        "state": LetterState.SKIPPED if letter_id is None else LetterState.QUEUED,
        "title": notice.duty.subject,
    }


def preview(on: date) -> list[tuple[NewLetter, list[str]]]:
    """The letters of one day, as the duties and the record stand, with the duties they mention.

    Writes nothing.
    """
    drafts = _compose(queries.notices(on, on, on), on)
    found = [
        (_letter(one, one.send_at), [each.duty.key for each in one.merged.notices])
        for one in drafts
    ]
    heads = letters.about_head(_midnight(on), clock.at(on, time.max))
    return [*found, *((one, []) for one in heads)]


def preview_of(duty_key: str, on: date, today: date) -> DraftLetter | None:
    """The first letter of a day of the next 30 that mentions the duty, or None."""
    found = [one for one, state in queries.to_come(today) if state is None and one.on == on]
    for merged in rules.merge(found):
        if any(one.duty.key == duty_key for one in merged.notices):
            return _draft(merged, on)
    return None


def check_day(on: date | None) -> datetime | None:
    """The instant at which a pass `--on` a day runs: its end, or now when it is today.

    A day to come is refused outside an example area.
    """
    if on is None:
        return None
    now = clock.now()
    if on == clock.day(now):
        return now
    area = areas.area()
    if on > clock.day(now) and not (area and area.is_example):
        raise Refusal(
            _(
                "%(on)sはまだ来ていません。先の日を指定できるのは、例の圏域だけです。",
                on=wareki.long(on),
            )
        )
    return clock.at(on, time(23, 59, 59))
