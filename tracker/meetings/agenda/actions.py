"""Proposes items, takes them onto the agenda, puts them into order (product.md 5)."""

from collections.abc import Sequence

from tracker.kernel.permissions import Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings.agenda import queries, rules
from tracker.meetings.agenda.rules import AgendaSource
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import AgendaItem, MeetingRow
from tracker.meetings.rules import AgendaKind
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def propose(
    act: Act,
    row: MeetingRow,
    title: str,
    note: str,
    minutes: int | None = None,
    only: Sequence[str] = (),
) -> AgendaItem:
    """Adds an item: of the office on the agenda at once, of others as a proposal to it.

    `minutes` are those planned for it; `only` the municipalities (slugs) that may read it, none of
    them: all.
    """
    there = _lock(act, row)
    rules.check_item(minutes, _counting(there))
    source = AgendaSource(AgendaKind.OWN, title, note)
    return _add(act, row, source, _next(there), minutes, list(only) or None)


def take(act: Act, row: MeetingRow, offered: Sequence[AgendaSource]) -> None:
    """Takes onto the agenda what the data of the year offer."""
    there = _lock(act, row)
    if not offered:
        raise Refusal(_("加える議題がありません。"))
    rules.check_item(None, _counting(there) + len(offered) - 1)
    with act:
        for position, one in enumerate(offered, _next(there)):
            _add(act, row, one, position, only=list(one.only) or None)


def _add(
    act: Act,
    row: MeetingRow,
    source: AgendaSource,
    position: int,
    minutes: int | None = None,
    only: list[str] | None = None,
) -> AgendaItem:
    is_taken = allowed(act.by, Permission.MANAGE_MEETING)
    verb, done = ("agenda.added", "加えました") if is_taken else ("agenda.proposed", "提案しました")
    item = AgendaItem(
        meeting_id=row.id,
        position=position,
        kind=source.kind,
        title=source.title,
        note=source.note,
        minutes=minutes,
        only=only,
        report_id=source.report_id,
        question_id=source.question_id,
        proposed_by=act.person.name,
        proposed_by_id=act.person.person_id,
        municipality_id=act.person.municipality_id,
        proposed_at=act.at,
        accepted_at=act.at if is_taken else None,
    )
    with act.change(verb, None, f"{row.name}：議題を{done}。") as entry:
        db.session.add(item)
        db.session.flush()
        entry.subject = item
    return item


def _counting(there: Sequence[AgendaItem]) -> int:
    return sum(not one.is_struck for one in there)


def _next(there: Sequence[AgendaItem]) -> int:
    return max((one.position for one in there), default=0) + 1


def accept(act: Act, row: MeetingRow, item: AgendaItem, seen: str | None = None) -> None:
    """Takes a proposal onto the agenda."""
    _lock(act, row, item, seen)
    item.must_count()
    if item.accepted_at is not None:
        raise Refusal(_("この議題は、すでに加えられています。"))
    with act.change(
        "agenda.added", item, f"{row.name}：{item.proposed_by}の提案を議題に加えました。"
    ):
        item.accepted_at = act.at


def change(
    act: Act,
    row: MeetingRow,
    item: AgendaItem,
    title: str,
    note: str,
    minutes: int | None,
    only: Sequence[str],
    seen: str | None = None,
) -> None:
    """Puts an item into other words, gives it another time or other readers."""
    _lock(act, row, item, seen)
    item.must_count()
    rules.check_item(minutes, 0)
    rules.check_readers(item.question_id is not None, item.only, only)
    if item.accepted_at and queries.circulation(row.id)[1]:
        rules.check_still_asked(item.only, list(only) or None)
    queries.check_above(item.id, list(only) or None)
    with act.change("agenda.changed", item, f"{row.name}：議題を直しました。"):
        item.title, item.note, item.minutes = title, note, minutes
        item.only = list(only) or None


def move(act: Act, row: MeetingRow, item: AgendaItem, step: int, seen: str | None = None) -> None:
    """Moves an item up (-1) or down (1) among those on the agenda."""
    there = [one for one in _lock(act, row, item, seen) if one.accepted_at and not one.is_struck]
    item.must_count()
    if item not in there:
        raise Refusal(_("提案は、議題に加えてから動かしてください。"))
    order = rules.moved([one.id for one in there], item.id, step)
    places = sorted(one.position for one in there)
    by_id = {one.id: one for one in there}
    with act.change("agenda.moved", item, f"{row.name}：議題の順番を変えました。"):
        for position, id_ in zip(places, order, strict=True):
            by_id[id_].position = position


def strike(
    act: Act, row: MeetingRow, item: AgendaItem, reason: str, seen: str | None = None
) -> None:
    """Takes an item off, or refuses a proposal, with a reason that its proposer reads."""
    there = _lock(act, row, item, seen)
    if item.accepted_at and queries.circulation(row.id)[1]:
        stay = [one for one in there if one.accepted_at and not one.is_struck and one != item]
        rules.check_strike(item.only, [one.only for one in stay])
    queries.check_above(item.id, ())
    with act.change("agenda.struck", item, f"{row.name}：議題を取り下げました。理由：{reason}"):
        item.strike(act.person.name, act.at, reason)


def put_back(act: Act, row: MeetingRow, item: AgendaItem, seen: str | None = None) -> None:
    """Counts an item again."""
    _lock(act, row, item, seen)
    with act.change("agenda.restored", item, f"{row.name}：議題を元に戻しました。"):
        item.put_back()


def _lock(
    act: Act, row: MeetingRow, item: AgendaItem | None = None, seen: str | None = None
) -> list[AgendaItem]:
    """The meeting, which must still take items, and all of these, in their order."""
    there = list(queries.rows(row.id))
    act.lock((row, None), *((one, seen if one is item else None) for one in there))
    check_open(row)
    return there


def check_open(row: MeetingRow | Meeting) -> None:
    """Whether the agenda takes changes as it stands; raises Refusal."""
    rules.check_open(
        cancelled_at=row.cancelled_at,
        minutes_final_at=row.minutes_final_at,
        is_circulated=queries.circulation(row.id)[0],
    )
