"""Enters claims for the special grant, and the year's ceilings."""

from collections.abc import Mapping

from tracker.grants.models import GrantCap, GrantClaim
from tracker.grants.rules import LedgerLine, check_claim
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

_ENTERED = ("national_yen", "prefectural_yen", "other_yen", "claimed_yen", "is_eligible", "why")


def claim(
    act: Act,
    project_id: int,
    year: FiscalYear,
    town: Town,
    line: LedgerLine,
    proof: str,
    seen: str | None = None,
) -> bool:
    """Enters what a municipality claims of one project's year; `line` as `check_claim` takes it.

    What an audit would find is said on the page and stops nobody: claims are drafted bit by bit.
    Returns whether anything changed.  Raises Refusal and Conflict.
    """
    row = act.own(GrantClaim, (project_id, year.year, town.id), seen)
    check_claim(line)
    wanted = {
        **{name: getattr(line, name) for name in _ENTERED},
        "claimed_under": list(line.claimed_under),
        "proof": proof,
    }
    if row is not None and all(getattr(row, name) == value for name, value in wanted.items()):
        return False
    said = f"{town.name}の「{line.project}」（{year.label}）の特別交付税の算定を記入しました。"
    with act.change("claim.entered", row, said) as entry:
        if row is None:
            row = entry.subject = GrantClaim(
                project_id=project_id, fiscal_year=year.year, municipality_id=town.id
            )
            db.session.add(row)
        for name, value in wanted.items():
            setattr(row, name, value)
    return True


def set_caps(
    act: Act, year: FiscalYear, wanted: Mapping[str, int | None], seen: str | None = None
) -> bool:
    """Sets the year's ceilings in yen by municipality (slug); an absent one is no ceiling.

    Returns whether anything changed.  Raises Conflict.
    """
    row = act.own(GrantCap, year.year, seen)
    codes = {town.slug: town.code for town in areas.towns()}
    caps = {codes[slug]: yen for slug, yen in wanted.items() if yen is not None}
    if caps == (row.caps_yen if row else {}):
        return False
    said = f"{year.label}の特別交付税の上限額を記入しました。"
    with act.change("claim.caps", row, said) as entry:
        if row is None:
            row = entry.subject = GrantCap(fiscal_year=year.year)
            db.session.add(row)
        row.caps_yen = caps
    return True
