"""Thirty municipalities, a hundred projects: every list and table can be read, on a desk and a telephone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.app_fixtures import copy_database, make_app
from tests.browser.house import House, serving
from tests.browser.large_meetings import enter_meetings
from tests.browser.test_accessibility import violations
from tests.services import Pages

GEOMETRY = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")
DESK, TELEPHONE = 1280, 390
TOWN = "town17"
# Pages on which each municipality has a column or a row, so that the reader's own is marked.
WITH_OWN = (
    "/measures",
    "/measures/1-1",
    "/reports/2026-h1",
    "/meetings/7",
    "/costs/2026-04",
    "/projects/1",
    "/admin/bases",
)
OTHERS = {
    ("officer", TOWN): (
        "/",
        "/measures?town=town17",
        "/projects",
        "/meetings/6",
        "/costs",
        "/notices",
    ),
    ("office", "hub"): (
        "/",
        "/projects?page=2",
        "/projects/new",
        "/projects/1/edit",
        "/reports/new",
        "/reports/2026-h1/inbox",
        "/meetings",
        "/meetings/7/dates/new",
        "/meetings/7/required",
        "/meetings/6/attendance",
        "/meetings/new?fy=2027",
        "/costs",
        "/costs/new",
        "/costs/2026-06/formula",
        "/costs/2026-06/send",
        "/notices",
        "/notices/rules",
        "/notices/templates",
        "/agreements",
        "/agreements/1",
        "/handover",
    ),
    ("admin", "hub"): (
        "/admin/users",
        "/admin/holidays",
        "/admin/bases",
        "/admin/bases/new",
        "/audit",
    ),
    ("confirmer", "town22"): ("/costs/2026-05/confirm",),
}
# After two meetings with all they bring along (large_meetings.py).
OF_MEETINGS = {
    ("office", "hub"): (
        "/meetings/7",
        "/meetings/7/replies",
        "/meetings/7/replies/town05",
        "/meetings/7/agenda",
        "/meetings/7/agenda/new",
        "/meetings/7/materials",
        "/meetings/7/materials/new",
        "/meetings/7/materials/1/replace",
        "/meetings/7/materials/1/strike",
        "/meetings/6/minutes",
        "/meetings/6/minutes/items/1",
        "/meetings/6/decisions/new",
        "/meetings/decisions",
        "/meetings/decisions/1",
        "/meetings/decisions/1/follow-ups/new",
        "/questions",
        "/questions/2026-01",
    ),
    ("officer", TOWN): (
        "/meetings/7/agenda",
        "/meetings/7/materials",
        "/meetings/6/minutes",
        "/meetings/6/minutes/correction?item=1",
        "/meetings/decisions",
        "/meetings/decisions/1",
        "/meetings/follow-ups/17",
    ),
    ("confirmer", TOWN): ("/meetings/6/minutes", "/meetings/6/minutes/confirm"),
}

pytestmark = pytest.mark.browser


@pytest.fixture
def large(tmp_path: Path, page: Pages) -> Iterator[House]:
    """The large area at its address."""
    app = make_app(copy_database("large", "sqlite", tmp_path), tmp_path)
    with serving(app) as address:
        yield House(app, address, page)
        page.close()


def faults(view: Page, path: str) -> list[str]:
    """What is wrong with a page at both widths."""
    found = []
    for width in (DESK, TELEPHONE):
        view.set_viewport_size({"width": width, "height": 900})
        found += [f"{path} at {width}: {fault}" for fault in view.evaluate(GEOMETRY)]
    return found


def test_one_s_own_municipality_stands_first_in_every_table_of_all(large: House) -> None:
    person, found = large.signed_in("officer", TOWN), []
    for path in WITH_OWN:
        assert person.goes_to(path) == 200, path
        if not person.view.locator("main table .own, main table.own, main .own").count():
            found.append(f"{path} marks nobody's own")
        found += faults(person.view, path)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize(("role", "slug"), OTHERS, ids=lambda one: one)
def test_every_list_can_be_read(large: House, role: str, slug: str) -> None:
    person, found = large.signed_in(role, slug), []
    for path in OTHERS[role, slug]:
        assert person.goes_to(path) == 200, path
        found += faults(person.view, path)
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_what_a_meeting_of_thirty_brings_can_be_read(large: House) -> None:
    with large.app.app_context():
        enter_meetings()
    found = []
    for (role, slug), paths in OF_MEETINGS.items():
        person = large.signed_in(role, slug)
        for path in paths:
            assert person.goes_to(path) == 200, path
            found += faults(person.view, path)
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_axe_finds_nothing_in_narrow_tables(large: House) -> None:
    person, found = large.signed_in("office", "hub"), []
    for path in ("/measures", "/measures?town=town05", *WITH_OWN[1:]):
        person.goes_to(path)
        found += [f"{path}: {complaint}" for complaint in violations(person.view)]
    assert not found, "\n".join(found)


def test_planted_faults_are_found(example: House) -> None:
    person = example.visitor()
    person.goes_to("/login")
    assert person.view.evaluate(GEOMETRY) == []
    person.view.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend", `
        <div class="scroll"><table><tbody><tr><td id="narrow">a</td><td id="over">未報告</td></tr>
        <tr class="own"><th id="second">b</th></tr></tbody></table></div>
        <div id="cut">nothing but a very long word</div>`)"""
    )
    styles = {
        "narrow": "display:block;width:20px;padding:0",
        "over": "display:block;width:30px;padding:0;white-space:nowrap",
        "second": "position:relative;left:-400px",
        "cut": "width:40px;overflow:hidden;white-space:nowrap",
    }
    for name, style in styles.items():
        person.view.evaluate("([n, s]) => document.getElementById(n).style = s", [name, style])
    found = "\n".join(person.view.evaluate(GEOMETRY))
    for words in ("20 x", "runs over its cell", "is cut off", "out of sight", "is not first"):
        assert words in found, found
