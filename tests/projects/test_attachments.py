"""Proof that comes with a report: who has it in which state, and what a version keeps of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask

from tests import cast
from tests.hostile import GOOD, HOSTILE
from tests.pages import PageClient
from tests.projects.makers import (
    FILLED,
    WRITTEN,
    make_project,
    make_round,
    path,
    report_of,
    save,
    submit,
    writer,
)
from tracker.accounts.queries import actor_of
from tracker.attachments import uploads
from tracker.attachments.uploads import Attachment, Sent
from tracker.kernel.permissions import Role
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import Project
from tracker.projects.report import Report
from tracker.projects.reports import actions
from tracker.projects.rounds import actions as rounds
from tracker.record import queries as record

Browse = Callable[..., PageClient]
LATER = cast.NOW + timedelta(hours=1)


def act_of(slug: str = "imabetsu") -> Act:
    return Act(writer(slug), cast.NOW)


def lead() -> Act:
    return Act(actor_of(cast.email("lead")), LATER)


def attach(place: Report, content: bytes = b"1,2\n") -> Attachment:
    actions.attach(act_of(place.town.slug), place, [Sent("名簿.csv", "csv", content)])
    return proofs(place)[-1]


def proofs(place: Report) -> Sequence[Attachment]:
    return uploads.of("report", report_of(place.project_id, place.town.slug).id)


def begun(project: Project, slug: str = "imabetsu") -> Report:
    save(report_of(project, slug))
    return report_of(project, slug)


def drafted(place: Report) -> None:
    """As it was begun."""


def submitted(place: Report) -> None:
    submit(place)


def taken_back(place: Report) -> None:
    submit(place)
    actions.withdraw(act_of(), place)


def returned(place: Report) -> None:
    submit(place)
    actions.return_report(lead(), place, "名簿では7人です。")


def confirmed(place: Report) -> None:
    submit(place)
    actions.confirm(lead(), place)


STATES = (drafted, submitted, taken_back, returned, confirmed)
PEOPLE = [(role, "aomori") for role in Role if role is not Role.OFFICER] + [
    (Role.OFFICER, "imabetsu"),
    (Role.CONFIRMER, "imabetsu"),
    (Role.OFFICER, "hiranai"),
]
OWN = {(Role.OFFICER, "imabetsu"), (Role.CONFIRMER, "imabetsu")}


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """The application inside its context, on SQLite: which engine it is does not matter here."""
    with app.app_context():
        yield app
        db.session.remove()


# The quick run has two states, and two who ask.
@pytest.mark.parametrize("part", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_file_is_for_whoever_may_read_its_report_in_every_state(app: Flask, part: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        made = [(make_project(name=f"事業{state.__name__}"), state) for state in STATES[::part]]
        make_round()
        kept = {}
        for project, state in made:
            one = attach(begun(project))
            state(report_of(project))
            kept[state.__name__] = (project.id, one.id)
        db.session.remove()
    wrong = []
    for who in PEOPLE[:: 2 * part - 1]:
        client = PageClient(app).enter(*who).client
        for state, (project_id, id_) in kept.items():
            base = f"{path(project_id)}/attachments"
            reads = state in ("submitted", "confirmed") or who in OWN
            writes = who == (Role.OFFICER, "imabetsu") and state not in ("submitted", "confirmed")
            got = client.get(f"{base}/{id_}").status_code
            shown = f"{base}/{id_}" in client.get(path(project_id)).get_data(as_text=True)
            if (got, shown) != ((200, True) if reads else (404, False)):
                wrong.append(f"{who} {state}: {got}, {shown}")
            files = {"files": (BytesIO(str(who).encode()), "x.csv"), "once": f"{state}-key"}
            sent = client.post(base, data=files).status_code
            if (sent == 302) is not writes:
                wrong.append(f"{who} {state}: adding is answered with {sent}")
    assert wrong == [], "\n".join(wrong)
    client = PageClient(app).enter("officer", "imabetsu").client
    (project_id, _), (_, id_) = (list(kept.values())[at] for at in (0, -1))
    assert client.get(f"{path(project_id)}/attachments/{id_}").status_code == 404


def test_a_version_keeps_what_came_with_it(both: Flask) -> None:
    project = make_project()
    make_round()
    place = begun(project)
    first, second = attach(place, b"1"), attach(place, b"2")
    seen = report_of(project).seen
    actions.detach(act_of(), place, second, None, seen)
    with pytest.raises(Conflict):
        actions.submit(act_of(), report_of(project), seen)
    db.session.rollback()
    submit(place)
    with pytest.raises(Refusal, match="すでに提出されています"):
        attach(place, b"3")
    db.session.rollback()
    actions.return_report(lead(), place, "名簿では7人です。")
    third = attach(report_of(project), b"3")
    with pytest.raises(Exception, match="append-only"):
        db.session.delete(first)
        db.session.flush()
    db.session.rollback()
    actions.detach(act_of(), report_of(project), first, "古い名簿のため。")
    submit(report_of(project))
    actions.confirm(lead(), report_of(project))
    kept = [one.content.get("attached") for one in queries.versions(place.id)]
    assert kept == [
        [{"name": "名簿.csv", "sha256": first.sha256}],
        [{"name": "名簿.csv", "sha256": third.sha256}],
    ]
    assert record.verdict().problems == []


def test_a_file_that_never_left_the_draft_goes_without_a_trace(both: Flask) -> None:
    """Not even its name stays, which may be somebody's."""
    project = make_project()
    make_round()
    place = begun(project)
    submit(place)
    actions.return_report(lead(), place, "名簿では7人です。")
    later = Act(act_of().by, cast.NOW + timedelta(hours=1))
    actions.attach(later, report_of(project), [Sent("名簿.csv", "csv", b"3")])
    [one] = uploads.of("report", place.id)
    actions.detach(later, report_of(project), one, None)
    assert list(uploads.of("report", place.id)) == []


def test_a_report_without_files_is_kept_as_before(inside: Flask) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    [version] = queries.versions(report_of(project).id)
    assert "attached" not in version.content


def test_whoever_adds_proof_is_the_writer_and_a_closed_round_takes_none(inside: Flask) -> None:
    project = make_project()
    make_round()
    place = begun(project, "aomori")
    actions.attach(lead(), place, [Sent("名簿.csv", "csv", b"1")])
    assert report_of(project, "aomori").written_by_id == lead().person.person_id
    rounds.close_round(Act(actor_of(cast.email("office")), LATER), place.period)
    with pytest.raises(Refusal, match="締め切りました"):
        attach(report_of(project, "aomori"), b"2")


def test_the_form_saves_the_draft_before_it_leads_to_the_files(browse: Browse, app: Flask) -> None:
    with app.app_context():
        project_id = make_project().id
        make_round()
        db.session.remove()
    town, here = browse("officer", "imabetsu"), path(project_id)
    saved = town.fill(here, {**FILLED, "save": "attach"})
    page = town.follow(saved)
    assert page.title == "添付"
    files = [
        (BytesIO(GOOD["現場.jpg"]()), "現場.jpg"),
        (BytesIO(HOSTILE["a zip"].make()), "一式.zip"),
    ]
    refused = town.post(f"{here}/attachments", {**page.fields(), "files": files})
    assert refused.status == 422
    [said] = refused.all(".error-summary li")
    assert said.get_text(strip=True).startswith("「一式.zip」：圧縮したファイルは添付できません。")
    files = [(BytesIO(GOOD[name]()), name) for name in ("現場.jpg", "名簿.csv")]
    done = town.follow(town.post(f"{here}/attachments", {**page.fields(), "files": files}))
    assert "現場.jpg" in done.text and "名簿.csv" in done.text
    form = town.get(here)
    assert WRITTEN.done in form.text and "名簿.csv" in form.text
    check = town.follow(town.post(here, {**form.fields(0), "save": "next"}))
    assert "現場.jpg" in check.text
    removed = town.fill(f"{check.link('名簿.csv')}/take-out", {})
    assert "「名簿.csv」を外しました。" in town.follow(removed).text
