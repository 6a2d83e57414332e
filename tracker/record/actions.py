"""Keeps the digests of decisions that stand, and disposes of the words of an entry."""

from sqlalchemy import exists, null, select, update

from tracker.chain import rules as chain
from tracker.history import history
from tracker.history.history import HistoryEntry, Subject
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.record import queries


def keep_digests(act: Act) -> None:
    """Writes the digests of all decisions of before into the record, once.

    Decisions taken since carry theirs in their own entry.
    """
    if db.session.scalar(select(exists().where(HistoryEntry.verb == queries.KEPT))):
        return
    held = queries.kept(history.plain())
    missing = {one: digest for one, digest in queries.standing().items() if one not in held}
    if missing:
        said = f"効力のある決定{len(missing)}件の照合値を記録しました。"
        with act.change(queries.KEPT, Subject("history", 0), said) as entry:
            entry.told["digests"] = missing


def dispose(act: Act, number: int, reason: str) -> None:
    """Takes out the sentence and the values of an entry, which the chain outlives.

    Raises Refusal without a reason, for a number nobody has, for what is disposed of already, for a
    disposal itself, and for an entry that holds the digest of a decision.
    """
    if not reason.strip():
        raise Refusal(_("理由を入れてください。"), field="reason")
    entry = db.session.scalar(select(HistoryEntry).where(HistoryEntry.number == number))
    if entry is None:
        raise Refusal(_("その番号の記録はありません。"))
    plain = next(history.plain(entry.id - 1))
    if not entry.summary and entry.payload is None:
        raise Refusal(_("その記録の内容は、すでに廃棄されています。"))
    if entry.verb == chain.DISPOSED or queries.kept([plain]):
        raise Refusal(_("廃棄の記録と、決定の照合値を持つ記録は、廃棄できません。"))
    said = f"記録{number}番の内容を廃棄しました。理由：{reason.strip()}"
    with act:
        with act.change(chain.DISPOSED, Subject("history", number), said) as told:
            told.told["rest"] = chain.rest_of(plain)
        db.session.execute(
            update(HistoryEntry)
            .where(HistoryEntry.number == number)
            .values(summary="", payload=null(), salt=None)
        )
