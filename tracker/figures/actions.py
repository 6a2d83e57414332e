"""Enters series of base figures, and takes wrong ones out."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import exists, select

from tracker.figures.models import BaseFigure, FigureSeries
from tracker.figures.rules import FigureKind, check_figures
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.struck.models import not_struck


def enter_figures(
    act: Act,
    kind: FigureKind,
    name: str,
    as_of_on: date,
    source: str,
    values: Mapping[str, int | None],
    *,
    is_confirmed: bool,
    unit: str = "",
    period: str | None = None,
    project_id: int | None = None,
    is_example: bool = False,
) -> FigureSeries:
    """Enters a series of base figures by municipality (slug); an absent one stays absent.

    period: the year whose usage it is (`rules.periods`).  project_id: whose usage it is.
    """
    check_figures(values, as_of_on, act.today)
    _check_series_name(kind, name, project_id)
    entered = FigureSeries(
        kind=kind,
        name=name,
        unit=unit or ("人" if kind is FigureKind.POPULATION else ""),
        project_id=project_id,
        period=period,
        as_of_on=as_of_on,
        source=source,
        is_confirmed=is_confirmed,
        entered_at=act.at,
        is_example=is_example,
    )
    ids = {town.slug: town.id for town in areas.towns()}
    said = f"基礎数値「{name}」（{wareki.long(as_of_on)}現在）を登録しました。"
    with act.change("figures.entered", entered, said):
        db.session.add(entered)
        db.session.flush()
        db.session.add_all(
            BaseFigure(series_id=entered.id, municipality_id=ids[slug], value=value)
            for slug, value in values.items()
            if value is not None
        )
    return entered


def _check_series_name(kind: FigureKind, name: str, project_id: int | None) -> None:
    its = FigureSeries.project_id == project_id, FigureSeries.kind == kind
    is_named = FigureSeries.name == name, not_struck(FigureSeries)
    if db.session.scalar(select(exists().where(*its, *is_named))):
        raise Refusal(
            _("「%(name)s」はすでに登録されています。別の名前にしてください。", name=name),
            field="name",
        )


def strike_figures(act: Act, row: FigureSeries, reason: str, seen: str | None = None) -> None:
    """Takes out a wrong series; what cases copied of it stays as it is (Article 4(2): agreed)."""
    act.lock((row, seen))
    said = f"基礎数値「{row.name}」を取り消しました。理由：{reason}"
    with act.change("figures.struck", row, said):
        row.strike(act.person.name, act.at, reason)


def put_figures_back(act: Act, row: FigureSeries, seen: str | None = None) -> None:
    """Counts a series again; refused where another has its name by now."""
    act.lock((row, seen))
    _check_series_name(row.kind, row.name, row.project_id)
    with act.change("figures.restored", row, f"基礎数値「{row.name}」を元に戻しました。"):
        row.put_back()
