"""The one blueprint of the feature; its modules of views put their pages on it."""

from flask import Blueprint

from tracker.accounts import queries
from tracker.accounts.people.actions import renew_invitation
from tracker.mail import links
from tracker.mail.links import LinkKind

bp = Blueprint("accounts", __name__)
_LINK = LinkKind(queries.INVITATION, "/invitations/", queries.invitation_life, renew_invitation)
bp.record(lambda state: links.register(state.app, _LINK))
