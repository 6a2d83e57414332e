"""Plans reminders into the outbox and has the post office send what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, letters, mailbox, postbox
from tracker.plumbing.db import db, insert_missing
from tracker.plumbing.letters import ClockState, Letter, LetterItem, LetterState, Recipient
from tracker.reminders import queries, rules
from tracker.reminders.rules import Merged, Notice

CLOCK_WRONG = "サーバーの時計が前に戻っています。時計を直すまで、お知らせを送りません。"


@dataclass(frozen=True)
class Draft:
    """A reminder letter as it would be written."""

    merged: Merged
    to: Recipient
    on: date
    subject: str
    body: str

    @property
    def send_at(self) -> datetime:
        """The earliest hour of what it mentions."""
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


def run_once() -> Pass:
    """One pass: plan what fell due since the last one, then send all that is due.

    Any number of processes may run it at once: each letter is planned once (unique keys)
    and sent by one taker (lease).
    """
    planned, skipped = plan(clock.now())
    bounced = mailbox.collect(clock.now()).bounced
    ended = postbox.deliver()
    sent = ended.get(LetterState.SENT, 0) + ended.get(LetterState.RESENT, 0)
    return Pass(
        planned=planned,
        sent=sent,
        retrying=ended.get(LetterState.RETRYING, 0),
        undeliverable=ended.get(LetterState.UNDELIVERABLE, 0) + bounced,
        skipped=skipped,
    )


def plan(at: datetime) -> tuple[int, int]:
    """Writes the reminders that fell due since the watermark; moves the watermark with them.

    Returns how many letters were planned and how many older mentions were passed over.
    A clock that went back plans nothing.
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
    since = state.watermark_at or clock.at(clock.day(at), time.min) - timedelta(microseconds=1)
    planned = skipped = 0
    for draft in _drafts(since, at):
        wrote = _write(draft, at)
        planned += wrote
        skipped += len(draft.merged.passed_over) if wrote else 0
    state.watermark_at = max(at, since)
    state.heartbeat_at = at
    db.session.commit()
    return planned, skipped


def _drafts(since: datetime, until: datetime) -> list[Draft]:
    today = clock.day(until)
    found = queries.notices(clock.day(since), today, today)
    moments = rules.moments(found)
    due = [one for one in found if since < clock.at(one.on, moments[one.to.key, one.on]) <= until]
    return _compose(due, today)


def _compose(due: Sequence[Notice], on: date) -> list[Draft]:
    drafts = []
    for merged in rules.merge(due):
        to = merged.to
        assert isinstance(to, Recipient)
        drafts.append(Draft(merged, to, on, *compose(merged.notices, to, on)))
    return drafts


def compose(due: Sequence[Notice], to: Recipient, today: date) -> tuple[str, str]:
    """Subject and body of one letter about all that is due: each matter in its own words."""
    area = areas.get_area()
    matters = []
    for notice in due:
        subject, body = letters.compose(
            f"matters/{rules.TEXTS[notice.duty.kind]}",
            to,
            duty=notice.duty,
            step=notice.step,
            days=(notice.duty.due_on - today).days,
            town=areas.find_town(notice.duty.municipality),
            area=area,
        )
        matters.append((subject, body.rstrip("\n")))
    more = f" ほか{len(matters) - 1}件" if len(matters) > 1 else ""
    body = letters.render("reminder", to=to, area=area, matters=[body for _, body in matters])
    return matters[0][0] + more, body.strip("\n") + "\n"


def _write(draft: Draft, at: datetime) -> int:
    notes = {one.note for one in draft.merged.notices if one.note}
    meant_at = min(clock.at(one.on, one.hour) for one in draft.merged.notices)
    late = (at - meant_at).days
    written = letters.write(
        "reminder",
        draft.to,
        draft.subject,
        draft.body,
        key=draft.key,
        at=at,
        send_at=at if late else meant_at,
        path=draft.merged.notices[0].duty.url,
        note="、".join(sorted(notes) + (["遅延"] if late >= 1 else [])) or None,
    )
    if not written:
        return 0
    letter_id = db.session.scalar(select(Letter.id).where(Letter.key == draft.key))
    insert_missing(
        LetterItem,
        [
            _item(one, state, letter_id if state is LetterState.QUEUED else None)
            for state, many in (
                (LetterState.QUEUED, draft.merged.notices),
                (LetterState.SKIPPED, draft.merged.passed_over),
            )
            for one in many
        ],
        ["duty_key", "step", "to_key"],
    )
    return 1


def _item(notice: Notice, state: LetterState, letter_id: int | None) -> dict[str, object]:
    return {
        "letter_id": letter_id,
        "duty_key": notice.duty.key,
        "step": notice.step.key,
        "to_key": notice.to.key,
        "due_at": clock.at(notice.on, notice.hour),
        "state": state,
        "title": notice.duty.subject,
    }


def preview(on: date) -> list[Draft]:
    """The reminders of one day, as the duties stand; writes nothing."""
    return _compose(queries.notices(on, on, on), on)


def preview_of(duty_key: str, on: date, today: date) -> Draft | None:
    """The first letter of that day that mentions the duty, or None."""
    drafts = _compose(queries.notices(on, on, today), on)
    fitting = [
        draft for draft in drafts if any(one.duty.key == duty_key for one in draft.merged.notices)
    ]
    return fitting[0] if fitting else None


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
