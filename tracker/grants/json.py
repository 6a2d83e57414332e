"""What `tracker costs ledger` reads and writes (contracts.md): exact in, nothing guessed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.grants.rules import GrantFinding, LedgerLine
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.shares.json import (
    by_name,
    read_items,
    read_name,
    read_names,
    read_record,
    read_whole,
)


class LedgerRequest(NamedTuple):
    """A year's claims and the year's ceilings by municipality, as `findings` takes them."""

    fiscal_year: int
    lines: tuple[LedgerLine, ...]
    caps: Mapping[str, int]


def read_ledger_request(data: object) -> LedgerRequest:
    """Check the shape and the types of parsed JSON; `findings` then checks what it means.

    Raises Refusal with a sentence that names the field and the row.
    """
    request = read_record(data, _("ファイル"), needed=("fiscal_year", "cap_yen", "rows"))
    return LedgerRequest(
        read_whole(request["fiscal_year"], "fiscal_year"),
        tuple(
            _ledger_line(row, _("%(number)s行目", number=number))
            for number, row in enumerate(read_items(request["rows"], "rows"), 1)
        ),
        by_name(read_whole)(request["cap_yen"], "cap_yen"),
    )


def ledger_json(
    lines: Iterable[tuple[LedgerLine, Sequence[GrantFinding]]],
) -> list[dict[str, object]]:
    """One object a line, in order, with what an audit would find."""
    return [
        {
            "project": line.project,
            "municipality": line.municipality,
            "total_yen": line.total_yen,
            "national_yen": line.national_yen,
            "prefectural_yen": line.prefectural_yen,
            "other_yen": line.other_yen,
            "own_yen": line.own_yen,
            "claimed_under": list(line.claimed_under),
            "eligible": line.is_eligible,
            "findings": [{"kind": one.kind.value, "words": one.words} for one in found],
        }
        for line, found in lines
    ]


_LEDGER_YEN = ("total_yen", "national_yen", "prefectural_yen", "other_yen", "claimed_yen")


def _ledger_line(data: object, where: str) -> LedgerLine:
    others = ("project", "municipality", "claimed_under", "eligible", "why", "proof")
    row = read_record(data, where, needed=(*others[:2], *_LEDGER_YEN, *others[2:]))
    named = {field: _("%(where)sの%(field)s", where=where, field=field) for field in row}
    total, national, prefectural, other, claimed = (
        read_whole(row[field], named[field]) for field in _LEDGER_YEN
    )
    return LedgerLine(
        read_name(row["project"], named["project"]),
        read_name(row["municipality"], named["municipality"]),
        total,
        national,
        prefectural,
        other,
        claimed,
        read_names(row["claimed_under"], named["claimed_under"]),
        _yes_or_no(row["eligible"], named["eligible"]),
        _text(row["why"], named["why"]),
        _yes_or_no(row["proof"], named["proof"]),
    )


def _yes_or_no(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise Refusal(_("%(where)sは true か false にしてください。", where=where))
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise Refusal(_("%(where)sは文字で入れてください。", where=where))
    return value
