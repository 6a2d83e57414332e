"""Houses to visit: one with its people only, and one with the whole example of the demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.agreements.makers import clear_agreements
from tests.app_fixtures import make_app
from tests.browser.chapters import agreement
from tests.browser.house import House, serving
from tests.services import Pages, SmtpServer

# Two busy cores are slow to draw; a page that never comes still fails.
expect.set_options(timeout=15_000)


@pytest.fixture
def town_hall(
    sqlite_url: str, tmp_path: Path, page: Pages, smtp_server: SmtpServer
) -> Iterator[House]:
    """Municipalities, posts, accounts and the census; no agreement yet."""
    mail = {"MAIL_SERVER": smtp_server.host, "MAIL_PORT": smtp_server.port}
    app = make_app(sqlite_url, tmp_path, CLOCK_SECONDS=1, **mail)
    with app.app_context():
        clear_agreements()
    with serving(app) as address:
        yield House(app, address, page, smtp_server)
        # Before the server goes: a page may still be fetching its pictures.
        page.close()


@pytest.fixture
def planned(town_hall: House) -> House:
    """The same with its four agreements and two projects."""
    agreement.plan_behind_the_pages(town_hall)
    return town_hall


@pytest.fixture
def example(demo_app: Flask, page: Pages) -> Iterator[House]:
    """The example as it stands on the day of the shots, a copy for each test."""
    with serving(demo_app) as address:
        yield House(demo_app, address, page)
        page.close()
