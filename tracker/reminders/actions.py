"""Plans reminders into the outbox and sends what is due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, update

from tracker.accounts import queries as accounts
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.mail import delivery, mailbox, texts
from tracker.mail import letters as mail
from tracker.mail.letters import Letter, LetterState, NewLetter, Recipient, new_row
from tracker.mail.links import Composed, hidden
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, insert_many, insert_missing
from tracker.reminders import letters, queries, rules
from tracker.reminders.models import ClockState, LetterItem
from tracker.reminders.rules import Merged, Notice

CLOCK_WRONG = "サーバーの時計が前に戻っています。時計を直すまで、お知らせを送りません。"
LATE = "遅延"
BEAT = timedelta(seconds=30)

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
        raise Refusal(queries.NO_ADDRESS + queries.NO_ADDRESS_TEXT)


def run_once(each: Told | None = None) -> Pass:
    """One pass: plan what fell due since the last one, then send all that is due.

    Any number of processes may run it at once: each letter is planned once (unique keys)
    and sent by one taker (lease).  While it sends, `each` hears about once a second how far
    it is.
    """
    if areas.area() is not None:
        check_base_url()
    planned, skipped = plan(clock.now())
    ended = delivery.deliver(each=_beating(each))
    # Last, so that no letter waits for the mailbox.
    bounced = mailbox.collect(clock.now()).bounced
    sent = ended.get(LetterState.SENT, 0) + ended.get(LetterState.RESENT, 0)
    return Pass(
        planned=planned,
        sent=sent,
        retrying=ended.get(LetterState.RETRYING, 0),
        undeliverable=ended.get(LetterState.UNDELIVERABLE, 0) + bounced,
        skipped=skipped,
    )


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


def plan(at: datetime) -> tuple[int, int]:
    """Writes the reminders that fell due since the watermark; moves the watermark with them.

    Returns how many letters were planned and how many older mentions were passed over.  A
    clock that went back plans nothing.  The number of queries does not grow with the letters.
    """
    if areas.area() is None:
        return 0, 0
    insert_missing(ClockState, [{"id": 1}], ["id"])
    state = db.session.scalars(
        select(ClockState)
        .where(ClockState.id == 1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if rules.clock_is_wrong(at, state.watermark_at):
        db.session.rollback()
        raise Refusal(CLOCK_WRONG)
    texts.forget()
    since = state.watermark_at or _midnight(clock.day(at))
    due, today = _due(since, at), clock.day(at)
    useful = [one for one in due if rules.is_of_use(one, today)]
    useless = [one for one in due if not rules.is_of_use(one, today)]
    drafts = _compose(useful, today)
    planned, skipped = _write(drafts, useless, at)
    letters.tell_undelivered(at)
    state.watermark_at = max(at, since)
    state.heartbeat_at = at
    db.session.commit()
    return planned, skipped


def _due(since: datetime, until: datetime) -> list[Notice]:
    """What fell due since then; and of today, whatever should be written by now and is not.

    So a changed hour, a day closed at short notice or a person entered at noon loses nothing.
    """
    today = clock.day(until)
    since = min(since, _midnight(today))
    found = queries.notices(clock.day(since), today, today)
    moments = rules.moments(found)
    return [one for one in found if since < clock.at(one.on, moments[one.to.key, one.on]) <= until]


def _midnight(today: date) -> datetime:
    """The last instant before the day."""
    return clock.at(today, time.min) - timedelta(microseconds=1)


def _compose(due: Sequence[Notice], on: date) -> list[DraftLetter]:
    drafts = []
    for merged in rules.merge(due):
        to = merged.to
        assert isinstance(to, Recipient)
        drafts.append(DraftLetter(merged, to, on, *letters.compose(merged.notices, to, on)))
    return drafts


def _write(
    drafts: Sequence[DraftLetter], useless: Sequence[Notice], at: datetime
) -> tuple[int, int]:
    """Letters and what they mention, a few statements for all; how many, and how many passed over.

    Who had a letter that day already gets no second one: what it would have said is passed over.
    """
    mail.write_many([_letter(draft, at) for draft in drafts])
    query = select(Letter.key, Letter.id).where(Letter.kind == "reminder", Letter.written_at == at)
    ids = {row.key: row.id for row in db.session.execute(query)}
    items = [item(one) for one in useless]
    for draft in drafts:
        items += [item(one, ids.get(draft.key)) for one in draft.merged.notices]
        items += [item(one) for one in draft.merged.passed_over]
    insert_many(LetterItem, items, ["duty_key", "step", "to_key"])
    planned = sum(draft.key in ids for draft in drafts)
    return planned, sum(one["letter_id"] is None for one in items)


def _letter(draft: DraftLetter, at: datetime) -> NewLetter:
    notes = sorted({one.note for one in draft.merged.notices if one.note})
    is_late = at - draft.meant_at >= timedelta(days=1)
    return new_row(
        "reminder",
        draft.to,
        draft.subject,
        draft.composed,
        key=draft.key,
        at=at,
        send_at=at if is_late else draft.meant_at,
        useful_until=rules.useful_until(draft.merged.notices),
        path=draft.merged.notices[0].duty.url,
        note="、".join([*notes, LATE] if is_late else notes)[:300] or None,
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


def preview(on: date) -> list[DraftLetter]:
    """The reminders of one day, as the duties stand; writes nothing."""
    return _compose(queries.notices(on, on, on), on)


def preview_of(duty_key: str, on: date, today: date) -> DraftLetter | None:
    """The first letter of a day of the next 30 that mentions the duty, or None."""
    found = [one for one, state in queries.to_come(today) if state is None and one.on == on]
    drafts = _compose(found, on)
    fitting = [
        draft for draft in drafts if any(one.duty.key == duty_key for one in draft.merged.notices)
    ]
    return fitting[0] if fitting else None


def send_to_oneself(act: Act, subject: str, body: str, cause: str) -> str:
    """Puts a letter to try it out into the outbox; returns the address."""
    assert act.by is not None
    [to, *_] = accounts.recipients_of_person(act.by.person_id)
    key = f"{cause}:{act.at.isoformat()}:{to.key}"
    with act:
        mail.write("test", to, f"【試し送り】{subject}", body, key=key, at=act.at)
    return to.email


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
            f"{wareki.long(on)}はまだ来ていません。先の日を指定できるのは、例の圏域だけです。"
        )
    return clock.at(on, time(23, 59, 59))
