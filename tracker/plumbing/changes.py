"""One act of one person at one instant: rows locked first, one entry a subject, one commit last.

What an act changed is told by the database session itself (history/columns.py), so that nobody has
to remember to write it down (contracts.md, "Acts, conflicts, keys").
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Self, TypeVar

from flask import g
from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm.attributes import flag_modified

from tracker.history import history
from tracker.history.columns import Noted, key_of, room_of, subject_of
from tracker.history.history import Subject
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.kernel.tokyo import moment
from tracker.kernel.translation import N_, _
from tracker.plumbing import clock
from tracker.plumbing.db import UNSEEN, Model, Versioned, db

M = TypeVar("M", bound=Model)
# Said where nobody can be named: the form was not filled in on this row, or does not say on what.
NOT_OF_THIS = N_("この内容を見て入力されたものか、確かめられません。")


class Stale(NamedTuple):
    """A row that was changed first: what it is called, by whom, and when (UTC).

    who: None where it is not known, or was the same person on another page.  is_earlier: whether
    the row ever was what its author saw; the page of another row says nothing of who changed it.
    """

    name: str
    who: str | None
    at: datetime | None
    is_earlier: bool = True

    @property
    def said(self) -> str:
        """「平内町の報告」は、今別町 企画担当が11月24日 9:05に."""
        what = _("「%(name)s」は、", name=self.name) if self.name else ""
        when = _("%(moment)sに", moment=moment(self.at)) if self.at else ""
        where = _("%(who)sが", who=self.who) if self.who else _("ほかの画面で")
        return what + where + when


class Conflict(Refusal):
    """Another page was first: the form answers 409 and shows both texts.

    `then` says what to do where nothing is saved, `said` what became otherwise where that is no row.
    """

    def __init__(self, rows: Sequence[Stale], then: str = "", said: str = "") -> None:
        changed = "、".join(row.said for row in rows if row.is_earlier)
        if not said:
            said = _("%(said)s先に直しました。", said=changed) if changed else _(NOT_OF_THIS)
        then = then or _(
            "まだ保存していません。最新の内容を確かめてから、もう一度保存してください。"
        )
        super().__init__(said + then)
        self.rows = tuple(rows)


@dataclass
class Entry:
    """What the record will say of a change; its parts may be set when the outcome is known.

    `was` and `told` are plain values beside the changed columns, before and after; `digest` is the
    place for the digest of a decision's frozen content.  With `only_changes` there is no entry where
    all is as it was.
    """

    subject: Model | Subject | None
    sentence: str
    was: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    digest: str | None = None
    only_changes: bool = False


@dataclass(frozen=True)
class Act:
    """Who acts, and when (UTC); `by` None means the system itself.

    Used as a context manager it keeps several changes together: the outermost one commits, or
    rolls all of it back when something inside fails.
    """

    by: Actor | None
    at: datetime

    @property
    def person(self) -> Actor:
        """Who acts, in what the system itself never does."""
        if self.by is None:
            raise ValueError("only a person does this")
        return self.by

    @property
    def today(self) -> date:
        """The day in Tokyo."""
        return clock.day(self.at)

    def __enter__(self) -> Self:
        info = db.session().info
        info["acts"] = info.get("acts", 0) + 1
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        info = db.session().info
        info["acts"] -= 1
        if kind is not None:
            if not info["acts"]:
                db.session.rollback()
        elif not info["acts"]:
            db.session.commit()
            g.pop("versions", None)

    def lock(
        self,
        *wanted: tuple[Model | None, str | None] | tuple[Model | None, str | None, str],
        first: Callable[[], object] | None = None,
    ) -> None:
        """Takes all rows of the act until the commit, in one order, one statement a table.

        Each comes with what its author saw of it (`Versioned.seen`; None: nobody looked, as from
        a command) and, where several rows stand in one form, with its name.  None stands for a row
        that nobody has made yet: its author saw `UNSEEN`.  Rows are read anew.  Raises Conflict
        that names every row changed or taken out meanwhile; before it, what `first` refuses of the
        rows as they are now, where that says better why (a meeting called off).
        """
        by_table: dict[type[Model], list[Model]] = {}
        known = [one[0] for one in wanted if one[0] is not None]
        for one in sorted(known, key=lambda one: (one.__tablename__, inspect(one).identity)):
            by_table.setdefault(type(one), []).append(one)
        there = {row for kind, rows in by_table.items() for row in _locked(kind, rows)}
        if first is not None:
            first()
        stale = []
        for row, seen, *names in wanted:
            stored = UNSEEN if row is None else getattr(row, "seen", seen)
            gone = row is not None and row not in there
            if gone or (seen is not None and seen != stored):
                stale.append(_stale(self, row, names[0] if names else "", seen, stored))
        if stale:
            raise Conflict(stale)

    def own(self, kind: type[M], key: Any, seen: str | None) -> M | None:
        """The one row with that key, locked, or None where nobody has made it yet.

        Raises Conflict where it is not what its author saw (`UNSEEN`: that there was none).
        """
        row = db.session.get(kind, key)
        self.lock((row, seen))
        return row

    @contextmanager
    def change(self, verb: str, subject: Model | Subject | None, sentence: str) -> Iterator[Entry]:
        """What is done inside becomes one entry of the record: before → after of every column.

        `verb` is a dotted word (report.submitted), `sentence` one in Japanese; a subject that comes
        to be inside is named on the entry.  A versioned subject gets a new version even where only
        rows that belong to it changed.
        """
        session = db.session()
        with self:
            session.flush()
            noted, kept = Noted(), session.info.get("noted")
            session.info["noted"] = noted
            entry = Entry(subject, sentence)
            try:
                yield entry
                subject = entry.subject
                assert subject is not None, f"{verb}: a change of nothing"
                session.flush()
                if entry.only_changes and not any(noted.told(subject)):
                    return
                _touch(subject)
                session.flush()
            finally:
                session.info["noted"] = kept
            if isinstance(subject, Subject):
                named = subject
            else:
                named = subject_of(subject)
                noted.rooms.add(room_of(type(subject)))
            before, after = noted.told(subject)
            history.record(
                self.by,
                verb,
                named,
                entry.sentence,
                at=self.at,
                before={**before, **entry.was},
                after={**after, **entry.told, **({"digest": entry.digest} if entry.digest else {})},
                rooms=noted.rooms or {history.EVERY_ROOM},
            )


def abandon() -> None:
    """Gives up whatever the session was about to do."""
    db.session.rollback()
    db.session().info["acts"] = 0


def _locked(kind: type[Model], rows: Sequence[Model]) -> Sequence[Model]:
    db.session.flush()
    mapper = inspect(kind)
    keys = mapper.primary_key
    identities = [inspect(row).identity for row in rows]
    wanted = (
        keys[0].in_([key[0] for key in identities if key])
        if len(keys) == 1
        else _any_of(keys, identities)
    )
    query = select(kind).where(wanted).order_by(*keys).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _any_of(keys: Sequence[Any], identities: Iterable[Any]) -> Any:
    return tuple_(*keys).in_([tuple(key) for key in identities if key])


def _stale(
    act: Act, row: Model | None, name: str, seen: str | None, stored: Any, verb: str | None = None
) -> Stale:
    """Without a name where whoever acts changed it last, on another page of their own."""
    if row is not None and seen is not None and not _was(seen, str(stored)):
        return Stale(name, None, None, is_earlier=False)
    part = "" if row is None or verb else f"{row.__tablename__}/{key_of(row)}/"
    last = history.last_of(subject_of(row), verb, part) if row is not None else None
    if last is None:
        return Stale(name, None, None)
    is_own = last.person_id == (act.by.person_id if act.by else None)
    return Stale(name, None if is_own else last.actor, last.at)


def _was(seen: str, stored: str) -> bool:
    """Whether a row may once have been what its author saw: versions and revisions count up."""
    if seen == stored or not stored.isdecimal():
        return bool(seen)
    return seen.isdecimal() and (len(seen), seen) < (len(stored), stored)


def check_revision(
    act: Act,
    row: Model,
    revision: int | str,
    seen: str | None,
    verb: str,
    then: str = "",
    name: str = "",
) -> None:
    """A word counts for the revision of a text or of amounts that the page had shown.

    `seen` is that one (None: nobody looked, as from a command), `verb` the act that makes another;
    `then` says what to do, `name` which part of the page it is.  Raises Conflict that names
    who made it, if it was somebody else.
    """
    if seen is not None and seen != str(revision):
        raise Conflict([_stale(act, row, name, seen, revision, verb)], then)


def _touch(subject: Model | Subject) -> None:
    """Gives a versioned subject a new version, once a change."""
    if not isinstance(subject, Versioned) or not inspect(subject).persistent:
        return
    session = db.session()
    if session.info["noted"].is_touched(subject) or session.is_modified(subject):
        return
    mapper = inspect(type(subject))
    plain = next(
        one.key
        for one in mapper.column_attrs
        if not one.columns[0].primary_key and one.columns[0] is not mapper.version_id_col
    )
    getattr(subject, plain)
    flag_modified(subject, plain)
