"""What all pages of cases share: where they are registered, and how one is found."""

from collections.abc import Sequence

from flask import Blueprint, abort, url_for
from wtforms.fields.choices import SelectChoice

from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseNumber, CaseState
from tracker.cost_sharing.work.rules import WorkRow
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing import clock
from tracker.plumbing.access import actor, may, require
from tracker.plumbing.forms import choices, choose
from tracker.plumbing.sections import stand
from tracker.projects.plans.queries import to_choose

bp = Blueprint("cost_sharing", __name__)


def get_case(no: str) -> Case:
    """The case, or the 404 page: also for a draft, where the reader may not know of it."""
    number = CaseNumber.parse(no)
    found = queries.find(number, clock.today()) if number else None
    if found is None or not is_readable(found):
        abort(404)
    stand(
        (found.label, found.no.path),
        back=url_for("cost_sharing.index", fy=found.no.fiscal_year),
    )
    return found


def is_readable(case: Case) -> bool:
    """Whether the person signed in may know of the case: before it is sent, its lead and the office."""
    return bool(case.sent_on) or may(Permission.READ_COST_DRAFT, case.lead.slug)


def case_to_draft(no: str) -> Case:
    """The same for whoever may change it, else the 403 page: the project's lead, or the office."""
    found = get_case(no)
    require(Permission.DRAFT_COST, found.lead.slug)
    return found


def projects_to_choose(
    years: Sequence[FiscalYear], words: str, chosen: int
) -> tuple[list[SelectChoice], bool]:
    """The projects for which the person signed in may draft, and whether there are more."""
    leads = [town for town in areas.towns() if may(Permission.DRAFT_COST, town.slug)]
    projects, has_more = to_choose(words, years, chosen, leads)
    return choices([choose(), *projects]), has_more


def own_town() -> Town:
    """The municipality of the person signed in."""
    return areas.by_id()[actor().municipality_id]


def rows_to_tell(case: Case) -> list[WorkRow]:
    """The rows of agreed work of which the person signed in may tell what was done.

    Of one's own municipality; all where it leads the project.
    """
    if case.state is not CaseState.AGREED:
        return []
    write, lead = Permission.WRITE_REPORT, case.lead.slug
    return [row for row in case.rows if may(write, row.town.slug, lead)]
