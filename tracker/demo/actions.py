"""Loads the Aomori example, built only through the features' own actions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from flask import current_app

from tracker.accounts import queries as accounts
from tracker.demo import area, large, letters, year
from tracker.exposure import views as exposure
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.record.actions import keep_digests
from tracker.sign_in.password import actions as sign_in

SIGN_INS: tuple[str, ...] = (
    *(f"{role}@aomori.example" for role in ("office", "lead", "confirmer", "reader", "admin")),
    *(
        f"{role}@{slug}.example"
        for slug in ("hiranai", "imabetsu", "yomogita", "sotogahama")
        for role in ("officer", "confirmer")
    ),
)
# The agreements were concluded; projects began with the year after.
CONCLUDED_ON, FIRST_YEAR = date(2019, 12, 25), FiscalYear(2020)


def load(*, at: datetime, is_large: bool = False) -> bool:
    """Builds the example as it stands at an instant; False when it is there already.

    It tells of that day's fiscal year up to then, and of the year before; the large area of
    seven years.  A load that breaks off leaves nothing behind.  Raises Refusal for a day before
    the agreements were concluded, and where another area is entered.
    """
    today = clock.day(at)
    if today < CONCLUDED_ON:
        said = wareki.long(CONCLUDED_ON)
        raise Refusal(f"例は、協約を結んだ{said}から後の日で読み込んでください。")
    with _one_transaction():
        if _is_loaded(large.NAME if is_large else area.NAME):
            return False
        if is_large:
            large.load(at)
        else:
            first = max(FiscalYear.containing(today).previous, FIRST_YEAR)
            area.set_up(min(at, clock.at(first.begins, area.BEGINS)))
            year.live(first, until=at)
        letters.set_clock(min(at, clock.now()))
        keep_digests(Act(None, at))
    return True


def check_open(*, is_example: bool) -> None:
    """Whether others may reach what stands here; refuses the example with its published password."""
    if is_example and exposure.is_password_published(current_app):
        raise Refusal(exposure.ONLY_HERE)


def renew_password() -> None:
    """Gives the example's accounts the password of the settings, where they have the published one.

    Whoever sets TRACKER_DEMO_PASSWORD after the example was loaded means these accounts.
    """
    if exposure.is_password_published(current_app):
        return
    first = accounts.find_person(sign_ins()[0])
    if first and sign_in.matches(first.password_hash, exposure.PUBLISHED_PASSWORD):
        hashed = sign_in.hash_password(current_app.config["DEMO_PASSWORD"])
        act = Act(None, clock.now())
        with act:
            for address in sign_ins():
                if person := accounts.find_person(address):
                    sign_in.renew_password(act, person, hashed)


def sign_ins() -> tuple[str, ...]:
    """The addresses of the example that is loaded."""
    return large.SIGN_INS if areas.hub().slug == large.HUB else SIGN_INS


def _is_loaded(name: str) -> bool:
    found = areas.area()
    if found is not None and not (found.is_example and found.name == name):
        raise Refusal(f"{found.name}が登録されています。例は、空のデータベースにだけ読み込めます。")
    return found is not None


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Every commit inside is kept back until the end: all of it is written, or nothing."""
    db.session.remove()
    engine = db.engine
    engines: dict[str | None, object] = db.engines  # type: ignore[assignment]
    with engine.begin() as connection:
        # How Flask-SQLAlchemy joins a transaction; the session leaves its end to us.
        engines[None] = connection
        try:
            yield
        finally:
            db.session.remove()
            engines[None] = engine
            areas.forget()
