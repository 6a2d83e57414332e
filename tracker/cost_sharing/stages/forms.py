"""Asks for the yen of the next stage."""

from wtforms import BooleanField

from tracker.cost_sharing.cases.forms import NO_AMOUNT
from tracker.kernel.translation import N_
from tracker.plumbing.forms import Form, SeenField, YenField, must_choose, required


class NextForm(Form):
    """The next stage of an agreed case: all but the new yen is taken over."""

    seen = SeenField()
    stage = must_choose(N_("次の段階"), N_("段階を1つ選んでください。"))
    total_yen = YenField(N_("総事業費"), validators=required(NO_AMOUNT))
    subsidy_yen = YenField(N_("国・県などの補助"))
    carried_yen = YenField(N_("翌年度へ繰り越す額"))
    is_settled = BooleanField(N_("この額を事業の決算額としても記録する"))
