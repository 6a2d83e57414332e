"""Asks for a municipality's claim of one project's year, and for the year's ceilings."""

from collections.abc import Iterable
from typing import Any

from wtforms import RadioField

from tracker.kernel.translation import N_
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    Form,
    LineField,
    LinesField,
    SeenField,
    YenField,
    at_most,
    choices,
    must_choose,
    optional,
    per_town,
    with_fields,
)

YES, NO = "yes", "no"
_BOTH = choices([(YES, N_("対象になる")), (NO, N_("対象にならない"))])


class ClaimForm(Form):
    """Funds of others, the claim, and what an audit asks for."""

    seen = SeenField()
    national_yen = YenField(N_("国の支出金"), validators=[optional()])
    prefectural_yen = YenField(N_("県の支出金"), validators=[optional()])
    other_yen = YenField(N_("その他の財源"), validators=[optional()])
    claimed_yen = YenField(N_("算定額"), validators=[optional()])
    eligible = must_choose(
        N_("対象になるか"), N_("対象になるかどうかを選んでください。"), _BOTH, RadioField
    )
    why = LinesField(N_("その理由"), validators=[optional(), at_most(1000)])
    claimed_under = LinesField(N_("ほかで算定している項目"), validators=[optional(), at_most(500)])
    proof = LineField(N_("支出を確かめられる書類"), validators=[optional(), at_most(300)])

    @property
    def others(self) -> tuple[str, ...]:
        """The other items, one a line."""
        lines = map(str.strip, (self.claimed_under.data or "").splitlines())
        return tuple(dict.fromkeys(filter(None, lines)))


class CapsForm(Form):
    """The year's ceilings; a box per municipality is added by `caps_form`."""

    seen = SeenField()


def caps_form(towns: Iterable[Town], **kwargs: Any) -> CapsForm:
    """A box for every municipality; field names are cap_yen_<slug>."""
    fields = per_town(
        "cap_yen",
        towns,
        lambda town: YenField(town.name, validators=[optional()]),
    )
    return with_fields(CapsForm, fields)(**kwargs)
