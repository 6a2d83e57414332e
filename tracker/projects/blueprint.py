"""The one blueprint of the feature; three modules put their pages on it."""

from collections.abc import Iterable

from flask import Blueprint, abort

from tracker.accounts import queries as accounts
from tracker.accounts.rules import StaffMember
from tracker.kernel.fiscal_year import FiscalYear, Period
from tracker.kernel.permissions import Permission, Role
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing import clock
from tracker.plumbing.access import actor, may
from tracker.projects.report import URGENCY, Report

bp = Blueprint("projects", __name__)


def period_of(text: str) -> Period:
    """The period of an address (2026-h1), or the 404 page."""
    try:
        return Period.parse(text)
    except Refusal as refusal:
        abort(404, refusal.message)


def may_check(report: Report, staff: Iterable[StaffMember] | None = None) -> bool:
    """Whether the person signed in checks that report; `staff` as `accounts.staff()` gives it."""
    own, known = actor().person_id, accounts.staff() if staff is None else staff
    return any(one.person_id == own for one in report.checked_by(known))


def checkers_of(report: Report) -> str:
    """The posts that check that report; where nobody can yet, the one named for its project."""
    posts = {one.post_id for one in report.checked_by(accounts.staff())}
    found = [name for post_id, name in accounts.post_names() if post_id in posts]
    return "・".join(found) or f"{report.lead.name} {report.lead_section}"


def own_left(rows: Iterable[Report]) -> list[Report]:
    """What the person signed in still writes, oldest round first, in it the most pressing first.

    A section's are those of the projects it leads.
    """
    left = (one for one in own_reports(rows) if not one.is_closed and not one.is_reported)
    return sorted(left, key=lambda one: (one.period, URGENCY.index(one.state)))


def own_reports(rows: Iterable[Report]) -> list[Report]:
    """The reports that the person signed in writes."""
    who = actor()
    if not may(Permission.WRITE_REPORT, who.municipality):
        return []
    return [
        row
        for row in rows
        if row.town.slug == who.municipality
        and (who.role is not Role.LEAD or row.lead_post_id in (None, who.post_id))
    ]


def year_of(text: str | None) -> FiscalYear:
    """The fiscal year of an address (2026); without one today's, for anything else the 404 page."""
    if not text:
        return FiscalYear.containing(clock.today())
    try:
        return FiscalYear(int(text) if text.isascii() and text.isdecimal() else 0)
    except (Refusal, ValueError):
        abort(404, _("年度は「2026」のように西暦の4けたで指定してください。"))
