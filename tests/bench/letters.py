"""How quickly due letters go out, against a bare loop with ready messages (performance.md 7, #10).

    .venv/bin/python -m tests.bench.letters --letters 10000 --rounds 3 [--database URL]

One run, three ways that take turns, each over the same letters to the same sink on this machine:
`raw` is smtplib's sendmail over one connection with messages built beforehand and nothing
recorded; `one` and `four` are the post office over one and four connections, every state
durably committed (SQLite in WAL with synchronous=FULL, or the PostgreSQL database named).
"""

import argparse
import json
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, insert, select, text

from tests.app_fixtures import make_app
from tracker.mail import letters, mime
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.plumbing import clock
from tracker.plumbing.db import db, upgrade
from tracker.reminders import actions

SENDER = "renkei@aomori.example"
BODY = """\
今別町 企画担当 様

上期の進捗報告の期限まで、あと3日です。次の2事業がまだ報告されていません。

　1　周遊観光の推進
　2　地域医療の連携

報告はこちらからお願いします。
https://renkei.example.lg.jp/reports/2026-h1

青森圏域連携中枢都市圏 事務局（青森市 連携推進担当）
電話 017-000-0000（平日 8時30分〜17時15分）
"""


@dataclass
class Sink:
    """The mail server in a process of its own; `counts` (letters, rarest, commonest) at its end."""

    port: int
    counts: tuple[int, int, int] = (0, 0, 0)


@contextmanager
def sink() -> Iterator[Sink]:
    """Starts and stops the mail server."""
    program = [sys.executable, "-m", "tests.bench.sink"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        made = Sink(int(process.stdout.readline()))
        yield made
        process.stdin.close()
        made.counts = tuple(json.loads(process.stdout.read()))


def fill(count: int) -> None:
    """Leaves `count` due letters in the outbox and nothing else."""
    db.session.execute(delete(SendAttempt))
    db.session.execute(delete(Letter))
    now = clock.now()
    rows = [
        {
            "key": f"bench:{number}",
            "message_id": letters.message_id(f"bench:{number}"),
            "kind": "reminder",
            "to_key": f"person:{number}",
            "to_name": "今別町 企画担当",
            "to_email": f"officer{number}@imabetsu.example",
            "subject": "【あと3日】上期の進捗報告（残り2事業）のお願い",
            "body": BODY,
            "state": LetterState.QUEUED,
            "written_at": now,
            "send_at": now,
            "next_attempt_at": now,
        }
        for number in range(count)
    ]
    db.session.execute(insert(Letter), rows)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE letter"))
        db.session.commit()


def raw(port: int, ready: list[tuple[str, bytes]]) -> None:
    """The bare loop."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for address, message in ready:
            server.sendmail(SENDER, [address], message)


def ready_messages() -> list[tuple[str, bytes]]:
    """The due letters as messages, built before the clock starts."""
    due = db.session.scalars(select(Letter).order_by(Letter.id)).all()
    made = [(letter.to_email, mime.message(letter, SENDER)) for letter in due]
    db.session.rollback()
    return made


def run_once(app: Flask, count: int, connections: int) -> None:
    """What `tracker reminders run` does; every letter must end as sent."""
    app.config["MAIL_CONNECTIONS"] = connections
    done = actions.run_once()
    assert done.sent == count, done


def measure(app: Flask, port: int, count: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the ways take turns."""
    mail = app.extensions["mail"]
    app.config["MAIL_SERVER"] = mail.server = "127.0.0.1"
    mail.port = port
    seconds: dict[str, list[float]] = {"raw": [], "one": [], "four": []}
    ways: tuple[tuple[str, Callable[[list[tuple[str, bytes]]], None]], ...] = (
        ("raw", lambda ready: raw(port, ready)),
        ("one", lambda _: run_once(app, count, 1)),
        ("four", lambda _: run_once(app, count, 4)),
    )
    for _ in range(rounds):
        for name, send in ways:
            fill(count)
            ready = ready_messages() if name == "raw" else []
            begun = time.perf_counter()
            send(ready)
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def ratios(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Each way's rate over the raw rate: medians of the rounds."""
    medians = {name: statistics.median(many) for name, many in seconds.items()}
    return {name: medians["raw"] / one for name, one in medians.items()}


def run(url: str, folder: Path, count: int, rounds: int) -> dict[str, list[float]]:
    """Measures on one database; every letter must have come once a way and round."""
    with sink() as made:
        app = make_app(url, folder)
        with app.app_context():
            upgrade()
            seconds = measure(app, made.port, count, rounds)
            db.session.remove()
            db.engine.dispose()
    times = len(seconds) * rounds
    assert made.counts == (count * times, times, times), made.counts
    return seconds


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--letters", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--database", help="default: a fresh SQLite file in the folder")
    options.add_argument("--folder", help="where that file is; default: the temporary folder")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        url = given.database or f"sqlite:///{folder}/bench.sqlite3"
        seconds = run(url, Path(folder), given.letters, given.rounds)
    for name, ratio in ratios(seconds).items():
        rates = ", ".join(f"{given.letters / one:.0f}" for one in seconds[name])
        sys.stdout.write(f"{name:5} {ratio:5.2f} of raw   letters/s by round: {rates}\n")


if __name__ == "__main__":
    main()
