"""Asks for the words of a letter."""

from wtforms import SelectField, TextAreaField

from tracker.kernel.translation import N_
from tracker.letter_texts.rules import MOST_BODY, MOST_SUBJECT
from tracker.mail.wording import Wording
from tracker.plumbing.forms import Form, LineField, SeenField, at_most, required


class WordsForm(Form):
    """The words of one kind of letter."""

    asides = ("post",)

    subject = LineField(N_("件名"), validators=[at_most(MOST_SUBJECT)])
    body = TextAreaField(
        N_("本文"), validators=[*required(N_("本文を入力してください。")), at_most(MOST_BODY)]
    )
    post = SelectField(N_("見本の宛先"), validate_choice=False)
    seen = SeenField()

    def read(self) -> Wording:
        """The words as typed."""
        lines = (self.body.data or "").replace("\r\n", "\n").strip("\n")
        return Wording(self.subject.data or "", lines + "\n")
