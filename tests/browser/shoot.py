"""Takes the pictures of the README from the real product, at the day of the design shots.

    .venv/bin/python -m tests.browser.shoot [NAME ...]

Serves the example as it stands on 24 November 2026 and writes docs/shots/NAME.png, all of them
or those named: 1280 (telephones 390) pixels wide, at most 1600 high.
"""

import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import time_machine
from playwright.sync_api import FloatRect, Page, sync_playwright

from tests import cast
from tests.agreements.makers import FILE, clear_agreements
from tests.app_fixtures import SETTINGS, load_demo, make_app
from tests.browser.house import House, serving
from tests.browser.palette import with_palette
from tests.browser.scenes import LEAD, OFFICE, OFFICER, Who, places
from tests.services import CHROMIUM_ARGUMENTS, Pages
from tracker.schema.actions import upgrade

FOLDER = Path(__file__).parents[2] / "docs/shots"
HIGHEST = 1600
DESK, TELEPHONE = 1280, 390
# Name of the picture -> who looks at what, in a window how wide.
SHOTS: Mapping[str, tuple[Who | None, str, int]] = {
    "home_town": (OFFICER, "/", DESK),
    "home_office": (OFFICE, "/", DESK),
    "matrix": (OFFICER, "/measures", DESK),
    "project": (OFFICER, "/projects/{project}", DESK),
    "progress_form": (OFFICER, "/reports/2026-h1/{project}/imabetsu", DESK),
    "progress_check": (OFFICER, "/reports/2026-h1/{project}/imabetsu/check", DESK),
    "meeting": (OFFICE, "/meetings/2026", DESK),
    "cost": (LEAD, "/costs/2026-04", DESK),
    "letters": (OFFICE, "/notices", DESK),
    "mobile_home": (OFFICER, "/", TELEPHONE),
    "mobile_poll": (None, "{poll}", TELEPHONE),
}
REVIEW = "import_review"


def main(names: list[str]) -> None:
    """Takes the pictures with these names; raises KeyError for a name that is none."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(time_machine.travel(cast.NOW, tick=True))
        playwright = stack.enter_context(sync_playwright())
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        pages = Pages(browser)
        example = stack.enter_context(_example(home, pages))
        known = places(example.app)
        for name in names or [*SHOTS, REVIEW]:
            if name == REVIEW:
                _shoot_review(home, pages)
                continue
            who, path, width = SHOTS[name]
            person = example.signed_in(*who, width=width) if who else example.visitor(width=width)
            person.goes_to(path.format_map(known))
            _shoot(person.view, name)
            example.everybody_leaves()
        pages.close()
        browser.close()
    for problem in pages.problems:
        print(problem, file=sys.stderr)


@contextmanager
def _example(home: Path, pages: Pages) -> Iterator[House]:
    url = f"sqlite:///{home}/example.sqlite3"
    load_demo(url, home)
    app = make_app(url, home)
    with serving(app) as address:
        # Letters on the pages show the address of the example, not this run's port.
        app.config["BASE_URL"] = SETTINGS["BASE_URL"]
        yield House(app, address, pages)


def _shoot_review(home: Path, pages: Pages) -> None:
    """The real text in an area without agreements, as its office first sees it."""
    app = make_app(f"sqlite:///{home}/bare.sqlite3", home)
    with app.app_context():
        upgrade()
        cast.enter()
        clear_agreements()
    with serving(app) as address:
        office = House(app, address, pages).signed_in(*OFFICE)
        office.goes_to("/agreements/import")
        office.view.get_by_label("協約のファイル").set_input_files(FILE)
        office.presses("読み取る")
        office.sees_title("読み取った内容の確認")
        _shoot(office.view, REVIEW)


def _shoot(view: Page, name: str) -> None:
    view.wait_for_load_state("networkidle")
    width, height = view.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, HIGHEST)}
    picture = view.screenshot(full_page=True, clip=clip)
    (FOLDER / f"{name}.png").write_bytes(with_palette(picture))


if __name__ == "__main__":
    main(sys.argv[1:])
