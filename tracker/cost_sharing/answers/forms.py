"""Asks for one side's word."""

from tracker.kernel.translation import N_
from tracker.plumbing.forms import Form, LinesField, SeenField, at_most, optional


class ReplyForm(Form):
    """One side's word on the revision of the amounts that it saw."""

    # Nothing of it is stored before it is sent.
    asides = ("opinion",)
    seen = SeenField()
    opinion = LinesField(
        N_("連絡事項・意見"),
        validators=[optional(), at_most(1000)],
    )
