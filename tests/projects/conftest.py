"""What several tests of the feature begin with."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.projects.makers import make_project, make_round


@pytest.fixture
def project_id(app: Flask) -> int:
    """A project of all five with an open round, nothing reported yet."""
    with app.app_context():
        project = make_project()
        make_round()
        return project.id


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    """The application's context, for tests that read the database alone."""
    with app.app_context():
        yield
