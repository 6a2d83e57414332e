"""What the list of the record is narrowed to, as it stands in the address."""

from collections.abc import Iterable
from typing import Any

from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from tracker.kernel.permissions import Actor
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import DayField, Row, choices, optional, whole_number
from tracker.record.reading.queries import Wanted
from tracker.record.rules import KINDS, reads_all

SYSTEM = "0"


class FilterForm(Row):
    """市町村, だれが, 種類 and days; nothing is changed by it, so it is asked by GET."""

    town = SelectField(N_("市町村"))
    who = SelectField(N_("だれが"))
    kind = SelectField(N_("種類"))
    since = DayField(N_("いつから"), [optional()])
    until = DayField(N_("いつまで"), [optional()])

    @property
    def wanted(self) -> Wanted | None:
        """What is asked for, or None where a box holds what there is not."""
        if not self.validate():
            return None
        return Wanted(
            self.town.data or None,
            whole_number(self.who.data) if self.who.data else None,
            self.kind.data or None,
            self.since.data,
            self.until.data,
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuses a last day before the first."""
        if not super().validate(extra_validators):
            return False
        if self.since.data and self.until.data and self.until.data < self.since.data:
            self.until.errors = [
                _("「いつまで」は、「いつから」と同じ日か、後の日にしてください。")
            ]
            return False
        return True


def filter_form(
    asked: Any, actor: Actor, towns: Iterable[Town], posts: Iterable[tuple[int, str]]
) -> FilterForm:
    """The form over what an address asks for (`request.args`)."""
    form = FilterForm(asked)
    everyone = [("", _("すべて"))]
    if reads_all(actor):
        system = [(SYSTEM, _("連携協約 進行管理（自動）"))]
        form.town.choices = choices([*everyone, *((one.slug, one.name) for one in towns)])
    else:
        system = []
        own = (actor.municipality, actor.municipality_name)
        form.town.choices = choices([*everyone, own])
    form.who.choices = choices([*everyone, *posts, *system])
    form.kind.choices = [SelectChoice("", _("すべて")), *_kinds()]
    for field in (form.town, form.who, form.kind):
        field.data = field.data or ""
        field.invalid_choice_message = _(
            "その選び方はありません。示された中から選び直してください。"
        )
    return form


def _kinds() -> Iterable[SelectChoice]:
    for kind, one in KINDS.items():
        label = _(one.label)
        yield SelectChoice(kind, _("%(kind)s（すべて）", kind=label), optgroup=label)
        if len(one.verbs) > 1:
            for verb, word in one.verbs.items():
                yield SelectChoice(verb, f"{label}　{_(word)}", optgroup=label)
