"""The main pages of the example, by who opens them."""

from collections.abc import Mapping

from flask import Flask
from sqlalchemy import select

from tests.agreements.makers import FILE, REAL
from tests.sent import token_of
from tracker.accounts.models import Person, Post, PostKind
from tracker.agreements.review import actions as agreements
from tracker.mail.letters import Letter, LetterState
from tracker.meetings.models import CandidateDate, MeetingRow, MeetingSeat
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project

# The project whose report came back to 今別町 with a question.
RETURNED = "農業研修事業"
OFFICE, LEAD, READER, ADMIN = ((role, "aomori") for role in ("office", "lead", "reader", "admin"))
OFFICER, CONFIRMER = ("officer", "imabetsu"), ("confirmer", "imabetsu")
NOWHERE = "/nowhere"
Who = tuple[str, str]

# Role and municipality -> addresses; words in braces are found by `places`.
SCENES: Mapping[Who | None, tuple[str, ...]] = {
    None: ("/login", "{poll}", NOWHERE),
    OFFICER: (
        "/",
        "/reports/2026-h1",
        "/reports/2026-h1/{project}/imabetsu",
        "/reports/2026-h1/{project}/imabetsu/check",
        "/meetings/2026",
        "/meetings/{meeting}/answers/imabetsu",
        "/costs/2026-04",
        "/notices",
        "/account",
        "/handover",
        "/handover/posts/{own}",
        "/reports/2026-h1/{project}/imabetsu/attachments",
    ),
    CONFIRMER: ("/", "/costs/2026-04/confirm"),
    LEAD: ("/", "/reports/2026-h1/inbox", "/reports/2026-h1/{submitted}/yomogita"),
    READER: ("/", "/measures", "/measures/1-3", "/projects/{project}", "/meetings/2025"),
    OFFICE: (
        "/",
        "/projects",
        "/projects/{project}/edit",
        "/reports/new",
        "/meetings",
        "/meetings/2026",
        "/meetings/{meeting}/dates/new",
        "/meetings/{meeting}/dates/{candidate}/fix",
        "/meetings/new?fy=2027",
        "/costs",
        "/costs/new",
        "/costs/2026-04",
        "/costs/2026-04/formula",
        "/costs/2026-04/send",
        "/notices",
        "/notices/rules",
        "/notices/rules/report_unsubmitted",
        "/notices/templates",
        "/notices/templates/report_request",
        "/notices/{letter}",
        "/notices/rules",
        "/costs/2026-04/attachments",
    ),
    ADMIN: (
        "/",
        "/agreements",
        "/agreements/1",
        "/agreements/import",
        "/agreements/import/{job}",
        "/admin/users",
        "/admin/posts/new",
        "/admin/posts/{post}",
        "/admin/holidays",
        "/admin/holidays/new",
        "/admin/bases",
        "/admin/bases/new",
        "/audit",
    ),
}


def places(app: Flask) -> dict[str, str]:
    """What stands in braces: numbers of the example, a poll link still open, a fresh import."""
    with app.app_context():
        meeting = db.session.scalars(select(MeetingRow).where(MeetingRow.fiscal_year == 2026)).one()
        candidates = select(CandidateDate.id).where(CandidateDate.meeting_id == meeting.id)
        undelivered = select(Letter.id).where(Letter.state == LetterState.UNDELIVERABLE)
        posts = select(Post.id).where(Post.kind == PostKind.OFFICER)
        own = select(Person.post_id).where(Person.email == "officer@imabetsu.example")
        return {
            "project": project_id(RETURNED),
            "submitted": project_id("新しい働き方担い手誘致・東青地域移住促進事業"),
            "meeting": str(meeting.id),
            "candidate": str(db.session.scalars(candidates).first()),
            "letter": str(db.session.scalars(undelivered).first()),
            "own": str(db.session.scalars(own).one()),
            "post": str(db.session.scalars(posts).first()),
            "poll": poll_link(),
            "job": str(agreements.start_import(Act(None, clock.now()), REAL, FILE.name).id),
        }


def project_id(name: str) -> str:
    """The number in the address of a project's page."""
    return str(db.session.scalars(select(Project.id).where(Project.name == name)).one())


def poll_link() -> str:
    """The personal link of 今別町's secretary."""
    asked = select(MeetingSeat.id).where(MeetingSeat.title == "今別町長")
    seat_id = db.session.scalars(asked.order_by(MeetingSeat.id.desc())).first()
    assert seat_id is not None
    return f"/p/{token_of('poll', seat_id)}"
