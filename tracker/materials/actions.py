"""Adds materials, numbers and orders them, sends them, replaces what was sent (product.md 5)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracker.attachments import uploads
from tracker.attachments.uploads import Sent
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.materials import letters, queries, rules
from tracker.materials.material import Material
from tracker.materials.models import MaterialFile, MaterialPack, MaterialRow
from tracker.materials.rules import MaterialKind
from tracker.meetings import queries as meetings
from tracker.meetings.agenda.rules import moved
from tracker.meetings.models import MeetingRow
from tracker.papers import binding, pdf, volume
from tracker.papers.kinds import Document
from tracker.plumbing.changes import Act, Entry, check_revision
from tracker.plumbing.db import UNSEEN, db


class PagedFile(NamedTuple):
    """A file that was judged, and by page what tells whether it is the same (volume.pages_of)."""

    sent: Sent
    pages: Sequence[str]


class MaterialWords(NamedTuple):
    """What is said of a material: its item of the agenda (id), and who alone may read it (slugs)."""

    number: str
    title: str
    item_id: int | None = None
    only: Sequence[str] = ()


def make(act: Act, row: MeetingRow, kind: MaterialKind, words: MaterialWords) -> MaterialRow:
    """Adds what is made of the data; its file comes to be when the materials are sent."""
    head, there = _lock(act, row)
    if kind is not MaterialKind.FILE and any(
        one.kind is kind and not one.is_struck for one in there
    ):
        raise Refusal(_("この資料は、すでに加えられています。"))
    rules.check_unsent(head.sent_at if head else None)
    said = f"{row.name}：{words.number}を加えました。"
    with act.change("material.added", None, said) as entry:
        return _add(row, head, there, kind, words, entry)


def upload(act: Act, row: MeetingRow, words: MaterialWords, file: PagedFile) -> MaterialRow:
    """Adds a file; also after the others were sent, then everybody sees that it came later."""
    head, there = _lock(act, row)
    said = f"{row.name}：{words.number}を添付しました。"
    with act.change("material.attached", None, said) as entry:
        made = _add(row, head, there, MaterialKind.FILE, words, entry)
        _keep(act, entry, made, file, "")
    return made


def _add(
    row: MeetingRow,
    head: MaterialPack | None,
    there: Sequence[MaterialRow],
    kind: MaterialKind,
    words: MaterialWords,
    entry: Entry,
) -> MaterialRow:
    number = rules.as_number(words.number)
    rules.check_number(number, [one.number for one in there if not one.is_struck])
    if head is None:
        db.session.add(MaterialPack(meeting_id=row.id))
    made = MaterialRow(
        meeting_id=row.id,
        position=max((one.position for one in there), default=0) + 1,
        number=number,
        title=words.title,
        kind=kind,
        item_id=words.item_id,
        only=list(words.only) or None,
    )
    db.session.add(made)
    db.session.flush()
    entry.subject = made
    return made


def _keep(act: Act, entry: Entry, one: MaterialRow, file: PagedFile, reason: str) -> None:
    *before, now = [old.sha256 for old in uploads.of("material", one.id)] or [""]
    replaced = set(before) - {now}
    [kept] = uploads.add(act, entry, one, [file.sent], replaced=replaced)
    db.session.flush()
    db.session.add(
        MaterialFile(
            attachment_id=kept.id, material_id=one.id, pages=list(file.pages), reason=reason
        )
    )


def change(
    act: Act, row: MeetingRow, one: MaterialRow, words: MaterialWords, seen: str | None = None
) -> None:
    """Gives another number, name, item or readers, before anything is sent."""
    head, there = _lock(act, row, one, seen)
    one.must_count()
    rules.check_unsent(head.sent_at if head else None)
    number = rules.as_number(words.number)
    others = [other.number for other in there if other.id != one.id and not other.is_struck]
    rules.check_number(number, others)
    with act.change("material.changed", one, f"{row.name}：{one.number}を直しました。"):
        one.number, one.title, one.item_id = number, words.title, words.item_id
        one.only = list(words.only) or None


def move(act: Act, row: MeetingRow, one: MaterialRow, step: int, seen: str | None = None) -> None:
    """Moves a material up (-1) or down (1) among those that count, before anything is sent."""
    head, all_ = _lock(act, row, one, seen)
    one.must_count()
    rules.check_unsent(head.sent_at if head else None)
    there = [other for other in all_ if not other.is_struck]
    order = moved([other.id for other in there], one.id, step)
    places = sorted(other.position for other in there)
    by_id = {other.id: other for other in there}
    with act.change("material.moved", one, f"{row.name}：資料の順番を変えました。"):
        for position, id_ in zip(places, order, strict=True):
            by_id[id_].position = position


def replace(
    act: Act,
    row: MeetingRow,
    one: MaterialRow,
    file: PagedFile,
    reason: str,
    seen: str | None = None,
) -> None:
    """差替え: another file; what was sent stays beside it, with the reason for the new one."""
    head, _there = _lock(act, row, one, seen)
    one.must_count()
    sent_at = head.sent_at if head else None
    rules.check_reason(reason, sent_at)
    rules.check_replaceable(is_made=one.kind is not MaterialKind.FILE, sent_at=sent_at)
    said = f"{row.name}：{one.number}を差し替えました。"
    with act:
        if sent_at is None:
            _drop(act, row, one)
        with act.change("material.attached", one, said) as entry:
            _keep(act, entry, one, file, reason if sent_at else "")


def _drop(act: Act, row: MeetingRow, one: MaterialRow) -> None:
    """Removes a file that nobody else has seen."""
    said = f"{row.name}：{one.number}のファイルを外しました。"
    with act.change("material.detached", one, said):
        for old in uploads.of("material", one.id):
            db.session.delete(db.session.get_one(MaterialFile, old.id))
            db.session.flush()
            uploads.take_out(act, old, None)


def strike(
    act: Act, row: MeetingRow, one: MaterialRow, reason: str, seen: str | None = None
) -> None:
    """Takes a material out with a reason that its readers see."""
    _lock(act, row, one, seen)
    said = f"{row.name}：{one.number}を取り下げました。理由：{reason}"
    with act.change("material.struck", one, said):
        one.strike(act.person.name, act.at, reason)


def put_back(act: Act, row: MeetingRow, one: MaterialRow, seen: str | None = None) -> None:
    """Counts a material again; raises Refusal where another has its number meanwhile."""
    _head, there = _lock(act, row, one, seen)
    rules.check_number(one.number, [other.number for other in there if not other.is_struck])
    with act.change("material.restored", one, f"{row.name}：{one.number}を元に戻しました。"):
        one.put_back()


def send(act: Act, row: MeetingRow, made: Mapping[int, PagedFile], seen: str | None = None) -> int:
    """送る: freezes what is made of the data (by material), and tells everybody; letters written.

    `seen`: of the materials as a whole and of each, as the page showed them.
    """
    head, all_ = _lock(act, row)
    there = [one for one in all_ if not one.is_struck]
    check_revision(
        act, row, seen_of(head.seen if head else UNSEEN, all_), seen, "material.attached"
    )
    rules.check_send(len(there), head.sent_at if head else None, row.held_on)
    assert head is not None
    with act:
        for one in there:
            if one.kind is not MaterialKind.FILE:
                said = f"{row.name}：{one.number}を今の記録から作りました。"
                with act.change("material.attached", one, said) as entry:
                    _keep(act, entry, one, made[one.id], "")
        with act.change("materials.sent", head, f"{row.name}：資料{len(there)}件を送りました。"):
            head.sent_at, head.sent_by = act.at, act.person.name
            head.sent_by_id = act.person.person_id
            meeting = meetings.of(row)
            return letters.put_materials(act, meeting, "\n".join(map(_line, there)))


def _line(one: MaterialRow) -> str:
    """A material as the letter names it: what only some may read has no name there."""
    return (
        f"{one.number}　{one.title}"
        if one.only is None
        else f"{one.number}　（関係する市町村の資料）"
    )


def frozen(documents: Mapping[Material, Document]) -> dict[int, PagedFile]:
    """What is made of the data as files to be sent, by material; asks the database nothing."""
    found = {}
    for one, document in documents.items():
        content = pdf.write(document)
        name = volume.safe_name(f"{one.number}_{one.title}", "pdf")
        found[one.id] = PagedFile(Sent(name, "pdf", content), binding.fingerprints(content))
    return found


def seen_of(pack: str, materials: Sequence[MaterialRow]) -> str:
    """What the page of sending has shown: the versions of all of it."""
    return ".".join((pack, *(f"{one.id}-{one.seen}" for one in materials)))


def _lock(
    act: Act, row: MeetingRow, one: MaterialRow | None = None, seen: str | None = None
) -> tuple[MaterialPack | None, list[MaterialRow]]:
    """The meeting, which must still take materials, and all of them with their pack."""
    act.lock((row, None))
    head = db.session.get(MaterialPack, row.id)
    there = list(queries.rows(row.id))
    act.lock(
        *([(head, None)] if head else []),
        *((other, seen if other is one else None) for other in there),
    )
    rules.check_open(cancelled_at=row.cancelled_at, minutes_final_at=row.minutes_final_at)
    return head, there
