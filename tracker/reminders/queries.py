"""Reads what is to be mentioned to whom, what became of it, and what must be known at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from flask import current_app, g, request
from sqlalchemy import bindparam, func, select

from tracker.accounts import queries as accounts
from tracker.duties import queries as duties
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience, Step, Unit
from tracker.kernel.permissions import Permission, allowed
from tracker.kernel.translation import N_, _
from tracker.mail.letters import UNDELIVERED, Letter, LetterState, Recipient
from tracker.mail.outbox import OVERDUE, count_due
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db, seen_of
from tracker.plumbing.memo import kept
from tracker.plumbing.pages import Banner
from tracker.reminders import rules
from tracker.reminders.models import ClockState, LetterItem, StepRule
from tracker.reminders.rules import SCHEDULES, Notice, Schedule

# A step that moves off closed days stays within these days of its own.
AROUND = timedelta(days=31)
# The rooms that say who holds which post, and where letters reach them.
PEOPLE = ("accounts", "municipalities")
SILENT = N_("通知係が止まっています。")
SILENT_TEXT = N_("お知らせのメールは、動き出すまで送られません。")
CLOCK_WRONG = N_("サーバーの時計が前に戻っています。")
CLOCK_WRONG_TEXT = N_("時計を直すまで、お知らせを送りません。")
ON_HOLD = N_("バックアップから復元したため、メールを止めています。")
ON_HOLD_TEXT = N_("事務局が確かめて再開するまで、お知らせのメールは送られません。")
NO_ADDRESS = N_("画面のアドレスが決まっていないため、お知らせを送っていません。")
NO_ADDRESS_TEXT = N_(
    "TRACKER_BASE_URL に、職員が画面を開くアドレスを設定して、起動し直してください。"
)


def recipients(all_duties: Sequence[Duty]) -> Mapping[tuple[str, Audience], list[Recipient]]:
    """Who hears of each duty: its post or its role's posts, their chiefs, the office.

    Three queries, however many duties there are, and none while posts and people stay as they
    are.  What the office owes itself escalates nowhere.
    """
    ids = {town.slug: town.id for town in areas.towns()}
    hub = areas.hub()
    chiefs = kept("chiefs", PEOPLE, accounts.chiefs)
    roles = frozenset({duty.to_role for duty in all_duties} | {"office"})
    posts = frozenset({duty.owner.post_id for duty in all_duties} | set(chiefs.values()))
    by_role = kept(("recipients", roles), PEOPLE, lambda: accounts.recipients_by_role(roles))
    by_post = kept(("recipients", posts), PEOPLE, lambda: accounts.recipients_by_post(posts))
    office = by_role.get(("office", hub.id), [])
    found: dict[tuple[str, Audience], list[Recipient]] = {}
    for duty in all_duties:
        role = (duty.to_role, ids[duty.owner.municipality])
        post_id = duty.owner.post_id
        owners = by_post.get(post_id, []) if post_id else by_role.get(role, [])
        found[duty.key, Audience.OWNER] = owners
        if duty.to_role != "office":
            bosses = {boss for to in owners if (boss := chiefs.get(to.post_id or 0))}
            found[duty.key, Audience.CHIEF] = [
                to for post_id in sorted(bosses) for to in by_post.get(post_id, [])
            ]
            found[duty.key, Audience.OFFICE] = office
    return found


def mentions(first: date, last: date, today: date) -> Sequence[tuple[Notice, LetterState | None]]:
    """Every mention of the span from the duties as they stand on `today`, and what became of it.

    None: nothing yet.  SKIPPED: called off, or passed over.
    """

    def make() -> Sequence[tuple[Notice, LetterState | None]]:
        open_ones = [duty for duty in duties.all_duties(today) if not duty.is_done]
        span = (first - AROUND, last + AROUND)
        closures = kept(("closures", span), ("municipalities",), lambda: areas.closures(*span))
        found = rules.notices(open_ones, recipients(open_ones), closures, first, last, schedules())
        done = dealt_with(first, last)
        return tuple((notice, done.get(notice.key)) for notice in found)

    return kept(("mentions", first, last, today), None, make)


def to_come(today: date) -> Sequence[tuple[Notice, LetterState | None]]:
    """The mentions of the next 30 days, as the page shows them."""
    return mentions(today, today + timedelta(days=rules.LOOK_AHEAD_DAYS), today)


def notices(first: date, last: date, today: date) -> tuple[Notice, ...]:
    """The mentions of the span that nothing has become of yet."""
    return tuple(notice for notice, state in mentions(first, last, today) if state is None)


def dealt_with(first: date, last: date) -> Mapping[tuple[str, str, str], LetterState]:
    """The mentions around these days that stand in a letter already, or were called off."""
    rows = db.session.execute(
        select(LetterItem.duty_key, LetterItem.step, LetterItem.to_key, LetterItem.state).where(
            LetterItem.due_at >= clock.at(first - AROUND, time.min),
            LetterItem.due_at < clock.at(last + AROUND, time.min),
        )
    )
    return {(duty, step, to): state for duty, step, to, state in rows}


def schedules() -> Mapping[Kind, Schedule]:
    """送る日 of every kind: the defaults, and over them what somebody changed."""

    def make() -> Mapping[Kind, Schedule]:
        changed = {
            row.kind: Schedule(tuple(_step(*one) for one in row.steps), row.hour, row.is_on)
            for row in db.session.scalars(select(StepRule))
        }
        return {**SCHEDULES, **changed}

    return kept("schedules", ("reminders",), make)


def _step(offset: int, unit: str, to: str = Audience.OWNER) -> Step:
    return Step(offset, Unit(unit), Audience(to))


def schedule(kind: Kind) -> tuple[Schedule, str]:
    """送る日 of one kind, and what a form carries of it as seen."""
    return schedules()[kind], seen_of(db.session.get(StepRule, kind))


def watermark() -> datetime | None:
    """Up to when reminders were planned already."""
    return db.session.scalar(select(ClockState.watermark_at).where(ClockState.id == 1))


def held_since() -> datetime | None:
    """Since when no letter goes out, because a backup was restored; None: they do."""
    return db.session.scalar(select(ClockState.held_since).where(ClockState.id == 1))


def is_address_known() -> bool:
    """Whether letters can carry links that open; the example on this machine goes without."""
    return bool(current_app.config["IS_BASE_URL_SET"]) or areas.is_example()


_LAST_UNDELIVERED = select(func.max(Letter.id)).where(UNDELIVERED).scalar_subquery()
# Put together once: every page asks it.
_ALARMS = (
    select(
        ClockState.watermark_at,
        ClockState.heartbeat_at,
        ClockState.held_since,
        Letter.id,
        Letter.to_name,
        Letter.last_answer,
        select(func.count()).select_from(Letter).where(UNDELIVERED).scalar_subquery(),
        count_due(bindparam("late")).scalar_subquery(),
    )
    .select_from(ClockState)
    .outerjoin(Letter, Letter.id == _LAST_UNDELIVERED)
    .where(ClockState.id == 1)
)


def banners() -> Sequence[Banner]:
    """What must be known at once: the clock stopped or went back, letters undelivered or stuck."""
    at = clock.now()
    found = [] if is_address_known() else [Banner("ng", _(NO_ADDRESS), _(NO_ADDRESS_TEXT))]
    row = db.session.execute(_ALARMS, {"late": at - OVERDUE}).first()
    if row is None:
        return found
    watermark_at, heartbeat_at, held_since, *about_letters = row
    if held_since is not None:
        where = (
            ("/notices", _("確かめて再開する"))
            if allowed(g.actor, Permission.MANAGE_LETTERS)
            else ()
        )
        found.append(Banner("warn", _(ON_HOLD), _(ON_HOLD_TEXT), *where))
    if rules.clock_is_wrong(at, watermark_at):
        found.append(Banner("ng", _(CLOCK_WRONG), _(CLOCK_WRONG_TEXT)))
    elif rules.clock_is_silent(at, heartbeat_at):
        found.append(Banner("ng", _(SILENT), _(SILENT_TEXT)))
    if allowed(g.actor, Permission.MANAGE_LETTERS):
        found += _for_the_office(*about_letters)
    return found


def _for_the_office(
    letter_id: int | None, to_name: str, answer: str | None, undelivered: int, stuck: int
) -> list[Banner]:
    found = []
    if stuck:
        text = _("メールサーバーの設定と、送信の記録を確かめてください。")
        strong = _("1時間以上、送れていないメールが%(stuck)s件あります。", stuck=stuck)
        found.append(Banner("warn", strong, text, "/notices?state=retrying", _("記録を見る")))
    # A letter that did not arrive stands on the office's home as a duty, and here where it is mended.
    if letter_id is not None and request.path.startswith("/notices"):
        where = f"/notices/{letter_id}" if undelivered == 1 else "/notices?state=undeliverable"
        reason = (answer or "").partition("（")[0]
        more = _("ほか。") if undelivered > 1 else "。"
        text = _("%(to_name)sあて%(more)s%(reason)s", to_name=to_name, more=more, reason=reason)
        strong = _("%(undelivered)s件のメールが届いていません。", undelivered=undelivered)
        found.append(Banner("ng", strong, text, where, _("確かめて送り直す")))
    return found
