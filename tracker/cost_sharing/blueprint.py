"""What all pages of cases share: where they are registered, and how one is found."""

from flask import Blueprint, abort, url_for

from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseNumber
from tracker.kernel.permissions import Permission
from tracker.plumbing import clock
from tracker.plumbing.access import may
from tracker.plumbing.sections import stand

bp = Blueprint("cost_sharing", __name__)


def get_case(no: str) -> Case:
    """The case, or the 404 page: also for a draft, where the reader may not know of it."""
    number = CaseNumber.parse(no)
    found = queries.find(number, clock.today()) if number else None
    if found is None or not (found.sent_on or may(Permission.READ_COST_DRAFT)):
        abort(404)
    stand(
        (found.label, url_for(".show", no=found.no)),
        back=url_for(".index", fy=found.no.fiscal_year),
    )
    return found
