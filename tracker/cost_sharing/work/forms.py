"""Asks who does what and how much, row by row, and later what was done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request
from wtforms import Field, FieldList, FormField, SelectField, SelectMultipleField

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.forms import SendForm
from tracker.cost_sharing.consultations.forms import ConsultationForm
from tracker.cost_sharing.formula.forms import ContentForm, ticked_names, without_dropped
from tracker.cost_sharing.formula.proposal import Proposal
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.cost_sharing.work.rules import DECIMALS, WorkRow
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    ExactField,
    Form,
    LineField,
    LinesField,
    Row,
    SeenField,
    at_most,
    choices,
    must_choose,
    optional,
    required,
    with_fields,
)
from tracker.shares.rules import RoundingMode
from tracker.shares.split import Rounding

# What is offered; others may be typed.
UNITS = ("人日", "人", "時間", "回", "件")
# Several of each municipality in an area of thirty.
MOST_ROWS = 150
ALL = "all"
_MISSING = {
    "what": N_("何を行うかを入力してください。"),
    "promised": N_("どれだけ行うかを数字で入力してください（例 12.5）。"),
    "unit": N_("単位を入力してください（例 人日、回、件）。"),
}


def _without_yen(
    title: str, stage: Stage, names: tuple[str, ...], work: str, rows: tuple[WorkRow, ...] = ()
) -> Proposal:
    whole, hub = Rounding(1, RoundingMode.DOWN), areas.hub().name
    return Proposal(title, stage, names, 0, 0, (), whole, hub, work=work, rows=rows)


def _town_field(offered: Sequence[Any] = ()) -> SelectField:
    again = N_("市町村を選び直してください。")
    return SelectField(N_("市町村"), choices=list(offered), invalid_choice_message=again)


class WorkRowForm(Row):
    """One row; one with nothing but a municipality or a unit is none."""

    town = _town_field()
    what = LineField(N_("何を"), validators=[at_most(200)])
    promised = ExactField(N_("どれだけ"), named=N_("量"), decimals=DECIMALS)
    unit = LineField(N_("単位"), validators=[at_most(20)])

    @property
    def is_begun(self) -> bool:
        """Whether it says something."""
        return bool(self.what.data or self.promised.data is not None or self.promised.errors)

    def validate(self, extra_validators: Any = None) -> bool:
        """All boxes or none."""
        is_good = bool(super().validate(extra_validators))
        for name, sentence in _MISSING.items():
            field = self[name]
            if self.is_begun and field.data in (None, "") and not field.errors:
                field.errors = [_(sentence)]
                is_good = False
        return is_good


class WorkForm(ContentForm):
    """手続・人員: a table in the place of a formula; `work_form` adds its rows."""

    work = LinesField(N_("そのほかの取決め"), validators=[optional(), at_most(2000)])

    @property
    def entries(self) -> list[Any]:
        """The rows; none where nothing is shared."""
        return list(self["rows"]) if "rows" in self else []

    def typed(self) -> dict[int, WorkRow]:
        """The rows that say something, by their place among the entries."""
        towns = {town.slug: town for town in areas.towns()}
        boxes = {place: entry.form for place, entry in enumerate(self.entries)}
        return {
            place: WorkRow(towns[box.town.data], box.what.data, box.promised.data, box.unit.data)
            for place, box in boxes.items()
            if box.is_begun
        }

    def proposal(self) -> Proposal:
        """What was typed, as the actions take it."""
        return _without_yen(
            self.title.data,
            Stage(self.stage.data),
            self.names(),
            self.work.data or "",
            tuple(self.typed().values()),
        )

    def add_rows(self, what: str) -> None:
        """A further empty row, or (ALL) one for each municipality ticked that has none."""
        rows = self["rows"]
        there = {entry.form.town.data for entry in rows}
        wanted = [slug for slug in self.participants.data or () if slug not in there]
        for slug in wanted if what == ALL else [""]:
            if len(rows) < MOST_ROWS:
                rows.append_entry({"town": slug, "unit": UNITS[0]})

    def _place(self, gap: Refusal) -> str | Field | None:
        what, _dash, place = (gap.field or "").partition("-")
        number = place.partition("-")[0]
        if what == "rows" and number.isdecimal():
            field: Field = self.entries[list(self.typed())[int(number)]].form.town
            return field
        return gap.field


def work_form(more: Sequence[type[Form]] = (), *, data: Mapping[str, Any]) -> WorkForm:
    """The table as sent, with the row that a button adds, or as in `data`; `more` as of a formula.

    Without rows in `data`: why nobody bears anything.
    """
    by_slug = choices((town.slug, town.name) for town in areas.towns())
    row = with_fields(WorkRowForm, {"town": _town_field(by_slug)})
    rows = FieldList(FormField(row), N_("だれが・何を・どれだけ"), max_entries=MOST_ROWS)
    given = {"formdata": without_dropped(request.form, "rows")} if "drop" in request.form else {}
    fields = {"rows": rows} if "rows" in data else {"work": reason_field()}
    form = with_fields(WorkForm, fields, *more)(data=data, **given)
    form.participants.choices = by_slug
    if "rows" in data and (added := request.form.get("add")):
        form.add_rows(added)
    return form


def content_of(case: Case, participants: Iterable[Town]) -> dict[str, Any]:
    """What the boxes hold at first: the case, and of a new one a row for each municipality."""
    sharing = list(participants)
    rows = [
        {"town": row.town.slug, "what": row.what, "promised": row.promised, "unit": row.unit}
        for row in case.rows
    ]
    if not rows and not case.work:
        rows = [{"town": town.slug, "unit": UNITS[0]} for town in sharing]
    found: dict[str, Any] = {"rows": rows} if case.kind is CaseKind.WORK else {}
    return found | {
        "seen": case.seen,
        "title": case.title,
        "stage": case.stage.value,
        "participants": [town.slug for town in sharing],
        "work": case.work,
    }


def reason_field() -> LinesField:
    """Why nobody bears anything."""
    sentence = N_("分担しない理由を入力してください。")
    return LinesField(N_("分担なしとする理由"), validators=[*required(sentence), at_most(2000)])


class NothingForm(ConsultationForm):
    """分担なし on one screen: of which project and among whom, why, what was talked over."""

    project = must_choose(N_("事業"), N_("事業を選んでください。"))
    year = must_choose(N_("年度"), N_("年度を選んでください。"))
    title = LineField(N_("件名"), validators=[optional(), at_most(150)])
    towns = SelectMultipleField(
        N_("対象の市町村"),
        validators=required(N_("対象の市町村を選んでください。")),
        invalid_choice_message=N_("対象の市町村を選び直してください。"),
    )
    work = reason_field()
    # Of a class alone `in_year` finds the days that stand in it.
    consulted_on = ConsultationForm.consulted_on
    reply_due_on = SendForm.reply_due_on

    def refuse(self, refusal: Refusal) -> None:
        """Whoever takes part stands at the ticks: `participants` are those who talked."""
        if refusal.field == "participants":
            self.towns.errors = [*self.towns.errors, refusal.message]
        else:
            super().refuse(refusal)

    def proposal(self) -> Proposal:
        """What was typed, as the actions take it."""
        names = ticked_names(self.towns)
        return _without_yen(self.title.data or "", Stage.FIXED, names, self.work.data)


class DoneForm(Form):
    """実績: `done_form` adds the box and the `seen` of each row."""

    def done(self, rows: Iterable[WorkRow]) -> dict[int, Any]:
        """By row (id) what was typed; None where nothing was."""
        return {row.id: self[f"value_{row.id}"].data for row in rows}

    def seen_rows(self, rows: Iterable[WorkRow]) -> dict[int, str]:
        """By row (id) what its author saw of it."""
        return {row.id: self[f"{row.id}-seen"].data for row in rows}


def done_form(rows: Sequence[WorkRow]) -> DoneForm:
    """A box for each of these rows."""
    fields: dict[str, Any] = {}
    for row in rows:
        fields[f"value_{row.id}"] = _done_box(row)
        fields[f"{row.id}-seen"] = SeenField()
    stored = {f"value_{row.id}": row.done for row in rows}
    return with_fields(DoneForm, fields)(data=stored | {f"{row.id}-seen": row.seen for row in rows})


def _done_box(row: WorkRow) -> Any:
    named = _("%(town)sの「%(what)s」の実績", town=row.town.name, what=row.what)
    return ExactField(named, named=named, decimals=DECIMALS, validators=[optional()])
