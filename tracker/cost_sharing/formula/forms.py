"""Asks for the content of a case: the formula with everybody's figures."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import Field, FormField, HiddenField, SelectField, SelectMultipleField

from tracker.amounts.exact import Exact, fraction
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.forms import NO_AMOUNT, stage_field
from tracker.cost_sharing.formula.proposal import Incomplete, Proposal, ProposedPart
from tracker.cost_sharing.rules import Stage
from tracker.figures import queries as bases
from tracker.figures.rules import FigureKind, Series, newest
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    ExactField,
    Form,
    LineField,
    PercentField,
    Row,
    SeenField,
    SignedYenField,
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
from tracker.shares.rules import KINDS, PartKind, RoundingMode, UsagePeriod
from tracker.shares.split import (
    LARGEST_REMAINDER,
    Figure,
    Limits,
    NotListed,
    Rounding,
    in_digits,
    numbered,
)
from tracker.shares.table import PartSource

UNITS = (
    (1, N_("1円")),
    (10, N_("10円")),
    (100, N_("100円")),
    (1000, N_("1,000円")),
    (10000, N_("10,000円")),
)
FIGURES = {PartKind(kind.value): kind for kind in FigureKind}
# What a draft without a formula begins with.
FIRST = (PartKind.EQUAL, PartKind.POPULATION)
# More than any formula of the field has.
MOST_PARTS = 12
# Formulas that are compared side by side (cost_trials).
MOST_TRIALS = 4
# More boxes than that many parts have with a hundred municipalities.
_MOST_BOXES = 4000
# The box that each municipality has of a part, and what it means.
BOXES: Mapping[PartKind, str] = {
    PartKind.EQUAL: "weight",
    PartKind.RATIO: "weight",
    PartKind.FIXED: "amount",
}
WORDS: Mapping[PartKind, str] = {
    PartKind.EQUAL: N_("均等割の重み"),
    PartKind.RATIO: N_("比"),
    PartKind.FIXED: N_("定額（円）"),
}
LIMITS = {"cap": N_("上限（円）"), "floor": N_("下限（円）")}
OWN_UNITS = (1, 100, 1000)
_PART = re.compile(r"parts-[0-9]{1,3}(?=-|$)")
# Where a gap of a part is said that has no box of its own.
_AT = {"basis": "series_id", "weights": "percent", "amounts": "reason"}


class ContentForm(Form):
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

    @property
    def problems(self) -> list[str]:
        """All sentences that stand at the form and its boxes."""
        inner = (field.form if isinstance(field, FormField) else [field] for field in self)
        of_fields = (error for fields in inner for field in fields for error in field.errors)
        return [*self.form_errors, *of_fields]

    @property
    def is_told(self) -> bool:
        """Whether all that shares are worked out from could be read."""
        wrong: set[str | None] = set(self.errors)
        return wrong <= {"title", "reason", "reply_due_on", None}

    def refuse(self, refusal: Refusal) -> None:
        """Puts each sentence at its box, once."""
        for found in refusal.gaps if isinstance(refusal, Incomplete) else [refusal]:
            gap, place = _on_form(found), self._place(found)
            if gap.message in self.problems:
                continue
            if isinstance(place, Field):
                place.errors = [*place.errors, gap.message]
            else:
                super().refuse(gap)

    def _place(self, gap: Refusal) -> str | Field | None:
        return gap.field

    def names(self) -> tuple[str, ...]:
        """Those who share."""
        return ticked_names(self.participants)


def ticked_names(field: Field) -> tuple[str, ...]:
    """The names of the municipalities ticked, in the order of their codes."""
    return tuple(town.name for town in areas.towns() if town.slug in (field.data or ()))


def _on_form(gap: Refusal) -> Refusal:
    """What is wrong in the words of the form, where those who share are ticked."""
    if not isinstance(gap, NotListed):
        return gap
    said = N_(
        "%(where)sの「%(name)s」は、「分担する」に印が付いていません。"
        "印を付けるか、ここから外してください。"
    )
    return Refusal(_(said, where=gap.where, name=gap.name), field=gap.field)


class PartForm(Row):
    """One part of the formula; `_part_form` adds the boxes that its kind has."""

    kind = HiddenField()


class PartBoxes(NamedTuple):
    """A part on its page: its place among the fields, its kind, and what sentences call it."""

    at: str
    kind: PartKind
    name: str
    form: PartForm

    @property
    def own(self) -> str | None:
        """The box that each municipality has of it: weight or amount; None without any."""
        return BOXES.get(self.kind)

    @property
    def has_only(self) -> bool:
        """Whether it may be laid on some alone."""
        return "only" in self.form

    def box(self, town: Town) -> Field:
        """A municipality's own box."""
        return self.form[f"{self.own}_{town.slug}"]

    def options(self) -> Mapping[str, Any]:
        """The ticks of who takes part, by municipality (slug)."""
        return {option.data: option for option in self.form["only"]}


class FormulaForm(ContentForm):
    """算式: `formula_form` adds the boxes of each part, and the limits of each municipality."""

    total_yen = YenField(N_("総事業費"), validators=required(NO_AMOUNT))
    subsidy_yen = YenField(N_("国・県などの補助"))
    carried_yen = YenField(N_("翌年度へ繰り越す額"))
    unit = must_choose(N_("端数の単位"), N_("端数の単位を選んでください。"), choices(UNITS))
    mode = must_choose(
        N_("端数の扱い"),
        N_("端数の扱いを選んでください。"),
        labelled(RoundingMode),
    )
    remainder = must_choose(N_("端数の負担者"), N_("端数の負担者を選んでください。"))
    # The kinds of parts that may be added, and those that need base figures first.
    ready: Sequence[PartKind] = ()
    needing: Sequence[PartKind] = ()

    @property
    def parts(self) -> list[PartBoxes]:
        """The parts in their order."""
        fields = [field for name, field in self._fields.items() if _PART.fullmatch(name)]
        return [
            PartBoxes(one.name, PartKind(one.form.kind.data), one.label.text, one.form)
            for one in fields
        ]

    @property
    def is_full(self) -> bool:
        """Whether no part may be added any more."""
        return len(self.parts) >= MOST_PARTS

    @property
    def limits(self) -> Limits:
        """The caps and floors that were typed."""
        typed = {
            of: {town.name: self.limit(of, town.slug).data for town in areas.towns()}
            for of in LIMITS
        }
        return Limits(*(_given(yens) for yens in typed.values()))

    @property
    def has_wrong_limits(self) -> bool:
        """Whether something is to be said at one of them."""
        return any(name.startswith(("cap_", "floor_")) for name in self.errors)

    def limit(self, of: str, slug: str) -> Field:
        """A municipality's cap or floor."""
        return self[f"{of}_{slug}"]

    def proposal(self) -> Proposal:
        """What was typed, as the actions take it; a part left empty or at 0 is none."""
        names = {town.slug: town.name for town in areas.towns()}
        return Proposal(
            title=self.title.data,
            stage=Stage(self.stage.data),
            participants=self.names(),
            total_yen=self.total_yen.data,
            subsidy_yen=self.subsidy_yen.data or 0,
            carried_yen=self.carried_yen.data or 0,
            parts=tuple(self._typed().values()),
            rounding=Rounding(int(self.unit.data), RoundingMode(self.mode.data)),
            remainder=names.get(self.remainder.data, LARGEST_REMAINDER),
            limits=self.limits,
        )

    def _place(self, gap: Refusal) -> str | Field | None:
        """The box that what `split.gaps` found is about: 「parts-0-weights-今別町」."""
        found = re.fullmatch(r"(parts|caps|floors)-(?:(\d+)-(\w+))?-?(.+)?", gap.field or "")
        if found is None:
            return gap.field
        slugs = {town.name: town.slug for town in areas.towns()}
        what, number, of, name = found.groups()
        if number is None:
            return self.limit(what.removesuffix("s"), slugs[name])
        form = self[list(self._typed())[int(number)]].form
        own = BOXES.get(PartKind(form.kind.data))
        what = f"{own}_{slugs[name]}" if own and name in slugs else of
        names = (what, _AT.get(what, ""), "percent", "rounding")
        field: Field = next(form[one] for one in names if one in form)
        return field

    def _typed(self) -> dict[str, ProposedPart]:
        """The parts that say something, by their place among the fields."""
        found = {one.at: _proposed(one.kind, one.form, self.names()) for one in self.parts}
        return {at: part for at, part in found.items() if part}


def _proposed(kind: PartKind, form: PartForm, sharing: Sequence[str]) -> ProposedPart | None:
    """A part as it was typed; None when nothing was."""
    data, own, towns = form.data, BOXES.get(kind), areas.towns()
    percent, rate = data.get("percent"), data.get("rate")
    typed = _given({town.name: data[f"{own}_{town.slug}"] for town in towns if own})
    if percent == 0 or (percent is None and rate is None and not typed):
        return None
    if kind is PartKind.FIXED:
        return ProposedPart(kind, values=typed, reason=data["reason"] or "")
    values = {name: fraction(value) for name, value in typed.items()}
    only = None
    if kind is PartKind.HOST:
        only = tuple(town.name for town in towns if town.slug == data["only"])
    elif "only" in data:
        ticked = {town.name for town in towns if town.slug in (data["only"] or ())}
        only = tuple(name for name in sharing if name in ticked)
        only = None if only == tuple(sharing) else only
    unit, _dash, mode = (data["rounding"] or "").partition("-")
    return ProposedPart(
        kind,
        percent=percent,
        series_id=int(data["series_id"]) if data.get("series_id") else None,
        values=(values or None) if kind is PartKind.EQUAL else values if own else None,
        only=only,
        rate=rate and fraction(rate),
        rounding=Rounding(int(unit), RoundingMode(mode)) if unit else None,
        period=UsagePeriod(data["period"]) if data.get("period") else None,
    )


def _given(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if value is not None}


def edited(sent: MultiDict[str, str], series: Sequence[Series]) -> MultiDict[str, str]:
    """What was sent, with the part added or taken away that its button names."""
    found = without_dropped(sent, "parts")
    added, places = sent.get("add", ""), kinds_in(found, {})
    if added in list(PartKind) and len(places) < MOST_PARTS:
        at = f"parts-{1 + max((int(one.removeprefix('parts-')) for one in places), default=-1)}"
        for name, value in _boxes_of_new(PartKind(added), series).items():
            found.setlist(f"{at}-{name}", value if isinstance(value, list) else [value])
    return found


def without_dropped(sent: MultiDict[str, str], of: str) -> MultiDict[str, str]:
    """What was sent, without the part or row that its button takes away."""
    dropped = f"{of}-{sent.get('drop', '')}-"
    return MultiDict((name, one) for name, one in sent.items(True) if not name.startswith(dropped))


def as_sent(form: Iterable[Field]) -> str:
    """The boxes of a formula as a browser sends them, in one text; `from_sent` reads it."""
    return urlencode(list(_pairs(form)))


def from_sent(text: str) -> MultiDict[str, str]:
    """What stands in such a text, whoever made it: it goes through the form like anything typed."""
    try:
        return MultiDict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_BOXES))
    except ValueError:
        return MultiDict()


def _pairs(form: Iterable[Field]) -> Iterator[tuple[str, str]]:
    for field in form:
        if isinstance(field, FormField):
            yield from _pairs(field.form)
        elif isinstance(field, SelectMultipleField):
            yield from ((field.name, value) for value in field.data or ())
        elif isinstance(field, SelectField):
            yield field.name, "" if field.data is None else str(field.data)
        elif not isinstance(field, SeenField):
            yield field.name, str(field._value())


def kinds_in(sent: Mapping[str, str], stored: Mapping[str, Any]) -> dict[str, PartKind]:
    """The parts that were sent: by their place among the fields, in order, their kind.

    One sent without a kind that there is, is of the kind that is stored there.
    """
    places = {found[0] for name in sent if (found := _PART.match(name))}
    in_order = sorted(places, key=lambda at: int(at.removeprefix("parts-")))[:MOST_PARTS]
    both = {at: (sent.get(f"{at}-kind"), stored.get(at, {}).get("kind")) for at in in_order}
    chosen = {at: [one for one in kinds if one in list(PartKind)] for at, kinds in both.items()}
    return {at: PartKind(kinds[0]) for at, kinds in chosen.items() if kinds}


def formula_form(
    series: Sequence[Series],
    more: Sequence[type[Form]] = (),
    *,
    data: Mapping[str, Any],
    formdata: MultiDict[str, str] | None = None,
) -> FormulaForm:
    """The formula with the boxes of each part, as sent or as in `data`, and the towns' limits.

    `more` are forms whose fields come with it; `formdata` stands for what was sent.
    """
    towns = areas.towns()
    sent = formdata if formdata is not None else request.form
    # Nothing sent: the boxes of what is stored.
    kinds = kinds_in(sent or data, data)
    many, met = Counter(kinds.values()), Counter[PartKind]()
    fields: dict[str, Any] = {}
    for at, kind in kinds.items():
        met[kind] += 1
        name = numbered(kind, met[kind], many[kind])
        fields[at] = FormField(_part_form(kind, name, series), name)
    for of, words in LIMITS.items():
        fields |= per_town(of, towns, partial(_limit_box, words))
    # Sent, but empty: only what is in `data`.
    given: dict[str, Any] = {} if formdata is None else {"formdata": formdata or None}
    form = with_fields(FormulaForm, fields, *more)(data=data, **given)
    for at, kind in kinds.items():
        form[at].form.kind.data = kind.value
    by_slug = [(town.slug, town.name) for town in towns]
    form.ready = [kind for kind in KINDS if _series_of(kind, series)]
    form.needing = [kind for kind in KINDS if kind not in form.ready]
    form.participants.choices = choices(by_slug)
    form.remainder.choices = choices([*by_slug, (LARGEST_REMAINDER, _("最大剰余の順"))])
    return form


def _part_form(kind: PartKind, name: str, series: Sequence[Series]) -> type[PartForm]:
    """The boxes of a part of that kind; `name` tells it from others of its kind."""
    row, towns = KINDS[kind], areas.towns()
    by_slug = choices((town.slug, town.name) for town in towns)
    fields: dict[str, Any] = {}
    if "percent" in row.needs:
        fields["percent"] = PercentField(name, validators=[optional()])
    if "rate" in row.needs:
        fields["rate"] = ExactField(N_("率"), named=_("率"), decimals=12, validators=[optional()])
    if "basis" in row.needs:
        fields["series_id"] = SelectField(
            _("%(kind)sの基礎数値", kind=name),
            choices=_series_choices(_series_of(kind, series)),
            invalid_choice_message=_("%(kind)sの基礎数値を選んでください。", kind=name),
        )
    if kind is PartKind.USAGE:
        fields["period"] = SelectField(
            N_("実績の期間"),
            validators=[optional()],
            choices=choices([("", N_("指定しない")), *((one, one.label) for one in UsagePeriod)]),
        )
    if kind is PartKind.HOST:
        fields["only"] = SelectField(
            N_("開催地等"),
            validators=[optional()],
            choices=[*choices([("", _("（なし）"))]), *by_slug],
            invalid_choice_message=N_("市町村を選び直してください。"),
        )
    elif "only" in row.needs + row.may and kind is not PartKind.FIXED:
        fields["only"] = SelectMultipleField(
            _("%(kind)sの対象", kind=name),
            choices=by_slug,
            invalid_choice_message=N_("対象の市町村を選び直してください。"),
        )
    if kind is PartKind.FIXED:
        fields["reason"] = LineField(N_("定額の根拠"), validators=[optional(), at_most(300)])
    else:
        fields["rounding"] = _rounding_field(name)
    if own := BOXES.get(kind):
        fields |= per_town(own, towns, partial(_own_box, kind))
    return with_fields(PartForm, fields)


def _rounding_field(name: str) -> Any:
    own = [Rounding(unit, mode) for unit in OWN_UNITS for mode in RoundingMode]
    by_itself = ((f"{one.unit}-{one.mode}", one.label) for one in own)
    return SelectField(
        _("%(kind)sだけの端数", kind=name),
        validators=[optional()],
        choices=choices([("", _("最後に1回だけ処理する")), *by_itself]),
        invalid_choice_message=N_("端数の扱いを選び直してください。"),
    )


def _own_box(kind: PartKind, town: Town) -> Any:
    named = _("%(town)sの%(words)s", town=town.name, words=_(WORDS[kind]))
    if kind is PartKind.FIXED:
        return SignedYenField(named, validators=[optional()])
    return ExactField(named, named=named, decimals=6, validators=[optional()])


def _limit_box(words: str, town: Town) -> Any:
    named = _("%(town)sの%(words)s", town=town.name, words=_(words))
    return YenField(named, validators=[optional()])


def content_of(
    case: Case,
    formula: Case,
    participants: Iterable[Town],
    series: Sequence[Series],
    *,
    is_fresh: bool = False,
) -> dict[str, Any]:
    """What the boxes hold at first: the case, with its own formula or that of an earlier case.

    is_fresh: its own with newer base figures where there are any.
    """
    slugs = {town.name: town.slug for town in areas.towns()}
    found: dict[str, Any] = {
        "seen": case.seen,
        "title": case.title,
        "stage": case.stage.value,
        "participants": [town.slug for town in participants],
        "total_yen": case.total_yen,
        "subsidy_yen": case.subsidy_yen,
        "carried_yen": case.carried_yen or None,
        "unit": str(formula.rounding.unit),
        "mode": formula.rounding.mode.value,
        "remainder": slugs.get(formula.remainder, LARGEST_REMAINDER),
    }
    for of, values in zip(LIMITS, (formula.limits.caps, formula.limits.floors), strict=True):
        found |= {f"{of}_{slugs[name]}": yen for name, yen in values.items()}
    boxes = [
        _boxes_of(source, slugs, series, is_own=formula is case and not is_fresh)
        for source in formula.parts
    ] or [_boxes_of_new(kind, series) for kind in FIRST if _series_of(kind, series)]
    return found | {f"parts-{place}": one for place, one in enumerate(boxes)}


def _boxes_of_new(kind: PartKind, series: Sequence[Series]) -> dict[str, Any]:
    """What stands in a part just added: the newest base figures, and everybody takes part."""
    found: dict[str, Any] = {"kind": kind.value}
    if kind not in (PartKind.HOST, PartKind.FIXED):
        found["only"] = [town.slug for town in areas.towns()]
    if "basis" in KINDS[kind].needs:
        found["series_id"] = next((str(one.id) for one in _series_of(kind, series)), "")
    return found


def _boxes_of(
    source: PartSource, slugs: Mapping[str, str], series: Sequence[Series], *, is_own: bool
) -> dict[str, Any]:
    """A part of a formula as its boxes hold it; another case's figures are the newest ones."""
    part = source.part
    found = _boxes_of_new(part.kind, series)
    if source.percent is not None:
        found["percent"] = Decimal(source.percent)
    if part.rate is not None:
        found["rate"] = _exact(part.rate)
    taken = next((one for one in bases.every() if one.id == source.series_id), None)
    if taken:
        newer = None if is_own else newest(taken, series)
        if newer or taken in series:
            found["series_id"] = str((newer or taken).id)
    if part.only is not None:
        only = [slugs[name] for name in part.only]
        found["only"] = only[0] if part.kind is PartKind.HOST else only
    if part.rounding:
        found["rounding"] = f"{part.rounding.unit}-{part.rounding.mode}"
    own, values = BOXES.get(part.kind), part.amounts or part.weights or {}
    as_typed = int if part.kind is PartKind.FIXED else _exact
    found |= {f"{own}_{slugs[name]}": as_typed(value) for name, value in values.items() if own}
    return {**found, "period": source.period, "reason": source.source}


def _exact(value: Figure) -> Exact:
    exact = Fraction(value)
    decimals = len(in_digits(exact).partition(".")[2])
    return Exact(exact.numerator, exact.denominator, decimals)


def _series_of(kind: PartKind, series: Sequence[Series]) -> list[Any]:
    """The base figures that a part of that kind may count by; one without any needs none."""
    if "basis" not in KINDS[kind].needs:
        return [None]
    return [one for one in series if FIGURES.get(kind) in (None, one.kind)]


def _series_choices(series: Iterable[Series]) -> list[Any]:
    return choices(
        (
            one.id,
            _("%(one)s（確定値）", one=one.name)
            if one.is_confirmed
            else _("%(one)s（暫定値）", one=one.name),
        )
        for one in series
    )
