"""Asks for a consultation."""

from tracker.kernel.translation import N_
from tracker.plumbing.forms import DayField, Form, LineField, LinesField, at_most, required


class ConsultationForm(Form):
    """協議の記録: when, where, who, and what was said."""

    consulted_on = DayField(
        N_("協議した日"), validators=required(N_("協議した日を入力してください。"))
    )
    place = LineField(
        N_("場所・方法"),
        validators=[*required(N_("場所か方法を入力してください（例 オンライン）。")), at_most(200)],
    )
    participants = LineField(
        N_("参加者"),
        validators=[*required(N_("参加した市町村や担当を入力してください。")), at_most(300)],
    )
    gist = LinesField(
        N_("内容"),
        validators=[*required(N_("話し合った内容を入力してください。")), at_most(1000)],
    )
