"""What all pages of cases share: where they are registered, and how one is found."""

from flask import Blueprint, abort, url_for

from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseNumber
from tracker.kernel.permissions import Permission
from tracker.plumbing import clock
from tracker.plumbing.access import may, require
from tracker.plumbing.sections import stand

bp = Blueprint("cost_sharing", __name__)


def get_case(no: str) -> Case:
    """The case, or the 404 page: also for a draft, where the reader may not know of it."""
    number = CaseNumber.parse(no)
    found = queries.find(number, clock.today()) if number else None
    if found is None or not is_readable(found):
        abort(404)
    stand(
        (found.label, url_for(".show", no=found.no)),
        back=url_for(".index", fy=found.no.fiscal_year),
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
