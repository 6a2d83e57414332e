"""What pages take right after a change, and after many years."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.pages import counting
from tests.projects.makers import (
    Browse,
    make_project,
    make_round,
    path,
    report_of,
    save,
    story_of,
    submit,
)
from tracker.history import history
from tracker.history.history import Subject
from tracker.kernel.fiscal_year import Half
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import (
    Participation,
    ProgressReport,
    Project,
    ProjectYear,
    ReportingRound,
)
from tracker.projects.rounds.actions import ask
from tracker.projects.rules import ReportState

MOST_AFTER_A_CHANGE = 16


def change(*rooms: str) -> None:
    """As if these rooms had changed since the last page."""
    subject = Subject("example", 1)
    history.record(None, "example.entered", subject, "例です。", at=cast.NOW, rooms=rooms)
    db.session.commit()


@pytest.mark.parametrize(("role", "slug"), [("office", "aomori"), ("officer", "imabetsu")])
def test_pages_right_after_a_change_keep_to_their_budget(
    app: Flask, browse: Browse, project_id: int, role: str, slug: str
) -> None:
    with app.app_context():
        submit(report_of(project_id, "hiranai"))
        save(report_of(project_id))
    visitor, over = browse(role, slug), []
    pages = ["/", "/measures?fy=2026&half=1", "/projects", f"/projects/{project_id}"]
    pages += [path(project_id), "/reports/2026-h1"]
    pages += ["/reports/2026-h1/inbox"] if role == "office" else []
    for where in pages:
        visitor.get(where)
        for rooms, most in ((("projects",), MOST_AFTER_A_CHANGE), ((history.EVERY_ROOM,), 20)):
            with app.app_context():
                change(*rooms)
            with counting() as taken:
                assert visitor.client.get(where).status_code == 200
            if len(taken) > most:
                over.append((where, rooms, len(taken)))
    assert over == []


def add_past(project: Project, years: range) -> None:
    """Years whose reports were all confirmed."""
    towns = db.session.scalars(select(Municipality.id)).all()
    for year in years:
        own = ProjectYear(project_id=project.id, fiscal_year=year)
        rounds = [
            ReportingRound(
                fiscal_year=year,
                half=half,
                due_on=cast.TODAY,
                covering_note="",
                opened_at=cast.NOW,
                closed_at=cast.NOW,
            )
            for half in Half
        ]
        db.session.add_all([own, *rounds])
        db.session.flush()
        parts = [Participation(project_year_id=own.id, municipality_id=id_) for id_ in towns]
        db.session.add_all(parts)
        db.session.flush()
        for opened in rounds:
            ask(opened)
            place = {"round_id": opened.id, "project_id": project.id}
            done = {"state": ReportState.CONFIRMED, "written_at": cast.NOW}
            db.session.add_all(
                ProgressReport(**place, **done, municipality_id=id_) for id_ in towns
            )
    db.session.commit()


def test_a_report_and_a_project_read_no_further_back_than_they_show(both: Flask) -> None:
    project = make_project()
    make_round()
    add_past(project, range(2016, 2026))
    story = story_of(project)
    assert len(story.before) == 2 * (queries.YEARS_BEFORE + 1) - 1
    assert [one.period.year for one in story.earlier] == [2022, 2023, 2024, 2025]
    sheet = queries.shown(project.id, story.now.fiscal_year)
    labels = [point.label for point in sheet.series[0].points]
    assert labels == [f"令和{year}年度" for year in range(3, 9)]
