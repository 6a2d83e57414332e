"""Reads a page of the record: its entries, as far as its reader may know them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from tracker.accounts.models import OutsideChange, Person, Post
from tracker.agreements.models import Agreement
from tracker.cost_sharing.models import CostCase
from tracker.decisions.models import DecisionRow
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor
from tracker.kernel.translation import N_, _
from tracker.mail.letters import Letter
from tracker.materials.models import MaterialPack, MaterialRow
from tracker.meetings.models import AgendaItem, MeetingSeat, Minutes
from tracker.municipalities import queries as areas
from tracker.municipalities.models import HeadAbsence, Municipality
from tracker.payments.models import InstalmentRow, PaymentPlan
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import ProgressReport, Project
from tracker.projects.rules import REPORTED
from tracker.questions.models import QuestionRow
from tracker.record import rules
from tracker.record.rules import About
from tracker.record.values.queries import (
    POST_NAME,
    RecordValue,
    ValueChange,
    are_all_readable,
    cells_of,
    changes,
    opened,
)

# A list counts so far, and a file holds so many entries.
MOST = 10_000
# So many values of an entry stand on the page; the file has all.
MOST_SHOWN = 30
WITHHELD = N_("この記録の内容は、関係する市町村の方だけが読めます。")
DISPOSED = N_("（内容は廃棄されました）")


class Wanted(NamedTuple):
    """What a list is narrowed to; None: to nothing.

    `person` is a post, or 0 for what the system did by itself; `kind` a kind of subject or a verb;
    days in Tokyo, both included.
    """

    town: str | None = None
    person: int | None = None
    kind: str | None = None
    since: date | None = None
    until: date | None = None


class ToldEntry(NamedTuple):
    """An entry as its reader may know it; `more` values are left off, `at` is UTC."""

    number: int
    at: datetime
    actor: str
    town: str
    kind: str
    verb: str
    sentence: str
    is_open: bool
    changes: tuple[ValueChange, ...]
    more: int


class Checked(NamedTuple):
    """The last time the whole record was checked: when (UTC), how many entries, and what was wrong."""

    at: datetime
    entries: int
    head: str
    problems: Sequence[str]


def _newest(actor: Actor, wanted: Wanted) -> Select[int]:
    """The identifiers of what a list holds, newest first; each filter by itself leads an index."""
    entry = HistoryEntry
    where: list[ColumnElement[bool]] = []
    if not rules.reads_all(actor):
        by_own = and_(entry.municipality == actor.municipality, entry.subject_kind != "account")
        where.append(or_(entry.subject_kind.in_(rules.LISTED_KINDS), by_own, *_about_own(actor)))
    if wanted.town is not None:
        where.append(entry.municipality == wanted.town)
    if wanted.person is not None:
        holders = select(Person.id).where(Person.post_id == wanted.person)
        where.append(entry.person_id.in_(holders) if wanted.person else entry.person_id.is_(None))
    if wanted.kind is not None:
        column = entry.verb if "." in wanted.kind else entry.subject_kind
        where.append(column == wanted.kind)
    if wanted.since is not None:
        where.append(entry.at >= clock.at(wanted.since, time.min))
    if wanted.until is not None:
        where.append(entry.at < clock.at(wanted.until + timedelta(days=1), time.min))
    return select(entry.id).where(*where).order_by(entry.at.desc(), entry.id.desc())


def _about_own(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """What others did in the actor's municipality's place, or to what it wrote."""
    for kind, table in (
        ("seat", MeetingSeat),
        ("report", ProgressReport),
        ("absence", HeadAbsence),
    ):
        own = select(cast(table.id, String)).where(table.municipality_id == actor.municipality_id)
        yield and_(HistoryEntry.subject_kind == kind, HistoryEntry.subject_id.in_(own))


def entries(
    actor: Actor, wanted: Wanted, limit: int, offset: int
) -> tuple[Sequence[ToldEntry], int]:
    """A part of the list, and how many entries it has, counted up to one more than MOST.

    What all of the record has is known by its last number: there are no gaps.
    """
    ids = _newest(actor, wanted).limit(limit).offset(offset)
    rows = db.session.execute(
        select(HistoryEntry, _count(actor, wanted).scalar_subquery())
        .where(HistoryEntry.id.in_(ids))
        .order_by(HistoryEntry.at.desc(), HistoryEntry.id.desc())
    ).all()
    return told(actor, [row[0] for row in rows], MOST_SHOWN), (rows[0][1] if rows else 0)


def total(actor: Actor, wanted: Wanted) -> int:
    """How many entries a list has, counted as `entries` does."""
    return db.session.scalar(_count(actor, wanted)) or 0


def _count(actor: Actor, wanted: Wanted) -> Select[int]:
    if wanted == Wanted() and rules.reads_all(actor):
        return select(func.coalesce(func.max(HistoryEntry.number), 0))
    newest = _newest(actor, wanted).limit(MOST + 1)
    return select(func.count()).select_from(newest.subquery())


def whole(actor: Actor, wanted: Wanted) -> Iterator[ToldEntry]:
    """All of a list, to MOST entries, with all values; some at a time."""
    ids = db.session.scalars(_newest(actor, wanted).limit(MOST)).all()
    for first in range(0, len(ids), 200):
        part = select(HistoryEntry).where(HistoryEntry.id.in_(ids[first : first + 200]))
        newest_first = part.order_by(HistoryEntry.at.desc(), HistoryEntry.id.desc())
        yield from told(actor, db.session.scalars(newest_first).all(), None)
        db.session.expunge_all()


class Offered(NamedTuple):
    """What stands over the list: the posts to choose from (今別町 企画担当), and the last check."""

    posts: Sequence[tuple[int, str]]
    checked: Checked | None


# The entry of the last check of the record.
_CHECK = (
    select(func.max(HistoryEntry.id))
    .where(
        HistoryEntry.subject_kind == "history",
        HistoryEntry.subject_id == "check",
        HistoryEntry.verb == history.VERIFIED,
    )
    .scalar_subquery()
)


def offered(actor: Actor) -> Offered:
    """The posts that somebody holds or held, by municipality, as far as the actor's list goes."""

    def make() -> Offered:
        query = (
            select(Post.id, POST_NAME, Municipality.slug, HistoryEntry.at, HistoryEntry.payload)
            .join(Municipality, Municipality.id == Post.municipality_id)
            .outerjoin(HistoryEntry, HistoryEntry.id == _CHECK)
            .where(Post.id.in_(select(Person.post_id)))
            .order_by(Municipality.code, Post.id)
        )
        rows = db.session.execute(query).all()
        found = [
            (id_, name)
            for id_, name, slug, *_ in rows
            if rules.reads_all(actor) or slug == actor.municipality
        ]
        at, payload = rows[0][3:] if rows else (None, None)
        if not payload:
            return Offered(found, None)
        after = payload["after"]
        return Offered(found, Checked(at, after["entries"], after["head"], after["problems"]))

    reader = None if rules.reads_all(actor) else actor.municipality
    return kept(("record offered", reader), ("accounts", "municipalities"), make)


# --- who may read it ------------------------------------------------------------------------------


# PostgreSQL would take a bare NULL for a text.
_NOBODY = cast(null(), BigInteger)


def _facts(
    kind: str, key: Any, town: Any, lead: Any = None, shared: Any = None, since: Any = 0
) -> Select[Any]:
    """Whose the rows of a table are; where `shared`, others may read what was written `since`."""
    return select(
        literal(kind),
        cast(key, String),
        town,
        _NOBODY if lead is None else lead,
        _NOBODY if shared is None else case((shared, since)),
    )


# The entry by which a case was sent first.
_SENT = (
    select(func.min(HistoryEntry.id))
    .where(
        HistoryEntry.subject_kind == "cost_case",
        HistoryEntry.subject_id == cast(CostCase.id, String),
        HistoryEntry.verb == "cost.sent",
    )
    .correlate(CostCase)
    .scalar_subquery()
)


# By kind of subject: its key, and whose it is.
_FACTS: Mapping[str, tuple[Any, Select[Any]]] = {
    "report": (
        ProgressReport.id,
        _facts(
            "report",
            ProgressReport.id,
            ProgressReport.municipality_id,
            Project.lead_municipality_id,
            ProgressReport.state.in_(REPORTED),
        ).join(Project, Project.id == ProgressReport.project_id),
    ),
    "cost_case": (
        CostCase.id,
        _facts(
            "cost_case",
            CostCase.id,
            Project.lead_municipality_id,
            Project.lead_municipality_id,
            CostCase.sent_on.is_not(None),
            _SENT,
        ).join(Project, Project.id == CostCase.project_id),
    ),
    "question": (
        QuestionRow.id,
        _facts(
            "question",
            QuestionRow.id,
            QuestionRow.municipality_id,
            case(
                (QuestionRow.put_at.is_(None), QuestionRow.municipality_id),
                (Agreement.party_a_id == QuestionRow.municipality_id, Agreement.party_b_id),
                else_=Agreement.party_a_id,
            ),
        ).join(Agreement, Agreement.id == QuestionRow.agreement_id),
    ),
    "payment_plan": (
        PaymentPlan.case_id,
        _facts("payment_plan", PaymentPlan.case_id, PaymentPlan.lead_id),
    ),
    "instalment": (
        InstalmentRow.id,
        _facts(
            "instalment", InstalmentRow.id, InstalmentRow.municipality_id, PaymentPlan.lead_id
        ).join(PaymentPlan, PaymentPlan.case_id == InstalmentRow.case_id),
    ),
    "absence": (HeadAbsence.id, _facts("absence", HeadAbsence.id, HeadAbsence.municipality_id)),
    "seat": (MeetingSeat.id, _facts("seat", MeetingSeat.id, MeetingSeat.municipality_id)),
    # Nobody's in particular until they are final.
    "minutes": (
        Minutes.meeting_id,
        _facts("minutes", Minutes.meeting_id, _NOBODY, shared=Minutes.is_final),
    ),
    "agenda_item": (
        AgendaItem.id,
        _facts(
            "agenda_item",
            AgendaItem.id,
            AgendaItem.municipality_id,
            shared=and_(AgendaItem.accepted_at.is_not(None), AgendaItem.only.is_(null())),
        ),
    ),
    "decision": (
        DecisionRow.id,
        _facts("decision", DecisionRow.id, _NOBODY, shared=AgendaItem.only.is_(null())).join(
            AgendaItem, AgendaItem.id == DecisionRow.item_id
        ),
    ),
    "material": (
        MaterialRow.id,
        _facts(
            "material",
            MaterialRow.id,
            _NOBODY,
            shared=and_(
                MaterialRow.only.is_(null()),
                exists().where(
                    MaterialPack.meeting_id == MaterialRow.meeting_id,
                    MaterialPack.sent_at.is_not(None),
                ),
            ),
        ),
    ),
    "letter": (Letter.id, _facts("letter", Letter.id, Letter.municipality_id)),
    "post": (Post.id, _facts("post", Post.id, Post.municipality_id)),
    "handover": (Post.id, _facts("handover", Post.id, Post.municipality_id)),
    "account": (
        Person.id,
        _facts("account", Person.id, Post.municipality_id).join(Post, Post.id == Person.post_id),
    ),
    "outside_change": (
        OutsideChange.id,
        _facts("outside_change", OutsideChange.id, Post.municipality_id).join(
            Post, Post.id == OutsideChange.post_id
        ),
    ),
}


def abouts(rows: Sequence[HistoryEntry]) -> Mapping[int, About]:
    """Whose the subjects of entries are, by the entry's identifier (one query); not of those gone."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.subject_kind in _FACTS and row.subject_id.isdecimal():
            wanted[row.subject_kind].add(int(row.subject_id))
    if not wanted:
        return {}
    asked = [_FACTS[kind][1].where(_FACTS[kind][0].in_(ids)) for kind, ids in wanted.items()]
    slugs = {town.id: town.slug for town in areas.towns()}
    hub = areas.hub().slug
    found = {
        (kind, key): (town, lead, since)
        for kind, key, town, lead, since in db.session.execute(union_all(*asked))
    }
    told_of = {}
    for row in rows:
        if (row.subject_kind, row.subject_id) in found:
            town, lead, since = found[row.subject_kind, row.subject_id]
            told_of[row.id] = About(
                slugs.get(town, ""),
                slugs.get(lead, ""),
                hub,
                since is not None and row.id >= since,
            )
    return told_of


def told(actor: Actor, rows: Sequence[HistoryEntry], most: int | None) -> list[ToldEntry]:
    """Entries as the actor may know them, each with at most so many values."""
    about = abouts(rows)
    cells: dict[int, list[RecordValue]] = {}
    for row in rows:
        whose = about.get(row.id, About())
        if rules.may_read(actor, row.subject_kind, row.verb, whose):
            cells[row.id] = list(cells_of(row, whose))
    left = {id_: max(0, len(all_) - most) if most else 0 for id_, all_ in cells.items()}
    shown = {id_: all_[:most] for id_, all_ in cells.items()}
    together = [one for all_ in shown.values() for one in all_]
    names = opened(actor, together)
    towns = {town.slug: town.name for town in areas.towns()}
    return [
        ToldEntry(
            row.number,
            row.at,
            row.actor,
            towns.get(row.municipality or "", ""),
            _(rules.KINDS[row.subject_kind].label) if row.subject_kind in rules.KINDS else "",
            _(rules.verb_label(row.verb, row.subject_kind)),
            (row.summary or _(DISPOSED)) if row.id in cells else _(WITHHELD),
            row.id in cells,
            tuple(changes(shown.get(row.id, ()), names)),
            left.get(row.id, 0),
        )
        for row in rows
    ]


# --- the record as a file ---------------------------------------------------------------------------


def exported(actor: Actor | None = None) -> Iterator[str]:
    """The record as `docs/verify_history.py` reads it: one entry a line, many lines at a time.

    Of entries that the person may not read, the office and admins too, the links alone, which verify
    all the same; whole for the machine's operator (None), by command.
    Between the parts no transaction stays open: the record only grows, and a disposal stands behind
    what it blanked.
    """
    since = 0
    while part := list(islice(history.plain(since), history.CHUNK)):
        since = part[-1]["id"]
        taken = _taken(actor, part) if actor else None
        db.session.rollback()
        yield "".join(_line(one, taken is None or one["id"] in taken) for one in part)


def _line(entry: Mapping[str, Any], is_told: bool) -> str:
    names = entry.keys() - {"id"} if is_told else {"number", "previous", "hash"}
    told = {name: value for name, value in entry.items() if name in names}
    return json.dumps(told, ensure_ascii=False) + "\n"


def _taken(actor: Actor, part: Iterable[Mapping[str, Any]]) -> set[int]:
    """The identifiers of entries that the actor takes along: whole, or not at all (one query).

    Not what was disposed of, whose disposal is told to those alone who read all.
    """
    rows = [HistoryEntry(**one) for one in part]
    about = abouts(rows)
    return {
        row.id
        for row in rows
        if (row.payload is not None or rules.reads_all(actor))
        and rules.may_read(actor, row.subject_kind, row.verb, about.get(row.id, About()))
        and are_all_readable(actor, row, about.get(row.id, About()))
    }
