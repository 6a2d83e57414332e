"""The papers of a case: its page offers them, and each is a file."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from tracker.cost_papers import papers
from tracker.cost_sharing.blueprint import get_case
from tracker.cost_sharing.case import Case
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing import beside
from tracker.plumbing.access import guard
from tracker.plumbing.beside import Beside

bp = Blueprint("cost_papers", __name__)


@bp.get("/costs/<no>/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def paper(no: str, kind: str, form: str) -> Response:
    """A paper of the case, for whoever may read the case."""
    case = get_case(no)
    return paper_file(papers.offered(case), kind, case, form, case.label)


def _offered(case: Case) -> Beside | None:
    found = links(papers.offered(case), "cost_papers.paper", no=case.no)
    return Beside(_("書類"), papers=found) if found else None


def _put_in(state: BlueprintSetupState) -> None:
    register(state.app, papers.PAPERS)
    beside.register(state.app, "cost_case", _offered)


bp.record(_put_in)
