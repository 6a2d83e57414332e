"""Writes minutes, circulates them, takes each municipality's word (product.md 5)."""

from datetime import date

from tracker.chain.rules import digest
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.actions import put_erratum
from tracker.meetings.minutes import letters, queries, rules
from tracker.meetings.minutes.rules import MinutesSheet, PartText
from tracker.meetings.models import AgendaItem, MeetingRow, Minutes, MinutesPart, MinutesReply
from tracker.meetings.rules import check_active
from tracker.office_days.office_days import check_due_day
from tracker.plumbing.changes import Act, check_revision
from tracker.plumbing.db import db


def write(
    act: Act, row: MeetingRow, item: AgendaItem, gist: str, decided: str, seen: str | None = None
) -> None:
    """Writes what was said and decided of one item.

    A text that was circulated becomes another revision: it has to go out again, and the words
    given on this item count no more.  Raises Refusal and Conflict.
    """
    part = db.session.get(MinutesPart, item.id)
    head, sheet = _lock(act, row, (part, seen))
    check_active(row.cancelled_at is not None)
    rules.check_part(sheet, row.attendance_at, item.id)
    with act.change("minutes.written", head, f"{row.name}：議事録を書きました。") as entry:
        if head is None:
            head = entry.subject = Minutes(meeting_id=row.id, revision=1, writer_ids=[])
            db.session.add(head)
        if part is None:
            part = MinutesPart(item_id=item.id, meeting_id=row.id)
            db.session.add(part)
        if head.sent_at is not None:
            head.sent_at, head.revision = None, head.revision + 1
        if (part.gist, part.decided) != (gist, decided):
            part.gist, part.decided, part.revision = gist, decided, head.revision
        head.writer_ids = sorted({*head.writer_ids, act.person.person_id})


def send(act: Act, row: MeetingRow, reply_due_on: date, seen: str | None = None) -> int:
    """Circulates the text to whoever has to confirm any of it: letters M11; how many were written.

    Raises Refusal for an item without a text, one that is out already, and a day that is none.
    """
    head, sheet = _lock(act, row, seen=seen)
    check_active(row.cancelled_at is not None)
    rules.check_send(sheet, row.attendance_at)
    check_due_day(reply_due_on, act.today, _("確認の期限"), "reply_due_on")
    assert head is not None
    with act.change("minutes.sent", head, f"{row.name}：議事録の確認をお願いしました。"):
        head.sent_at, head.reply_due_on = act.at, reply_due_on
        towns = [town.id for town in sheet.silent]
        return letters.put_requests(act, meetings.of(row), towns, head.revision, reply_due_on)


def confirm(act: Act, row: MeetingRow, seen: str | None = None) -> None:
    """Confirms for the actor's municipality each item that it may read and has not confirmed yet.

    `seen` is what the page had shown of them (`rules.shown`): only that is confirmed.  With the last
    municipality's word on its last item the minutes are final.
    """
    by = act.person
    head, sheet = _lock(act, row)
    town = rules.check_word(sheet, by, confirms=True)
    assert head is not None
    check_revision(act, head, rules.shown(sheet.of(town)), seen, "minutes.sent")
    is_last = sheet.waiting == (town,)
    said = f"{row.name}：{by.municipality_name}が議事録を確認し"
    said += "、すべての市町村の確認がそろいました。" if is_last else "ました。"
    with act:
        verb = "minutes.final" if is_last else "minutes.confirmed"
        with act.change(verb, head, said) as entry:
            for part in sheet.left(town):
                _reply(act, head, part)
            if is_last:
                head.is_final = True
                db.session.flush()
                entry.digest = digest(queries.minuted([row.id])[row.id])
        if is_last:
            with act.change("meeting.minuted", row, f"{row.name}：議事録が確定しました。"):
                row.minutes_final_at = act.at


def ask_correction(
    act: Act, row: MeetingRow, item_id: int, quote: str, words: str, seen: str | None = None
) -> None:
    """Asks to correct a sentence (`quote`, "": something is missing) of an item of its municipality.

    The office answers by changing it, or by telephone.
    """
    head, sheet = _lock(act, row)
    town = rules.check_word(sheet, act.person, confirms=False)
    assert head is not None
    own = {one.item_id: one for one in sheet.of(town)}
    check_revision(act, head, rules.shown(own.values()), seen, "minutes.sent")
    said = f"{row.name}：{act.person.municipality_name}が議事録の修正をお願いしました。"
    with act.change("minutes.correction_asked", head, said):
        _reply(act, head, own[item_id], quote, words)


def add_erratum(act: Act, row: MeetingRow, words: str, item_id: int | None = None) -> None:
    """Appends a correction to final minutes, of an item or of the meeting as a whole (None).

    The text of the minutes stays what was confirmed.
    """
    head, sheet = _lock(act, row)
    rules.check_erratum(sheet)
    assert item_id is None or item_id in sheet.parts
    assert head is not None
    with act.change("minutes.erratum", head, f"{row.name}：議事録に訂正を加えました。"):
        put_erratum(act, row, words, item_id)


def _lock(
    act: Act, row: MeetingRow, *more: tuple[MinutesPart | None, str | None], seen: str | None = None
) -> tuple[Minutes | None, MinutesSheet]:
    """The meeting and its minutes, which stand or fall together."""
    head = db.session.get(Minutes, row.id)
    act.lock((row, None), (head, seen), *more)
    return head, queries.sheet(meetings.of(row))


def _reply(act: Act, head: Minutes, part: PartText, quote: str = "", words: str = "") -> None:
    by = act.person
    db.session.add(
        MinutesReply(
            meeting_id=head.meeting_id,
            item_id=part.item_id,
            revision=part.revision,
            mark=part.mark,
            municipality_id=by.municipality_id,
            is_confirmed=not words,
            quote=quote or None,
            words=words or None,
            person_id=by.person_id,
            person_name=by.name,
            at=act.at,
        )
    )
