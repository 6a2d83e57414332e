"""Asks for the content of a case: the formula with everybody's figures, or the work."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from wtforms import (
    Field,
    SelectField,
    SelectMultipleField,
)

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.forms import NO_AMOUNT, stage_field
from tracker.cost_sharing.formula.proposal import Proposal, ProposedPart
from tracker.cost_sharing.formula.split import LARGEST_REMAINDER, Rounding
from tracker.cost_sharing.rules import KINDS, PartKind, RoundingMode, Stage
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.models import FigureSeries
from tracker.municipalities.rules import FigureKind, Town
from tracker.plumbing.forms import (
    CountField,
    Form,
    LineField,
    LinesField,
    PercentField,
    SeenField,
    YenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    per_town,
    required,
    with_fields,
)

UNITS = (
    (1, N_("1円")),
    (10, N_("10円")),
    (100, N_("100円")),
    (1000, N_("1,000円")),
    (10000, N_("10,000円")),
)
FIGURES = {PartKind(kind.value): kind for kind in FigureKind}
# What a municipality's own box means: the kind of part, and the words before the name.
BOXES: Mapping[str, tuple[PartKind, str]] = {
    "weight": (PartKind.EQUAL, N_("均等割の重み")),
    "ratio": (PartKind.RATIO, N_("割合")),
    "fixed": (PartKind.FIXED, N_("定額（円）")),
}


class _ContentForm(Form):
    """What is asked of every case: its name, its stage, and who takes part."""

    seen = SeenField()
    title = LineField(
        N_("件名"),
        validators=[*required(N_("件名を入力してください。")), at_most(150)],
    )
    stage = stage_field()
    participants = SelectMultipleField(
        N_("分担する市町村"),
        validators=required(N_("分担する市町村を選んでください。")),
        invalid_choice_message=N_("分担する市町村を選び直してください。"),
    )

    def names(self) -> tuple[str, ...]:
        """The municipalities ticked, in the order of their codes."""
        chosen = self.participants.data or []
        return tuple(town.name for town in areas.towns() if town.slug in chosen)


class WorkForm(_ContentForm):
    """手続・人員: a text in the place of a formula."""

    work = LinesField(
        N_("だれが・何を・どれだけ"),
        validators=[
            *required(N_("だれが・何を・どれだけ行うかを入力してください。")),
            at_most(2000),
        ],
    )

    def proposal(self) -> Proposal:
        """What was typed, as the actions take it."""
        return Proposal(
            title=self.title.data,
            stage=Stage(self.stage.data),
            participants=self.names(),
            total_yen=0,
            subsidy_yen=0,
            parts=(),
            rounding=Rounding(1, RoundingMode.DOWN),
            remainder=areas.hub().name,
            work=self.work.data,
        )


class FormulaForm(_ContentForm):
    """算式: `formula_form` adds a percent per kind, its figures, and boxes per municipality."""

    total_yen = YenField(N_("総事業費"), validators=required(NO_AMOUNT))
    subsidy_yen = YenField(N_("国・県などの補助"))
    host = SelectField(
        N_("開催地等"),
        validators=[optional()],
        invalid_choice_message=N_("市町村を選び直してください。"),
    )
    fixed_reason = LineField(
        N_("定額の根拠"),
        validators=[optional(), at_most(300)],
    )
    unit = must_choose(N_("端数の単位"), N_("端数の単位を選んでください。"), choices(UNITS))
    mode = must_choose(
        N_("端数の扱い"),
        N_("端数の扱いを選んでください。"),
        labelled(RoundingMode),
    )
    remainder = must_choose(N_("端数の負担者"), N_("端数の負担者を選んでください。"))

    @property
    def based(self) -> tuple[PartKind, ...]:
        """The kinds for which there are base figures to choose from."""
        return tuple(kind for kind in FIGURES if f"series_{kind}" in self)

    @property
    def baseless(self) -> tuple[PartKind, ...]:
        """The kinds that can be used once base figures are entered."""
        return tuple(kind for kind in FIGURES if kind not in self.based)

    def percent(self, kind: PartKind) -> Field:
        """The box for the percent of that kind."""
        return self[f"percent_{kind}"]

    def series(self, kind: PartKind) -> Field:
        """The choice of base figures of that kind."""
        return self[f"series_{kind}"]

    def box(self, what: str, town: Town) -> Field:
        """A municipality's own box: weight, ratio or fixed."""
        return self[f"{what}_{town.slug}"]

    def validate(self, extra_validators: Any = None) -> bool:
        """Also asks for the reason of fixed amounts."""
        is_fine = bool(super().validate(extra_validators))
        if any(self._values("fixed").values()) and not self.fixed_reason.data:
            is_fine = self._complain(
                self.fixed_reason, _("定額の根拠を入力してください（なぜこの額か）。")
            )
        return is_fine

    def proposal(self) -> Proposal:
        """What was typed, as the actions take it; a percent left empty or 0 is no part."""
        names = {town.slug: town.name for town in areas.towns()}
        found = (self._part(kind) for kind in KINDS if kind not in (*self.baseless, PartKind.RATE))
        return Proposal(
            title=self.title.data,
            stage=Stage(self.stage.data),
            participants=self.names(),
            total_yen=self.total_yen.data,
            subsidy_yen=self.subsidy_yen.data or 0,
            parts=tuple(part for part in found if part),
            rounding=Rounding(int(self.unit.data), RoundingMode(self.mode.data)),
            remainder=names.get(self.remainder.data, LARGEST_REMAINDER),
        )

    def _part(self, kind: PartKind) -> ProposedPart | None:
        box = next((name for name, (part, _words) in BOXES.items() if part is kind), None)
        values = self._values(box) if box else {}
        if kind is PartKind.FIXED:
            reason = self.fixed_reason.data or ""
            return ProposedPart(kind, values=values, reason=reason) if values else None
        percent = self.percent(kind).data
        if percent == 0 or (percent is None and not values):
            return None
        host = {town.slug: town.name for town in areas.towns()}.get(self.host.data)
        return ProposedPart(
            kind,
            percent=percent,
            series_id=int(self.series(kind).data) if kind in FIGURES else None,
            values=(values or None) if kind is PartKind.EQUAL else values if box else None,
            only=host if kind is PartKind.HOST else None,
        )

    def _values(self, what: str) -> dict[str, int]:
        return {
            town.name: value
            for town in areas.towns()
            if (value := self.box(what, town).data) is not None
        }

    def _complain(self, field: Field, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False


def formula_form(
    series: Sequence[FigureSeries], more: Sequence[type[Form]] = (), **kwargs: Any
) -> FormulaForm:
    """The formula with a percent per kind, base figures to choose, and the towns' own boxes.

    `more` are forms whose fields come with it.
    """
    towns = areas.towns()
    known = {one.kind for one in series}
    fields: dict[str, Any] = {
        f"percent_{kind}": PercentField(kind.label, validators=[optional()])
        for kind, row in KINDS.items()
        if "percent" in row.needs and FIGURES.get(kind) in {None, *known}
    }
    for kind, figure in FIGURES.items():
        if figure in known:
            fields[f"series_{kind}"] = SelectField(
                _("%(figure)sの基準", figure=figure.label),
                choices=_series_choices(one for one in series if one.kind is figure),
                invalid_choice_message=_("%(kind)sの基礎数値を選んでください。", kind=kind.label),
            )
    for what in BOXES:
        fields |= per_town(what, towns, partial(_box, what))
    form = with_fields(FormulaForm, fields, *more)(**kwargs)
    by_slug = [(town.slug, town.name) for town in towns]
    form.participants.choices = choices(by_slug)
    form.host.choices = choices([("", _("（なし）")), *by_slug])
    form.remainder.choices = choices([*by_slug, (LARGEST_REMAINDER, _("最大剰余の順"))])
    return form


def _box(what: str, town: Town) -> Any:
    kind, words = BOXES[what]
    named = _("%(town)sの%(words)s", town=town.name, words=_(words))
    if kind is PartKind.FIXED:
        return YenField(named, validators=[optional()])
    return CountField(named, named=named, validators=[optional()])


def work_form(more: Sequence[type[Form]] = (), **kwargs: Any) -> WorkForm:
    """The text of who does what, with the municipalities to choose from; `more` as above."""
    form = with_fields(WorkForm, {}, *more)(**kwargs)
    form.participants.choices = choices((town.slug, town.name) for town in areas.towns())
    return form


def content_of(
    case: Case, formula: Case, participants: Iterable[Town], series: Sequence[FigureSeries]
) -> dict[str, Any]:
    """What the boxes hold at first: the case, with its own formula or that of an earlier case."""
    slugs = {town.name: town.slug for town in areas.towns()}
    found: dict[str, Any] = {
        "seen": case.seen,
        "title": case.title,
        "stage": case.stage.value,
        "participants": [town.slug for town in participants],
        "total_yen": case.total_yen,
        "subsidy_yen": case.subsidy_yen,
        "work": case.work,
        "unit": str(formula.rounding.unit),
        "mode": formula.rounding.mode.value,
        "remainder": slugs.get(formula.remainder, LARGEST_REMAINDER),
    }
    for one in reversed(series):
        found[f"series_{one.kind}"] = str(one.id)
    for source in formula.parts:
        kind = source.part.kind
        if source.percent is not None:
            found[f"percent_{kind}"] = Decimal(source.percent)
        if formula is case and source.series_id in {one.id for one in series}:
            found[f"series_{kind}"] = str(source.series_id)
        if kind is PartKind.HOST and source.part.only:
            found["host"] = slugs[source.part.only[0]]
        if kind is PartKind.FIXED:
            found["fixed_reason"] = source.source
        for what in [what for what, (of, _other) in BOXES.items() if of is kind]:
            values = (source.values or {}).items()
            found |= {f"{what}_{slugs[name]}": value for name, value in values}
    return found


def _series_choices(series: Iterable[FigureSeries]) -> list[Any]:
    return choices(
        (
            one.id,
            _("%(one)s（確定値）", one=one.name)
            if one.is_confirmed
            else _("%(one)s（暫定値）", one=one.name),
        )
        for one in series
    )
