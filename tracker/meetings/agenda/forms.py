"""Asks for an item of the agenda."""

from typing import Any

from wtforms import SelectMultipleField

from tracker.kernel.translation import N_
from tracker.meetings.agenda.rules import LONGEST
from tracker.municipalities import queries as areas
from tracker.plumbing.forms import (
    CountField,
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    choices,
    optional,
    required,
    with_fields,
)


class ProposalForm(Form):
    """What a municipality wants the heads to talk about."""

    title = LineField(
        N_("議題"), validators=[*required(N_("議題を入力してください。")), at_most(200)]
    )
    note = LinesField(N_("説明"), validators=[optional(), at_most(1000)])
    minutes = CountField(
        N_("予定の時間（分）"),
        named=N_("予定の時間（分）"),
        limits=(1, LONGEST),
        validators=[optional()],
    )


class ItemForm(ProposalForm):
    """The same as the office puts it, and who may read it."""

    seen = SeenField()


def proposal_form(*, is_office: bool) -> Any:
    """The form of a new item; the office says besides who may read it."""
    return with_fields(ProposalForm, {"only": _only()} if is_office else {})()


def item_form(**kwargs: Any) -> Any:
    """The form of an item there is, with a box for every municipality."""
    return with_fields(ItemForm, {"only": _only()})(**kwargs)


def _only() -> SelectMultipleField:
    return SelectMultipleField(
        N_("見せる市町村"),
        choices=choices((town.slug, town.name) for town in areas.towns()),
        invalid_choice_message=N_("見せる市町村を選び直してください。"),
    )
