"""Something to be reminded of, written straight into the tables."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from tests import cast
from tracker.agreements.models import Measure
from tracker.kernel.fiscal_year import Half
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.projects.models import Participation, Project, ProjectYear, ReportingRound
from tracker.projects.rounds.actions import ask

OPENED = cast.NOW - timedelta(days=22)


def make_round(
    due_on: date = date(2026, 11, 30), projects: int = 2, opened_at: datetime = OPENED
) -> None:
    """Opens 上期 for projects in which all four partners take part; three weeks ago unless said."""
    towns = db.session.scalars(select(Municipality).order_by(Municipality.code)).all()
    measure_id = db.session.scalar(select(Measure.id).limit(1))
    opened = ReportingRound(
        fiscal_year=2026, half=Half.H1, due_on=due_on, covering_note="", opened_at=opened_at
    )
    db.session.add(opened)
    for number in range(projects):
        project = Project(
            name=f"事業{number + 1}",
            summary="",
            measure_id=measure_id,
            lead_municipality_id=towns[0].id,
            lead_section="農業振興センター",
            since_year=2020,
        )
        db.session.add(project)
        db.session.flush()
        year = ProjectYear(project_id=project.id, fiscal_year=2026)
        db.session.add(year)
        db.session.flush()
        db.session.add_all(
            Participation(project_year_id=year.id, municipality_id=town.id) for town in towns[1:]
        )
    db.session.flush()
    ask(opened)
    db.session.commit()
