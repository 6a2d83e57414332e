"""The values of entries: which are told, private words opened where they still stand, names, words."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Date,
    Enum,
    Select,
    String,
    Time,
    case,
    cast,
    literal,
    null,
    select,
    union_all,
)

from tracker.accounts.models import Handover, Person, Post
from tracker.agreements.models import Agreement, Measure, PolicyField
from tracker.amounts import yen
from tracker.amounts.exact import Exact
from tracker.attachments.uploads import Attachment
from tracker.cost_sharing.models import CaseWork, Confirmation, Consultation, CostCase
from tracker.figures.models import FigureSeries
from tracker.history.columns import Mark, sealed
from tracker.history.history import HistoryEntry
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear, Period
from tracker.kernel.labelled import Labelled
from tracker.kernel.permissions import Actor
from tracker.kernel.tokyo import long_moment
from tracker.kernel.translation import N_, _
from tracker.meetings.models import CandidateDate, MeetingRow, MeetingSeat
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.payments.models import InstalmentRow
from tracker.plumbing.db import Model, UtcDateTime, db
from tracker.projects.models import (
    Indicator,
    IndicatorValue,
    ProgressReport,
    Project,
    ReportingRound,
    ReportVersion,
)
from tracker.questions.models import (
    QuestionConsultation,
    QuestionRow,
    QuestionView,
    SettlementReply,
    SettlementText,
    SisterReply,
)
from tracker.record.rules import KINDS, ONLY_IN, About, may_open
from tracker.record.values import rules

NOT_KEPT = N_("本文は記録に残していません（%(length)s文字）")
VALUE_NOT_KEPT = N_("値は記録に残していません")
CLOSED = N_("関係する市町村の方だけが読めます")
NOTHING = "—"
# How rows are called that others refer to, by table and identifier.
Names = Mapping[tuple[str, str], str]
# 今別町 企画担当.
POST_NAME = Municipality.name + " " + Post.name


class ValueChange(NamedTuple):
    """One value before and after, as people read it."""

    label: str
    before: str
    after: str


@dataclass
class RecordValue:
    """A value of an entry about a kind of subject: its table, row and column, what was and is in it.

    `about` is the entry's subject, `is_own`: the value is its own, and not of a row beside it.
    `words` becomes what cannot be told of it, before and after.
    """

    kind: str
    table: str
    key: str
    column: str
    was: Any
    now: Any
    about: About
    is_own: bool
    words: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.table, self.key, self.column


def cells_of(row: HistoryEntry, about: About) -> Iterator[RecordValue]:
    """The values of an entry that have a label, and that its kind of entry tells."""
    for one in _values(row, about):
        has_label = rules.label_of(one.table, one.column)
        if _is_told(one) and has_label and _mark(one.table, one.column) is not Mark.NEVER:
            yield one


def are_all_readable(actor: Actor, row: HistoryEntry, about: About) -> bool:
    """Whether the actor may read every value of an entry.

    A digest of words that they may not read counts as the words: two that are equal tell a guess.
    """
    return all(
        _is_told(one)
        and (
            _mark(one.table, one.column) is not Mark.PRIVATE
            or may_open(actor, one.kind, one.column, about)
        )
        for one in _values(row, about)
    )


def _values(row: HistoryEntry, about: About) -> Iterator[RecordValue]:
    payload = row.payload or {}
    before, after = payload.get("before", {}), payload.get("after", {})
    found = KINDS[row.subject_kind]
    for name in dict.fromkeys((*before, *after)):
        table, key, column = (*name.split("/"), "", "")[:3] if "/" in name else ("", "", name)
        if not table:
            is_own = found.table in db.metadata.tables and name in _columns(found.table)
            table, key = (found.table, row.subject_id) if is_own else ("", "")
        is_own = (table, key) in (("", ""), (found.table, row.subject_id))
        sides = before.get(name), after.get(name)
        yield RecordValue(row.subject_kind, table, key, column, *sides, about, is_own)


def _is_told(cell: RecordValue) -> bool:
    kinds = ONLY_IN.get(cell.table or cell.column)
    return kinds is None or cell.kind in kinds


def _columns(table: str) -> Any:
    return db.metadata.tables[table].c


def _mark(table: str, column: str) -> Mark:
    if table not in db.metadata.tables or column not in _columns(table):
        # Beside the columns, or of a table that is no more: nothing of that has a label.
        return Mark.OPEN
    return Mark(_columns(table)[column].info.get("record", Mark.OPEN))


# --- private words ----------------------------------------------------------------------------------


def _text(column: Any) -> Any:
    """A column as the text that its digest is made of."""
    if isinstance(column.type, Boolean):
        return case((column.is_(None), null()), (column, "True"), else_="False")
    return cast(column, String)


def _words(table: type[Model], *keys: Any) -> tuple[Any, tuple[Select[Any], ...]]:
    """How the private words of a table's rows are read: the first part of their key, and each."""
    key: Any = cast(keys[0], String)
    for one in keys[1:]:
        key = key + "-" + cast(one, String)
    name = table.__tablename__
    private = [one for one in table.__table__.c if one.info.get("record") == Mark.PRIVATE]
    return keys[0], tuple(
        select(literal(name), key, literal(one.name), _text(one)) for one in private
    )


_WORDS: Mapping[str, tuple[Any, tuple[Select[Any], ...]]] = {
    table.__tablename__: _words(table, *keys)
    for table, *keys in (
        (ProgressReport, ProgressReport.id),
        (IndicatorValue, IndicatorValue.report_id, IndicatorValue.indicator_id),
        (CostCase, CostCase.id),
        (Consultation, Consultation.id),
        (Confirmation, Confirmation.id),
        (MeetingSeat, MeetingSeat.id),
        (Handover, Handover.post_id),
        (Attachment, Attachment.id),
        (QuestionRow, QuestionRow.id),
        (QuestionView, QuestionView.question_id, QuestionView.municipality_id),
        (QuestionConsultation, QuestionConsultation.id),
        (SettlementText, SettlementText.question_id, SettlementText.revision),
        (SettlementReply, SettlementReply.id),
        (SisterReply, SisterReply.id),
    )
}


def _is_sealed(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"digest", "length"}


def opened(actor: Actor, cells: Sequence[RecordValue]) -> Names:
    """Puts private words into their cells where they still stand and the actor may read them.

    The record keeps their digest alone: what stands now, or in a version that was submitted, is
    told where its digest is the same.  Nothing is told that the actor could not read elsewhere.
    Returns how the rows are called that cells refer to, read with it (one query).
    """
    private = [one for one in cells if _mark(one.table, one.column) is Mark.PRIVATE]
    readable = {id(one): one for one in private if may_open(actor, one.kind, one.column, one.about)}
    known, names = _read_all(readable.values(), cells)
    for one in private:
        is_open = id(one) in readable
        for side in ("was", "now"):
            value = getattr(one, side)
            if not _is_sealed(value):
                # Written before the column became private.
                if value is not None and not is_open:
                    one.words[side] = _(CLOSED)
                continue
            texts = known.get(one.place, ()) if is_open else ()
            found = [text for text in texts if sealed(text) == value]
            if found:
                setattr(one, side, _read(one, found[0]))
            elif not is_open:
                one.words[side] = _(CLOSED)
            elif value["length"] == 0:
                setattr(one, side, "")
            else:
                one.words[side] = _unknown(one, value["length"])
    return names


def _unknown(cell: RecordValue, length: int) -> str:
    kind = _columns(cell.table)[cell.column].type
    is_text = isinstance(kind, String) and not isinstance(kind, Enum)
    return _(NOT_KEPT, length=length) if is_text else _(VALUE_NOT_KEPT)


def _read(cell: RecordValue, text: str) -> Any:
    """A private value of its text."""
    kind = _columns(cell.table)[cell.column].type
    if isinstance(kind, Boolean):
        return text == "True"
    return text if isinstance(kind, String) else int(text)


_Texts = dict[tuple[str, str, str], set[str]]


def _read_all(
    readable: Iterable[RecordValue], cells: Iterable[RecordValue]
) -> tuple[_Texts, Names]:
    """The texts that stand now where digests are to be opened, and the names of rows, at once."""
    asked = [*_asked_words(readable), *_asked_names(cells)]
    texts: _Texts = defaultdict(set)
    names = {("municipality", str(town.id)): town.name for town in areas.towns()}
    for table, key, column, text in db.session.execute(union_all(*asked)) if asked else ():
        if column is None:
            names[table, key] = _name_shown(table, text)
        elif table == ReportVersion.__tablename__:
            for name, value in json.loads(text).items():
                texts[ProgressReport.__tablename__, key, name].add(str(value))
        elif text is not None:
            texts[table, key, column].add(text)
    return texts, names


def _asked_words(readable: Iterable[RecordValue]) -> Iterator[Any]:
    keys: dict[str, set[int]] = defaultdict(set)
    for one in readable:
        first = one.key.partition("-")[0]
        is_sealed = _is_sealed(one.was) or _is_sealed(one.now)
        if is_sealed and one.table in _WORDS and first.isdecimal():
            keys[one.table].add(int(first))
    for table, ids in keys.items():
        key, columns = _WORDS[table]
        yield from (one.where(key.in_(ids)) for one in columns)
    if reports := keys.get(ProgressReport.__tablename__):
        version = ReportVersion
        yield select(
            literal(version.__tablename__),
            cast(version.report_id, String),
            literal(""),
            cast(version.content, String),
        ).where(version.report_id.in_(reports))


# --- values in words ------------------------------------------------------------------------------


def _named(table: type[Model], words: Any) -> tuple[Any, Select[Any]]:
    key = next(iter(table.__table__.primary_key))
    return key, select(literal(table.__tablename__), cast(key, String), null(), words)


# Of tables that others refer to: how a row is called.
_NAMED: Mapping[str, tuple[Any, Any]] = {
    "post": (
        Post.id,
        select(literal("post"), cast(Post.id, String), null(), POST_NAME).join(
            Municipality, Municipality.id == Post.municipality_id
        ),
    ),
    "person": (
        Person.id,
        select(literal("person"), cast(Person.id, String), null(), POST_NAME)
        .join(Post, Post.id == Person.post_id)
        .join(Municipality, Municipality.id == Post.municipality_id),
    ),
    **{
        table.__tablename__: _named(table, words)
        for table, words in (
            (Project, Project.name),
            (Measure, Measure.number + " " + Measure.title),
            (PolicyField, PolicyField.number + " " + PolicyField.title),
            (Agreement, Agreement.title),
            (Indicator, Indicator.name),
            (FigureSeries, FigureSeries.name),
            (MeetingRow, MeetingRow.name),
            (CostCase, CostCase.title),
            (CandidateDate, cast(CandidateDate.on, String)),
            (
                ReportingRound,
                cast(ReportingRound.fiscal_year, String) + "-" + cast(ReportingRound.half, String),
            ),
        )
    },
}
NAMED = frozenset({"municipality", *_NAMED})


def _of_town(table: type[Any], words: Any) -> tuple[Any, Select[Any]]:
    name = select(literal(table.__tablename__), cast(table.id, String), null(), words)
    return table.id, name.outerjoin(Municipality, Municipality.id == table.municipality_id)


# Rows beside a subject that are told by whose they are; of columns that say so nothing more is told.
_WHOSE: Mapping[str, tuple[Any, Select[Any]]] = {
    "instalment": _of_town(
        InstalmentRow,
        Municipality.name
        + case((InstalmentRow.is_refund, ""), else_="-" + _text(InstalmentRow.number)),
    ),
    "case_work": _of_town(CaseWork, Municipality.name + " " + CaseWork.what),
    "meeting_seat": _of_town(MeetingSeat, MeetingSeat.title),
}
_SAID = frozenset({"municipality_id", "number", "is_refund", "what", "title"})


def refers_to(table: str, column: str) -> str | None:
    """The table that a column refers to, if its rows have names."""
    if table not in db.metadata.tables or column not in _columns(table):
        return None
    targets = {key.column.table.name for key in _columns(table)[column].foreign_keys}
    return next(iter(targets & NAMED), None)


def _primary(table: str) -> Sequence[str]:
    return tuple(db.metadata.tables[table].primary_key.columns.keys())


def _key_parts(table: str, key: str) -> Iterator[tuple[str, str]]:
    """The named rows in the key of a row that several make up: (table, identifier)."""
    if table in _WHOSE:
        yield table, key
    columns = _primary(table)
    parts = key.split("-")
    if len(columns) > 1 and len(columns) == len(parts):
        for column, part in zip(columns, parts, strict=True):
            if rules.label_of(table, column) and (target := refers_to(table, column)):
                yield target, part


def _asked_names(cells: Iterable[RecordValue]) -> Iterator[Any]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in cells:
        target = refers_to(one.table, one.column)
        found = [(target, side) for side in (one.was, one.now) if target and side is not None]
        if one.key and one.table:
            found += _key_parts(one.table, one.key)
        for table, id_ in found:
            if table in {**_NAMED, **_WHOSE} and str(id_).isdecimal():
                wanted[table].add(int(id_))
    for table, ids in wanted.items():
        key, names = {**_NAMED, **_WHOSE}[table]
        yield names.where(key.in_(ids))


def _name_shown(table: str, name: str) -> str:
    match table:
        case "reporting_round":
            return Period.parse(name).label
        case "instalment":
            town, _dash, number = name.partition("-")
            if not number:
                return _("%(town)s 還付", town=town)
            return _("%(town)s 第%(number)s回", town=town, number=number)
        case "candidate_date":
            return wareki.short(date.fromisoformat(name))
        case _:
            return name


def changes(cells: Iterable[RecordValue], names: Names) -> Iterator[ValueChange]:
    """The values of one entry in words, after `opened` has read what they need."""
    rows: dict[tuple[str, str], list[RecordValue]] = {}
    for one in cells:
        rows.setdefault((one.table, one.key), []).append(one)
    for (table, key), row in rows.items():
        is_own = row[0].is_own
        parts = () if is_own else tuple(_key_parts(table, key))
        about = "・".join(names[part] for part in parts if part in names)
        row_label = "" if is_own else _(rules.TABLES[table][0])
        prefix = f"{row_label}（{about}）" if about else row_label
        yield from _exact(row, prefix)
        for one in row:
            is_said = bool(about) and one.column in (_SAID if table in _WHOSE else _primary(table))
            if is_said or (one.column in _EXACT and _is_exact(row)):
                continue
            label = _(rules.label_of(table, one.column) or "")
            label = f"{prefix}：{label}" if prefix and label != row_label else (prefix or label)
            was, now = (_value(one, side, names) for side in ("was", "now"))
            if (was, now) != (NOTHING, NOTHING):
                yield ValueChange(label, was, now)


_EXACT = ("numerator", "denominator", "decimals")


def _is_exact(row: Sequence[RecordValue]) -> bool:
    """Whether an exact number is told whole, so that it can be shown as one."""
    return len([one for one in row if one.column in _EXACT]) == len(_EXACT)


def _exact(row: Sequence[RecordValue], prefix: str) -> Iterator[ValueChange]:
    if not _is_exact(row):
        return
    parts = [one for one in row if one.column in _EXACT]
    was, now = (
        next(
            (one.words[side] for one in parts if side in one.words),
            _number({one.column: getattr(one, side) for one in parts}),
        )
        for side in ("was", "now")
    )
    yield ValueChange(prefix, was, now)


def _number(parts: Mapping[str, Any]) -> str:
    if not all(isinstance(value, int) for value in parts.values()):
        return NOTHING
    return str(Exact(**parts))


def _value(cell: RecordValue, side: str, names: Names) -> str:
    """One side of a cell as people read it; of what is not read as its column says, the text."""
    if side in cell.words:
        return cell.words[side]
    value = getattr(cell, side)
    if value is None or value == []:
        return NOTHING
    if value == "":
        return _("（空欄）")
    if target := refers_to(cell.table, cell.column):
        return names.get((target, str(value)), _("（登録がありません）"))
    columns: Any = _columns(cell.table) if cell.table else {}
    try:
        return _typed(cell.column, value, columns.get(cell.column))
    except (ValueError, TypeError, KeyError):
        return _plain(value)


def _typed(name: str, value: Any, column: Any) -> str:
    kind = getattr(column, "type", None)
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    if name in ("fiscal_year", "since_year", "confirmed_year", "year"):
        return FiscalYear(int(value)).label
    if name.endswith("_yen") and isinstance(value, int):
        return yen.yen(int(value))
    match kind:
        case Enum():
            member = (kind.enum_class or str)(value)
            return member.label if isinstance(member, Labelled) else str(value)
        case UtcDateTime():
            return long_moment(datetime.fromisoformat(value))
        case Date():
            return wareki.long(date.fromisoformat(value))
        case Time():
            return wareki.clock_time(time.fromisoformat(value))
    if name == "planned_until":
        return long_moment(datetime.fromisoformat(value))
    if name == "caps_yen":
        towns = {town.code: town.name for town in areas.towns()}
        return "、".join(f"{towns.get(code, code)} {yen.yen(cap)}" for code, cap in value.items())
    if name == "answers":
        # Each is what a doubtful place of a text was answered with; the review shows them.
        return _("%(count)s件", count=len(value))
    return _plain(value)


def _plain(value: Any) -> str:
    match value:
        case bool():
            return _("はい") if value else _("いいえ")
        case int():
            return yen.grouped(value)
        case Mapping():
            return "、".join(f"{key} {_plain(one)}" for key, one in value.items())
        case list():
            return "、".join(_plain(one) for one in value)
        case _:
            return str(value)
