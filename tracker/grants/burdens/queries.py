"""Reads what every municipality bore over the years."""

from sqlalchemy import select

from tracker.cost_sharing import queries as cases
from tracker.cost_sharing.rules import CaseNumber
from tracker.grants.burdens.rules import Burden, Burdens
from tracker.grants.rules import AgreedShare
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.projects.models import Project


def burdens() -> Burdens:
    """The shares of the cases that count, of all years.  One query."""
    shared, towns = cases.last_agreed(), areas.by_id()
    found = db.session.execute(
        select(
            shared.c.fiscal_year,
            shared.c.number,
            shared.c.stage,
            shared.c.municipality_id,
            shared.c.share_yen,
            Project.id,
            Project.name,
        ).join(Project, Project.id == shared.c.project_id)
    )
    return Burdens(
        [
            Burden(
                FiscalYear(year),
                towns[town],
                project_id,
                project,
                AgreedShare(CaseNumber(year, number), stage, int(yen)),
            )
            for year, number, stage, town, yen, project_id, project in found
        ],
        areas.towns(),
    )
