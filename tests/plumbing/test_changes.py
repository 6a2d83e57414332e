"""An act: what it changed stands in the record, its rows are locked first, it commits once, last."""

from datetime import date
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests import cast
from tracker.accounts import queries as people
from tracker.accounts.models import Person, Post
from tracker.history import columns, history
from tracker.history.columns import subject_of
from tracker.history.history import HistoryEntry, Subject
from tracker.kernel.refusal import Refusal
from tracker.municipalities.models import Area, CalendarEntry, EntryKind, Municipality
from tracker.plumbing import changes
from tracker.plumbing.changes import NOT_OF_THIS, Act, Conflict
from tracker.plumbing.db import NEVER, PRIVATE, db

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]


def office() -> Act:
    return Act(people.actor_of(cast.email("office")), cast.NOW)


def town(slug: str = "imabetsu") -> Municipality:
    return db.session.scalars(select(Municipality).where(Municipality.slug == slug)).one()


def entries() -> list[HistoryEntry]:
    return list(db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)))


def test_every_changed_column_stands_before_and_after():
    row = town()
    with office().change("town.changed", row, "今別町の登録を直しました。"):
        row.kana, row.base_url = "いまべつ", "https://imabetsu.example"
    (entry,) = entries()
    assert entry.payload == {
        "before": {"kana": "いまべつまち"},
        "after": {"kana": "いまべつ", "base_url": "https://imabetsu.example"},
    }
    assert (entry.subject_kind, entry.subject_id) == ("municipality", str(row.id))


def test_rows_that_belong_to_the_subject_stand_under_their_own_name():
    row = town()
    with office().change("town.changed", row, "…"):
        held = CalendarEntry(
            municipality_id=row.id,
            kind=EntryKind.CLOSURE,
            name="開町記念日",
            begins_on=date(2026, 12, 3),
            ends_on=date(2026, 12, 3),
        )
        db.session.add(held)
    place = f"calendar_entry/{held.id}/"
    assert entries()[-1].payload["after"] == {
        f"{place}municipality_id": row.id,
        f"{place}kind": "closure",
        f"{place}name": "開町記念日",
        f"{place}begins_on": "2026-12-03",
        f"{place}ends_on": "2026-12-03",
    }
    with office().change("town.changed", row, "…"):
        db.session.delete(held)
    gone = entries()[-1].payload
    assert gone["before"][f"{place}name"] == "開町記念日"
    assert gone["after"] == dict.fromkeys(gone["before"])


def test_a_change_of_what_belongs_to_it_gives_the_subject_a_new_version():
    row = town()
    seen = row.seen
    with office().change("town.changed", row, "…"):
        db.session.add(
            CalendarEntry(
                municipality_id=row.id,
                kind=EntryKind.CLOSURE,
                name="休み",
                begins_on=cast.TODAY,
                ends_on=cast.TODAY,
            )
        )
    assert row.seen != seen
    assert row.version == 2


def test_an_old_value_nobody_had_read_is_read_for_the_record():
    row = town()
    db.session.expire(row)
    with office().change("town.changed", row, "…"):
        row.kana = "いまべつ"
    assert entries()[-1].payload["before"] == {"kana": "いまべつまち"}


def test_what_ends_as_it_began_is_no_change():
    row = town()
    with office().change("town.changed", row, "…"):
        row.kana = "いまべつ"
        db.session.flush()
        row.kana = "いまべつまち"
    assert entries()[-1].payload == {"before": {}, "after": {}}


def test_private_columns_are_sealed_and_secrets_left_out(monkeypatch):
    row = town()
    monkeypatch.setitem(Municipality.__table__.c.kana.info, "record", PRIVATE["record"])
    monkeypatch.setitem(Municipality.__table__.c.base_url.info, "record", NEVER["record"])
    with office().change("town.changed", row, "…"):
        row.kana, row.base_url = "いまべつ", "https://secret.example"
    payload = entries()[-1].payload
    assert payload["after"]["kana"].keys() == {"digest", "length"}
    assert (payload["before"]["kana"]["length"], payload["after"]["kana"]["length"]) == (6, 4)
    assert payload["before"]["kana"]["digest"] != payload["after"]["kana"]["digest"]
    assert "いまべつ" not in str(payload)
    assert "secret.example" not in str(payload)
    assert "base_url" not in str(payload)


def test_two_subjects_are_two_entries_and_one_commit_or_none():
    act, first, second = office(), town("imabetsu"), town("hiranai")
    with pytest.raises(Refusal), act:
        with act.change("town.changed", first, "…"):
            first.kana = "一"
        raise Refusal("だめです。")
    assert entries() == []
    assert town("imabetsu").kana == "いまべつまち"
    first, second = town("imabetsu"), town("hiranai")
    with act:
        for row in (first, second):
            with act.change("town.changed", row, "…"):
                row.kana = "一"
    assert [entry.subject_id for entry in entries()] == [str(first.id), str(second.id)]
    db.session.rollback()
    assert {town(slug).kana for slug in ("imabetsu", "hiranai")} == {"一"}


def test_a_change_within_a_change_keeps_to_its_own_subject():
    act, outer, inner = office(), town("imabetsu"), town("hiranai")
    with act.change("outer.changed", outer, "…"):
        outer.kana = "外"
        with act.change("inner.changed", inner, "…"):
            inner.kana = "内"
        outer.base_url = "https://x.example"
    first, second = entries()
    assert first.payload["after"] == {"kana": "内"}
    assert second.payload["after"] == {"kana": "外", "base_url": "https://x.example"}


def test_within_an_act_nothing_is_changed_beside_the_record():
    act = office()
    with pytest.raises(RuntimeError, match="outside act.change: municipality"), act:
        town().kana = "一"
        db.session.flush()
    with pytest.raises(RuntimeError, match="in bulk"), act.change("x.y", Subject("x", 1), "…"):
        db.session.execute(update(Municipality).values(kana="一"))
    assert entries() == []


def test_rows_are_locked_and_a_stale_one_is_told_with_who_was_first():
    row = town()
    seen = row.seen
    with office().change("town.changed", row, "…"):
        row.kana = "いまべつ"
    other = Act(people.actor_of(cast.email("officer", "imabetsu")), cast.NOW)
    # On another page of their own nobody else was first.
    for act, who in ((other, "青森市 連携推進担当が"), (office(), "ほかの画面で")):
        with pytest.raises(Conflict) as caught, act:
            act.lock((row, seen))
        assert str(caught.value).startswith(f"{who}11月24日 10:00に先に直しました。")
    # Whose page was another row's, or says nothing, does not know that anybody changed this one.
    for forged in ("", "x", str(row.version + 1), "9" * 5_000):
        with pytest.raises(Conflict, match=f"^{NOT_OF_THIS}"), other:
            other.lock((row, forged))
    with office() as act:
        act.lock((row, row.seen))


def test_a_row_changed_within_the_entry_of_another_subject_is_told_with_who_did_that():
    row, other = town(), town("hiranai")
    with Act(None, cast.NOW).change("town.changed", row, "…"):
        row.kana = "いまべつ"
    seen, officer = row.seen, Act(people.actor_of(cast.email("officer", "imabetsu")), cast.NOW)
    with office().change("town.changed", other, "…"):
        row.kana = "いま べつ"
    for act, who in ((officer, "青森市 連携推進担当"), (office(), None)):
        with pytest.raises(Conflict) as caught, act:
            act.lock((row, seen))
        assert [one.who for one in caught.value.rows] == [who]


def test_another_revision_is_told_with_who_made_it_unless_it_was_oneself():
    row = town()
    with office().change("text.sent", row, "…"):
        row.kana = "いまべつ"
    officer = Act(people.actor_of(cast.email("officer", "imabetsu")), cast.NOW)
    with officer.change("town.changed", row, "…"):
        row.kana = "今別"
    for act, who in ((officer, "青森市 連携推進担当"), (office(), None)):
        with pytest.raises(Conflict) as caught, act:
            changes.check_revision(act, row, 2, "1", "text.sent")
        assert [one.who for one in caught.value.rows] == [who]
    changes.check_revision(officer, row, 2, "2", "text.sent")


def test_a_rule_that_says_better_why_speaks_before_the_versions():
    row = town()

    def called_off() -> None:
        assert row.kana == "いまべつ"
        raise Refusal("取りやめになりました。")

    seen = row.seen
    with office().change("town.changed", row, "…"):
        row.kana = "いまべつ"
    with pytest.raises(Refusal, match="取りやめ") as caught, office() as act:
        act.lock((row, seen), first=called_off)
    assert not isinstance(caught.value, Conflict)


def test_of_many_rows_each_stale_one_is_named_and_a_missing_mark_is_stale():
    first, second = town("imabetsu"), town("hiranai")
    with pytest.raises(Conflict) as caught, office() as act:
        act.lock((first, first.seen, "今別町"), (second, "", "平内町"))
    assert [row.name for row in caught.value.rows] == ["平内町"]


def test_a_row_taken_out_meanwhile_is_a_conflict():
    row = CalendarEntry(
        municipality_id=town().id,
        kind=EntryKind.CLOSURE,
        name="休み",
        begins_on=cast.TODAY,
        ends_on=cast.TODAY,
    )
    db.session.add(row)
    db.session.commit()
    db.session.execute(CalendarEntry.__table__.delete())
    with pytest.raises(Conflict), office() as act:
        act.lock((row, None))


def test_locks_are_taken_in_one_order_whoever_asks(both: Flask):
    """Two acts over the same rows, named the other way round, never wait for each other in a ring."""
    barrier, failed = Barrier(2), []

    def go(*slugs: str) -> None:
        with both.app_context():
            try:
                for _ in range(5):
                    barrier.wait(20)
                    act = office()
                    with act:
                        act.lock(*((town(slug), None) for slug in slugs))
                        for slug in slugs:
                            with act.change("town.changed", town(slug), "…"):
                                pass
            except Exception as error:
                failed.append(error)
                barrier.abort()

    db.session.rollback()
    threads = [
        Thread(target=go, args=slugs)
        for slugs in (("imabetsu", "hiranai"), ("hiranai", "imabetsu"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert db.session.scalar(select(func.count(HistoryEntry.id))) == 20
    assert history.verify() is None


def test_versions_move_for_the_rooms_that_changed():
    before = dict(history.versions())
    row = town()
    with office().change("town.changed", row, "…"):
        row.kana = "いまべつ"
    moved = history.versions()
    assert {room for room in moved if moved[room] != before.get(room)} == {"municipalities"}


def test_every_exempt_table_exists_and_has_its_reason():
    assert set(columns.EXEMPT) - {"alembic_version"} <= set(db.metadata.tables)
    assert all(columns.EXEMPT.values())


def test_the_subject_of_a_row_is_its_kind_and_key():
    assert subject_of(town()).kind == "municipality"
    person = db.session.scalars(select(Person).limit(1)).one()
    assert subject_of(person) == Subject("account", str(person.id))
    assert Post.__tablename__ == subject_of(db.session.scalars(select(Post).limit(1)).one()).kind
    assert subject_of(db.session.scalars(select(Area)).one()) == Subject("area", "1")
