"""What the pages of cost sharing start from."""

from collections.abc import Callable

import pytest
from flask import Flask

from tracker.plumbing.db import db


@pytest.fixture
def given(app: Flask) -> Callable[[Callable[[], object]], None]:
    """given(act): does something before the pages, in a context that ends with it."""

    def carry_out(act: Callable[[], object]) -> None:
        with app.app_context():
            act()
            db.session.remove()

    return carry_out
