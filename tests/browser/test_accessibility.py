"""Everybody can use every main page: axe-core, narrow windows, and paper."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Page

from tests.browser.house import House
from tests.browser.scenes import NOWHERE, OFFICER, READER, SCENES, Who, places

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
DESK, TELEPHONE = 1280, 390
# On a desk nobody should have to push a table sideways.
CUT_OFF = """() => [...document.querySelectorAll(".scroll")]
    .filter((frame) => innerWidth >= 1280 && frame.scrollWidth > frame.clientWidth)
    .map((frame) => `${frame.ariaLabel} is cut off`)"""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "is_whole", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["by turns", "whole"]
)
@pytest.mark.parametrize("who", SCENES, ids=lambda who: "@".join(who) if who else "nobody")
def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(
    example: House, who: Who | None, is_whole: bool
) -> None:
    """Its width is asked of a page on both screens, axe on one of them, of some pages."""
    person = example.signed_in(*who) if who else example.visitor()
    known = places(example.app)
    faults = []
    # In the quick run the roles share the pages out.
    step, first = (1, 0) if is_whole else (2, list(SCENES).index(who) % 2)
    for turn, path in enumerate(SCENES[who][first::step]):
        address = path.format_map(known)
        person.view.set_viewport_size({"width": DESK, "height": 900})
        assert person.goes_to(address) == (404 if address == NOWHERE else 200), address
        for width in (DESK, TELEPHONE):
            person.view.set_viewport_size({"width": width, "height": 900})
            found = misfits(person.view)
            # And of every second one axe is asked at one width, by turns.
            if is_whole or (turn % 2 == 0 and width == (DESK, TELEPHONE)[turn // 2 % 2]):
                found += violations(person.view)
            faults += [f"{address} at {width}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_a_planted_fault_is_found(example: House) -> None:
    person = example.visitor()
    person.goes_to("/login")
    assert misfits(person.view) + violations(person.view) == []
    person.view.evaluate("""() => {
        const grey = document.body.appendChild(document.createElement("p"));
        grey.textContent = "grey on white";
        grey.style.color = "#bbb";
        grey.style.background = "#fff";
        grey.style.width = "2000px";
    }""")
    assert (len(misfits(person.view)), len(violations(person.view))) == (1, 1)


def violations(view: Page) -> list[str]:
    """What axe-core says about a page."""
    found = Axe().run(view, options=RULES)
    return [found.generate_report()] if found.violations_count else []


def misfits(view: Page) -> list[str]:
    """What is cut off, and how much too wide the page is."""
    wide = view.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*view.evaluate(CUT_OFF), *([f"{wide} pixels too wide"] if wide > 0 else [])]


@pytest.mark.parametrize(
    ("who", "path", "landscape"),
    [
        (READER, "/measures", True),
        (OFFICER, "/costs/2026-04", False),
        (OFFICER, "/reports/2026-h1/{project}/imabetsu/check", False),
    ],
    ids=["matrix", "cost", "check"],
)
def test_a_page_meant_for_paper_fits_on_one_sheet(
    example: House, who: Who, path: str, landscape: bool
) -> None:
    person = example.signed_in(*who)
    person.goes_to(path.format_map(places(example.app)))
    sheet = person.view.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1
    assert (b"/MediaBox [0 0 841.9" in sheet) is landscape
