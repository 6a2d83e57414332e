"""What all pages of questions share: where they are registered, and how one is found."""

from flask import Blueprint, abort, url_for

from tracker.kernel.permissions import Permission
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.access import actor, may, require
from tracker.plumbing.sections import stand
from tracker.questions import queries
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import QuestionNumber

bp = Blueprint("questions", __name__)


def own_town() -> Town:
    """The municipality of the person signed in."""
    return areas.by_id()[actor().municipality_id]


def get_question(no: str) -> AgreementQuestion:
    """The question, or the 404 page, also for whoever may not read any of it: no number tells more.

    A partner to whom it is offered reads what was settled, and no more (`readers`).
    """
    number = QuestionNumber.parse(no)
    found = (queries.find(number) if number else None) or abort(404)
    if found.sister(own_town()) is None and not may(Permission.READ_QUESTION, *found.readers):
        abort(404)
    stand((found.label, url_for(".show", no=found.no)))
    return found


def question_of_side(no: str, permission: Permission) -> AgreementQuestion:
    """The same for whoever may do so for one of its sides, else the 403 page."""
    found = get_question(no)
    require(permission, *found.readers)
    return found


def own_question(no: str) -> AgreementQuestion:
    """The same for the side that asked."""
    found = get_question(no)
    require(Permission.WRITE_QUESTION, found.asked_by.slug)
    return found
