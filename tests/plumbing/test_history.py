"""The record can be read, and what was changed behind its back is found."""

import pytest
from sqlalchemy import delete, update

from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry, Subject


def write(count: int) -> list[int]:
    """That many entries, committed; their ids."""
    ids = []
    for number in range(count):
        entry = history.record(
            None,
            "test.done",
            Subject("test", number),
            f"{number}番目のこと",
            at=clock.now(),
            before={"値": number},
            after={"値": number + 1},
        )
        ids.append(entry.id)
    db.session.commit()
    return ids


def test_an_untouched_record_holds(both):
    write(5)
    assert history.verify() is None


@pytest.mark.parametrize(
    "values",
    [{"summary": "別のこと"}, {"actor": "別の人"}, {"payload": {"before": {}, "after": {}}}],
)
def test_a_changed_entry_is_found(both, values):
    ids = write(5)
    db.session.execute(update(HistoryEntry).where(HistoryEntry.id == ids[2]).values(**values))
    db.session.commit()
    db.session.expire_all()
    assert history.verify() == ids[2]


def test_a_missing_entry_is_found_at_the_next(both):
    ids = write(5)
    db.session.execute(delete(HistoryEntry).where(HistoryEntry.id == ids[2]))
    db.session.commit()
    assert history.verify() == ids[3]


def test_a_blanked_payload_keeps_the_chain(both):
    ids = write(3)
    db.session.execute(update(HistoryEntry).where(HistoryEntry.id == ids[1]).values(payload=None))
    db.session.commit()
    db.session.expire_all()
    assert history.verify() is None


def test_the_office_reads_it_and_a_town_does_not(app, browse):
    with app.app_context():
        write(3)
    assert "2番目のこと" in browse("office").get("/audit").text
    browse("officer", "imabetsu").get("/audit", status=403)
