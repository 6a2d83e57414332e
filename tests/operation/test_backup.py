"""A backup taken while everything runs comes back whole, on either engine, and mails nothing."""

import json
import stat
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import insert, select, text, update

from tests import cast
from tests.app_fixtures import copy_of, lent_database, opened, template
from tests.cost_sharing.makers import act_of, make_draft
from tests.operation.kept import count_of, everything
from tests.services import SmtpServer
from tests.troubles import no_room
from tracker.accounts import queries as accounts
from tracker.attachments import uploads
from tracker.attachments.uploads import Sent
from tracker.cost_sharing.cases import actions as costs
from tracker.history import history
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.mail.letters import Letter, LetterState
from tracker.operation import commands
from tracker.operation.backup.actions import back_up, restore
from tracker.operation.backup.rules import MANIFEST
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders.actions import run_once
from tracker.reminders.models import ClockState
from tracker.reminders.notices.actions import let_go
from tracker.sign_in.password.actions import sign_in
from tracker.sign_in.password.rules import Origin
from tracker.storage.database import insert_missing

pytestmark = pytest.mark.engines_by_turns

ENGINES = ["sqlite", "postgresql"]
WAYS = [(one, other) for one in ENGINES for other in ENGINES]


@contextmanager
def empty(engine: str, folder: Path, **changes: Any) -> Iterator[Flask]:
    """The product over a database in which there is nothing at all."""
    folder.mkdir()
    start = None if engine == "sqlite" else template("empty", engine)
    url, _ = copy_of(start, engine, folder / "tracker.sqlite3")
    with opened(url, folder, **changes) as app, app.app_context():
        yield app


@contextmanager
def writing() -> Iterator[list[int]]:
    """Somebody who writes all the time, two rows at once that must not come apart."""
    app, stop, done = _app(), threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            with app.app_context():
                act = Act(None, clock.now())
                said = f"{done[0]}"
                with act.change("test.written", history.Subject("test", said), said):
                    at = clock.now()
                    row = {"key": said, "address": said, "asked_at": at}
                    db.session.execute(insert(db.metadata.tables["reset_request"]), [row])
                done[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined]


def restored_under_load(engine: str, other: str, folder: Path, data: str) -> None:
    path = folder / "kept.zip"
    with (
        lent_database(data, engine, folder) as url,
        opened(url, folder / "from") as app,
        app.app_context(),
    ):
        insert_missing(ClockState, [{"id": 1}], ["id"])
        db.session.commit()
        with writing() as done:
            while done[0] < 3:
                pass
            back_up(path, clock.now())
        wanted = everything()
    with empty(other, folder / "to"):
        restore(path, clock.now())
        found = everything()
        entries = len(found["history"])
        moving = {"history", "reset_request", "data_version"}
        assert {name: rows for name, rows in found.items() if name not in moving} == {
            name: rows for name, rows in wanted.items() if name not in moving
        }
        # A beginning of what stood there at the end, and the same beginning of both tables.
        assert found["history"] == wanted["history"][:entries]
        written = {row[0] for row in found["reset_request"]}
        assert written == {str(number) for number in range(len(written))} and len(written) >= 3
        told = sum("test.written" in entry for entry in found["history"])
        assert told == len(written)
        # The next rows get numbers of their own.
        with Act(None, clock.now()).change("test.after", history.Subject("test", 1), "後"):
            pass
        assert history.verify() is None and count_of("history") == entries + 1


@pytest.mark.parametrize(("engine", "other"), [WAYS[1], WAYS[2]])
def test_a_backup_under_writes_comes_back_on_the_other_engine(
    engine: str, other: str, tmp_path: Path
) -> None:
    restored_under_load(engine, other, tmp_path, "cast")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_thirty_backups_under_writes_come_back(number: int, tmp_path: Path) -> None:
    restored_under_load(*WAYS[number % 4], tmp_path, "demo")


@pytest.fixture
def kept(both: Flask, tmp_path: Path) -> Path:
    """A backup of the cast, with an entry, letters and a session."""
    actor = accounts.actor_of(cast.email("office"))
    [to, *_] = accounts.recipients_of_person(actor.person_id)
    with Act(actor, cast.NOW).change("test.done", history.Subject("test", 1), "試した。") as entry:
        entry.told = {"yen": 12, "none": None, "text": "髙﨑 葛󠄀"}
        letters.write("test", to, "件名", "本文", key="one", at=cast.NOW)
        hour = cast.NOW + timedelta(days=3)
        letters.write("test", to, "件名", "本文", key="two", at=hour)
    sign_in(cast.email("office"), cast.PASSWORD, at=clock.now(), origin=Origin("192.0.2.7"))
    db.session.commit()
    path = tmp_path / "kept.zip"
    back_up(path, clock.now())
    return path


def test_a_backup_has_neither_key_nor_sessions_nor_letters_as_files(
    kept: Path, both: Flask
) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert count_of("sign_in") == 1
    with zipfile.ZipFile(kept) as zipped:
        names = set(zipped.namelist())
        said = json.loads(zipped.read(MANIFEST))
        assert all(both.config["SECRET_KEY"].encode() not in zipped.read(name) for name in names)
    assert {"tables/person.jsonl", "tables/history.jsonl"} < names
    assert not any("sign_in.jsonl" in name or "once" in name or "outbox" in name for name in names)
    assert (said["history_head"], said["parts"]["tables/municipality.jsonl"]["rows"]) == (
        history.head(),
        5,
    )


def test_a_full_disk_leaves_no_half_of_a_backup(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    with app.app_context():
        everything()
        with no_room(2000), pytest.raises(OSError, match="too large"):
            back_up(folder / "kept.zip", clock.now())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_restored_system_mails_nothing_until_it_is_told_to(
    kept: Path, engine: str, tmp_path: Path, smtp_server: SmtpServer
) -> None:
    mail = {"MAIL_SERVER": smtp_server.host, "MAIL_PORT": smtp_server.port}
    with empty(engine, tmp_path / "to", **mail):
        restored = restore(kept, clock.now())
        assert (restored.held, restored.is_same_key) == (2, True)
        # What is written or planned after it waits too.
        actor = accounts.actor_of(cast.email("office"))
        [to, *_] = accounts.recipients_of_person(actor.person_id)
        with Act(actor, clock.now()):
            letters.write("test", to, "件名", "あと", key="three", at=clock.now())
        for _turn in range(2):
            run_once()
        assert smtp_server.messages == []
        states = dict(db.session.execute(select(Letter.key, Letter.state)).all())
        assert {states[key] for key in ("one", "two", "three")} == {LetterState.HELD}
        twice = dict(db.session.execute(select(Letter.key, Letter.maybe_duplicate)).all())
        assert (twice["one"], twice["two"], twice["three"]) == (True, False, False)

        with pytest.raises(Refusal, match="すべて送る"):
            let_go(Act(actor, clock.now()), db.session.scalar(select(Letter.id)) or 0)
        told = _app().test_cli_runner().invoke(commands.release)
        assert told.output == f"保留していたメール{len(states)}通を送ります。\n"
        db.session.expire_all()
        assert db.session.get(ClockState, 1).held_since is None
        run_once()
        assert len(smtp_server.messages) == len(states) - 1


def test_another_key_ends_what_was_mailed_and_the_restore_says_so(
    kept: Path, tmp_path: Path
) -> None:
    with empty("sqlite", tmp_path / "to", SECRET_KEY="another key, also long enough") as app:
        said = app.test_cli_runner().invoke(commands.restore, [str(kept)])
        assert "秘密鍵が、バックアップを取ったときと違います。" in said.output
        again = app.test_cli_runner().invoke(commands.restore, [str(kept)])
        assert isinstance(again.exception, Refusal) and "--replace" in again.exception.message


@pytest.mark.parametrize("engine", ENGINES)
def test_what_holds_data_is_replaced_only_where_that_is_said(
    kept: Path, engine: str, tmp_path: Path
) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    url, _ = copy_of(template("cast", engine), engine, folder / "tracker.sqlite3")
    with opened(url, folder) as app, app.app_context():
        with Act(None, clock.now()).change("test.other", history.Subject("test", 9), "別の記録"):
            pass
        _plant_triggers(engine)
        before = everything(with_held=True)
        with pytest.raises(Refusal, match="--replace"):
            restore(kept, clock.now())
        assert everything(with_held=True) == before
        (folder / "kept").mkdir(exist_ok=True)
        (folder / "kept" / "post").write_bytes(b"sealed")
        restore(kept, clock.now(), replace=True)
        assert count_of("sign_in") == 0 and "test.other" not in str(everything())
        assert list((folder / "kept").iterdir()) == []
        # The triggers hold again.
        with pytest.raises(Exception, match="append-only"):
            db.session.execute(update(history.HistoryEntry).values(summary="x"))
        db.session.rollback()
        again = tmp_path / "again.zip"
        back_up(again, clock.now())
    assert contents(again) == contents(kept)


def _plant_triggers(engine: str) -> None:
    for what in ("UPDATE", "DELETE"):
        name = f"planted_{what.lower()}"
        if engine == "sqlite":
            body = "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            db.session.execute(text(f"CREATE TRIGGER {name} BEFORE {what} ON history {body}"))
        else:
            said = "LANGUAGE plpgsql AS $$ BEGIN RAISE 'append-only'; END $$"
            db.session.execute(text(f"CREATE FUNCTION {name}() RETURNS trigger {said}"))
            db.session.execute(
                text(
                    f"CREATE TRIGGER {name} BEFORE {what} ON history "
                    f"FOR EACH ROW EXECUTE FUNCTION {name}()"
                )
            )
    db.session.commit()


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        left = {MANIFEST, "tables/letter.jsonl", "tables/clock_state.jsonl"}
        return {name: zipped.read(name) for name in zipped.namelist() if name not in left}


def test_attachments_come_along_and_what_is_lost_is_said(tmp_path: Path) -> None:
    """A damaged file keeps no backup from being written, and none of it is passed on."""
    path = tmp_path / "kept.zip"
    with (
        lent_database("cast", "sqlite", tmp_path) as url,
        opened(url, tmp_path / "from") as app,
        app.app_context(),
    ):
        sent = [Sent(f"{n}.csv", "csv", b"%d" % n) for n in range(3)]
        costs.attach(act_of("office"), make_draft(), sent, None, is_sealed=False)
        uploads.path_of(uploads.digest_of(b"0")).write_bytes(b"9")
        uploads.path_of(uploads.digest_of(b"1")).unlink()
        (tmp_path / "from" / "uploads" / "ab").mkdir(exist_ok=True)
        (tmp_path / "from" / "uploads" / "ab" / "nobodys").write_bytes(b"x")
        done = app.test_cli_runner().invoke(commands.backup, [str(path)])
        assert done.exit_code == 1 and "添付ファイル2件は" in str(done.exception)
    with empty("sqlite", tmp_path / "to"):
        restore(path, clock.now())
        there = [uploads.content_of(uploads.digest_of(b"%d" % n)) for n in range(3)]
        assert there == [None, None, b"2"]
        kept = [one for one in (tmp_path / "to" / "uploads").rglob("*") if one.is_file()]
        assert len(kept) == 1 and stat.S_IMODE(kept[0].stat().st_mode) == 0o600
        assert count_of("attachment") == 3
