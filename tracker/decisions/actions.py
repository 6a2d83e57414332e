"""Records what a meeting decided, who does what of it, and how each says it stands (product.md 5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.decisions import queries, rules
from tracker.decisions.models import DecisionRow, FollowUpRow, ProgressNote
from tracker.kernel.translation import _
from tracker.meetings.models import AgendaItem, MeetingRow
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.office_days.office_days import check_due_day
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


@dataclass(frozen=True)
class DecisionWords:
    """What was decided; project and cost case (ids) are what it is about."""

    title: str
    text: str
    project_id: int | None = None
    case_id: int | None = None


@dataclass(frozen=True)
class Errand:
    """What is to be done of a decision by each of these municipalities, by which day."""

    what: str
    towns: Sequence[Town]
    due_on: date


def record(
    act: Act,
    row: MeetingRow,
    item: AgendaItem | None,
    words: DecisionWords,
    errand: Errand | None = None,
    *,
    is_example: bool = False,
) -> DecisionRow:
    """Records what was decided under an item; where that is about a question, it answers it.

    The question itself is still settled by the word of both its sides.  Raises Refusal for a
    meeting that did not take place, another's item, and as `add_follow_up` does.
    """
    act.lock((row, None), *([(item, None)] if item else []))
    rules.check_record(row.attendance_at, row.cancelled_at)
    counts = item and item.meeting_id == row.id and item.accepted_at and not item.is_struck
    rules.check_item(bool(counts))
    assert item is not None
    if errand:
        _check(act, item, errand)
    with act.change("decision.recorded", None, f"{row.name}：決定事項を記録しました。") as entry:
        new = DecisionRow(
            meeting_id=row.id,
            item_id=item.id,
            title=words.title,
            text=words.text,
            project_id=words.project_id,
            case_id=words.case_id,
            question_id=item.question_id,
            recorded_by=act.person.name,
            recorded_by_id=act.person.person_id,
            recorded_at=act.at,
            is_example=is_example,
        )
        db.session.add(new)
        db.session.flush()
        entry.subject = new
        if errand:
            _add(act, new, errand)
    return new


def add_follow_up(act: Act, row: DecisionRow, errand: Errand, seen: str | None = None) -> None:
    """Adds what is to be done, once for each municipality.

    Raises Refusal for one that may not read the item, and for a closed day.
    """
    item = db.session.get_one(AgendaItem, row.item_id)
    act.lock((row, seen), (item, None))
    row.must_count()
    _check(act, item, errand)
    with act.change("decision.follow_up_added", row, "決定事項の宿題を加えました。"):
        _add(act, row, errand)


def report(
    act: Act, row: DecisionRow, one: FollowUpRow, text: str, is_done: bool, seen: str | None = None
) -> None:
    """How the actor's municipality says that its follow-up stands; done, or open again."""
    by = act.person
    act.lock((row, None), (one, seen))
    row.must_count()
    one.must_count()
    rules.check_own(areas.by_id()[one.municipality_id], by.municipality_id)
    said = f"{by.municipality_name}が決定事項の宿題の状況を知らせました。"
    if is_done:
        said = f"{by.municipality_name}が決定事項の宿題を終えたと知らせました。"
    with act.change("decision.closed" if is_done else "decision.noted", row, said):
        note = ProgressNote(
            follow_up_id=one.id,
            text=text,
            is_done=is_done,
            person_id=by.person_id,
            person_name=by.name,
            at=act.at,
        )
        db.session.add(note)
        one.reported_at, one.closed_at = act.at, act.at if is_done else None


def strike(act: Act, row: DecisionRow, reason: str, seen: str | None = None) -> None:
    """Takes out a decision that was recorded by mistake; nothing of it is owed any more."""
    act.lock((row, seen))
    with act.change("decision.struck", row, f"決定事項を取り消しました。理由：{reason}"):
        row.strike(act.person.name, act.at, reason)


def put_back(act: Act, row: DecisionRow, seen: str | None = None) -> None:
    """Counts a decision again."""
    item = db.session.get_one(AgendaItem, row.item_id)
    act.lock((row, seen), (item, None))
    rules.check_put_back(item.is_struck)
    rules.check_readers(True, queries.towns_of([row.id]), item.only)
    with act.change("decision.restored", row, "決定事項を元に戻しました。"):
        row.put_back()


def strike_follow_up(
    act: Act, row: DecisionRow, one: FollowUpRow, reason: str, seen: str | None = None
) -> None:
    """Takes out what nobody has to do; what its municipality has spoken of stays."""
    act.lock((row, None), (one, seen))
    rules.check_strike(_has_notes(one))
    said = f"決定事項の宿題を取り消しました。理由：{reason}"
    with act.change("decision.follow_up_struck", row, said):
        one.strike(act.person.name, act.at, reason)


def put_follow_up_back(
    act: Act, row: DecisionRow, one: FollowUpRow, seen: str | None = None
) -> None:
    """Counts it again."""
    item = db.session.get_one(AgendaItem, row.item_id)
    act.lock((row, None), (one, seen), (item, None))
    rules.check_readers(True, [areas.by_id()[one.municipality_id]], item.only)
    with act.change("decision.follow_up_restored", row, "決定事項の宿題を元に戻しました。"):
        one.put_back()


def keep_item(item_id: int, only: Collection[str] | None) -> None:
    """Raises the Refusal of readers of an item (None: all, none: it is taken off) that would keep its
    decisions from whoever does something of them.
    """
    ids = queries.decided(item_id)
    rules.check_readers(bool(ids), queries.towns_of(ids), only)


def _has_notes(one: FollowUpRow) -> bool:
    found = db.session.query(ProgressNote.id).filter(ProgressNote.follow_up_id == one.id)
    return found.first() is not None


def _check(act: Act, item: AgendaItem, errand: Errand) -> None:
    rules.check_towns(errand.towns, item.only)
    check_due_day(errand.due_on, act.today, _("期限"), "due_on")


def _add(act: Act, row: DecisionRow, errand: Errand) -> None:
    for town in errand.towns:
        one = FollowUpRow(
            decision_id=row.id,
            municipality_id=town.id,
            what=errand.what,
            due_on=errand.due_on,
            added_at=act.at,
        )
        db.session.add(one)
    db.session.flush()
