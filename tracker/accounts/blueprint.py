"""The one blueprint of the feature; its modules of views put their pages on it."""

from functools import partial

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from tracker.accounts.models import LinkUse
from tracker.accounts.people.actions import renew_invitation
from tracker.accounts.people.queries import invitation_life
from tracker.mail import links
from tracker.mail.links import LinkKind

bp = Blueprint("accounts", __name__)
_PATHS = {LinkUse.INVITATION: "/invitations/", LinkUse.RESET: "/resets/"}
_LINKS = [
    LinkKind(name, path, partial(invitation_life, use), renew_invitation)
    for use in LinkUse
    for name, path in ((use.value, _PATHS[use]), (use.code, ""))
]


@bp.record
def register_links(state: BlueprintSetupState) -> None:
    """Makes both kinds of link, and the codes beside them, known."""
    for kind in _LINKS:
        links.register(state.app, kind)
