"""Asks for the text of an agreement, and for the answers to what was doubtful in it."""

from flask_wtf.file import FileField
from wtforms import SelectField, StringField, TextAreaField

from tracker.agreements.review.question import Question
from tracker.agreements.rules import read_upload, without_page_ends
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.plumbing.forms import Form, SeenField

PASTED = "貼り付けた文"


class ImportForm(Form):
    """A file or pasted words, exactly one of them."""

    file = FileField(N_("協約のファイル"))
    pasted = TextAreaField(
        N_("協約の全文"), filters=[lambda text: text and without_page_ends(text)]
    )

    def chosen(self) -> tuple[str, str]:
        """The text and the name of its source.

        Refuses both, neither, and a file that is no text.
        """
        file, pasted = self.file.data, self.pasted.data or ""
        if file and pasted.strip():
            raise Refusal(_("ファイルと貼り付けの、どちらか1つだけにしてください。"), field="file")
        if file:
            return read_upload(file.read(), file.filename), file.filename
        if not pasted.strip():
            raise Refusal(_("ファイルを選ぶか、協約の文字を貼り付けてください。"), field="file")
        return pasted, PASTED

    def refuse(self, refusal: Refusal) -> None:
        """What is wrong with the text stands at the field it came from."""
        field = refusal.field or ("file" if self.file.data else "pasted")
        super().refuse(Refusal(refusal.message, field=field))


class AnswerForm(Form):
    """The button that was pressed, and what stands in the box of the question."""

    seen = SeenField()
    choice = StringField()
    value = StringField()


class TownForm(AnswerForm):
    """The same with the municipalities of the area to choose from."""

    value = SelectField(validate_choice=False)


def answer_form(question: Question, value: str, seen: str) -> AnswerForm:
    """The form of one question among many on the page."""
    form = (TownForm if question.options else AnswerForm)(
        formdata=None, data={"value": value, "seen": seen}
    )
    if question.options:
        form.value.choices = [
            ("", _("選んでください")),
            *((name, name) for name in question.options),
        ]
    form.value.id = f"box-{question.key}"
    return form
