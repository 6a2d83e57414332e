"""What all pages of the room share, and what it adds to letters, links and the mailbox."""

from flask import Blueprint

from tracker.convening import actions, queries
from tracker.incoming_mail import mailbox
from tracker.mail import links
from tracker.mail.links import LinkKind
from tracker.meetings import letters
from tracker.poll_replies import actions as by_mail

bp = Blueprint("convening", __name__)
_LINK = LinkKind(queries.LINK, "/r/", queries.invitation_life, actions.renew_nonce, for_known=True)
bp.record(lambda state: links.register(state.app, _LINK))
bp.record(lambda state: letters.register(state.app, actions.enclose))
# A poll is answered by mail, too; whoever reads it has no page.
bp.record(lambda state: mailbox.register(state.app, by_mail.take))
bp.record(lambda state: mailbox.register(state.app, actions.take))
