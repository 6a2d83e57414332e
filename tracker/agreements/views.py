"""The agreements and their full text."""

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.agreements import queries
from tracker.agreements.blueprint import bp
from tracker.agreements.review import views as review
from tracker.kernel.permissions import Permission
from tracker.plumbing.access import guard, may
from tracker.plumbing.pages import page
from tracker.plumbing.sections import stand


@bp.get("/agreements")
@guard(Permission.READ_AREA)
def index() -> Response:
    """連携協約: every agreement of the area."""
    return page(
        "agreements/index.html",
        agreements=queries.agreements(),
        may_import=may(Permission.IMPORT_AGREEMENT),
    )


@bp.get("/agreements/<int:agreement_id>")
@guard(Permission.READ_AREA)
def agreement(agreement_id: int) -> Response:
    """協約の全文, with an anchor for each article (#art5) and each row of the annex."""
    found = queries.find_agreement(agreement_id) or abort(404)
    text, party_a, party_b = found
    stand((f"{party_a}・{party_b}", url_for(".agreement", agreement_id=agreement_id)))
    return page(
        "agreements/agreement.html",
        text=text,
        parties=(("甲", party_a, text.head_a), ("乙", party_b, text.head_b)),
        articles=queries.articles(agreement_id),
        annex=queries.annex(agreement_id),
    )


__all__ = ["bp", "review"]
