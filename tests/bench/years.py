"""Many years of the small example's area: 52 projects, two rounds a year, the record of all of it.

    .venv/bin/python -m tests.bench.years --years 10 --home FOLDER [--database URL]

Ten years make some 15,000 entries of the record and 5,000 letters; other years, as many less.
"""

import argparse
import sys
from datetime import date, time
from pathlib import Path

import time_machine
from flask import Flask
from sqlalchemy import text

from tests import cast
from tests.app_fixtures import make_app
from tracker.demo import area, letters, past
from tracker.demo.past import Scale
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

PROJECTS, REMINDERS_A_YEAR = 52, 420
# When the latest census had been published; the rows themselves begin years before.
ENTERED_ON = date(2020, 12, 1)


def make(url: str, home: Path, years: int) -> Flask:
    """The application over an empty database that it fills with so many fiscal years."""
    app = make_app(url, home)
    with time_machine.travel(cast.NOW, tick=True), app.app_context():
        upgrade()
        area.set_up(clock.at(ENTERED_ON, time(9)))
        past.write(Scale(PROJECTS, years, REMINDERS_A_YEAR * years), cast.NOW)
        letters.set_clock(cast.NOW)
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        db.session.remove()
    return app


def main() -> None:
    """Fills a database and says what is in it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--years", type=int, default=10)
    options.add_argument("--home", type=Path, required=True)
    options.add_argument("--database", help="default: a SQLite file in the home")
    given = options.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    app = make(given.database or f"sqlite:///{given.home}/tracker.sqlite3", given.home, given.years)
    with app.app_context():
        for table in ("project", "progress_report", "history", "letter", "cost_case", "meeting"):
            count = db.session.scalar(text(f"SELECT count(*) FROM {table}"))
            sys.stdout.write(f"{table:16} {count:7,}\n")


if __name__ == "__main__":
    main()
