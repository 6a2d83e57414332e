"""Asks for a decision, for what is to be done of it, and for how that stands."""

from wtforms import BooleanField, SelectField, SelectMultipleField

from tracker.decisions.actions import DecisionWords, Errand
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    choices,
    must_choose,
    optional,
    required,
)

UNKNOWN = N_("一覧の中から選んでください。")


class _Errand(Form):
    """What is to be done, by whom, by when."""

    towns = SelectMultipleField(
        N_("担当の市町村"), invalid_choice_message=N_("担当の市町村を選び直してください。")
    )

    def offer_towns(self) -> None:
        """Every municipality may be asked."""
        self.towns.choices = choices((town.slug, town.name) for town in areas.towns())

    def errand(self, what: str) -> Errand:
        """The same as an act takes it."""
        asked = [town for town in areas.towns() if town.slug in (self.towns.data or ())]
        return Errand(what, asked, self.due_on.data)


class RecordForm(_Errand):
    """決定事項, with the first thing to be done of it where there is one."""

    item = must_choose(N_("議題"), N_("議題を選んでください。"), ())
    title = LineField(
        N_("件名"), validators=[*required(N_("件名を入力してください。")), at_most(150)]
    )
    text = LinesField(
        N_("決まったこと"),
        validators=[*required(N_("決まったことを入力してください。")), at_most(1000)],
    )
    project = SelectField(N_("関係する事業"), invalid_choice_message=UNKNOWN)
    case = SelectField(N_("関係する費用負担"), invalid_choice_message=UNKNOWN)
    what = LinesField(N_("宿題"), validators=[optional(), at_most(400)])
    due_on = DayField(N_("宿題の期限"), validators=[optional()])

    def first_errand(self) -> Errand | None:
        """What is to be done first, None for nothing; raises Refusal for half of it."""
        if not self.what.data:
            if self.due_on.data or self.towns.data:
                raise Refusal(
                    _("宿題を入力してください。宿題がないときは、担当と期限を空にしてください。"),
                    field="what",
                )
            return None
        if self.due_on.data is None:
            raise Refusal(_("宿題の期限を入力してください。"), field="due_on")
        return self.errand(self.what.data)

    @property
    def words(self) -> DecisionWords:
        """What was decided."""
        return DecisionWords(
            *(self.title.data, self.text.data),
            int(self.project.data) or None,
            int(self.case.data) or None,
        )


class FollowUpForm(_Errand):
    """One thing more to be done."""

    seen = SeenField()
    what = LinesField(
        N_("宿題"), validators=[*required(N_("することを入力してください。")), at_most(400)]
    )
    due_on = DayField(N_("期限"), validators=required(N_("期限を入力してください。")))


class ProgressForm(Form):
    """How it stands."""

    seen = SeenField()
    text = LinesField(
        N_("状況"), validators=[*required(N_("状況を入力してください。")), at_most(1000)]
    )
    is_done = BooleanField(N_("これで終わりました"))
