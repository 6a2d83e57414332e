"""Loads the Aomori example, built only through the features' own actions."""

from datetime import date, datetime

from sqlalchemy import select

from tracker.demo import area, letters, year
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry, Subject

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
LOADED = "demo.loaded"


def load(*, at: datetime) -> bool:
    """Builds the example as it stands at an instant; False when it is there already.

    It tells of that day's fiscal year up to then and of the year before.  Raises Refusal for
    a day before the agreements, in another area's database, and after a broken load.
    """
    if is_loaded():
        return False
    today = clock.day(at)
    if today < CONCLUDED_ON:
        raise Refusal(
            f"例は、協約を結んだ{wareki.long(CONCLUDED_ON)}から後の日で読み込んでください。"
        )
    first = max(FiscalYear.containing(today).previous, FIRST_YEAR)
    area.set_up(min(at, clock.at(first.begins, area.BEGINS)))
    year.live(first, until=at)
    letters.set_clock(min(at, clock.now()))
    history.record(None, LOADED, Subject("demo", 1), "例（例示）を読み込みました。", at=at)
    db.session.commit()
    return True


def is_loaded() -> bool:
    """Whether the example stands complete; an empty database has none.

    Raises Refusal for an area that is no example, and for one whose load broke off.
    """
    found = areas.area()
    if found is None:
        return False
    if not found.is_example:
        raise Refusal(f"{found.name}が登録されています。例は、空のデータベースにだけ読み込めます。")
    if not db.session.scalar(select(HistoryEntry.id).where(HistoryEntry.verb == LOADED).limit(1)):
        raise Refusal(
            "例の読み込みが途中で止まっています。"
            "データベースを空にしてから、もう一度読み込んでください。"
        )
    return True
