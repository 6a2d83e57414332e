"""What a letter costs to send, against a bare loop with ready messages (performance.md 7, #10).

    .venv/bin/python -m tests.bench.letters [--letters 10000] [--rounds 5] [--before CHECKOUT]

The ways take turns over the same letters to the same sink on this machine.  `raw` is smtplib's
sendmail over one connection with messages built beforehand and nothing recorded; `one` and `four`
are a pass of the product over one and four connections in a process of its own, every state
durably committed (SQLite in WAL with synchronous=FULL, or the PostgreSQL database named).
`before one` and `before four` are those of another checkout, over SQLite.  `cpu` is a way's own
processor time a letter, `of raw` its rate over that of `raw` in the same round; a figure whose
rounds lie more than 1.3 times apart gets no verdict.
"""

import argparse
import json
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import column, create_engine, delete, insert, table, text

from tracker.mail import mime
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.schema import append_only

ROOT = Path(__file__).parents[2]
SENDER = "renkei@aomori.example"
MOST_CPU = 0.45
LEAST_OF_RAW = {"one": 0.7, "four": 1.0}
MOST_SPREAD = 1.3
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
# One pass of a checkout in a process of its own, which may know no bench: how many were sent, and
# wall and processor seconds.
PASS = """
import json, sys, time
from tracker.app import create_app
from tracker.reminders import actions
app = create_app({"MAIL_CONNECTIONS": int(sys.argv[1])})
with app.app_context():
    begun, used = time.perf_counter(), time.process_time()
    done = actions.run_once()
    print(json.dumps([done.sent, time.perf_counter() - begun, time.process_time() - used]))
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
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        made = Sink(int(process.stdout.readline()))
        yield made
        process.stdin.close()
        made.counts = tuple(json.loads(process.stdout.read()))


def rows(count: int) -> list[dict[str, object]]:
    """So many due letters."""
    now = datetime.now(UTC)
    return [
        {
            "key": f"bench:{number}",
            "message_id": f"<{sha256(str(number).encode()).hexdigest()[:32]}@aomori.example>",
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
            "attempts": 0,
            "maybe_duplicate": False,
        }
        for number in range(count)
    ]


@dataclass
class Way:
    """One way to send letters; `seconds` and `cpu` (ms a letter) hold a figure a round."""

    name: str
    seconds: list[float]
    cpu: list[float]

    def send(self, count: int, port: int) -> tuple[float, float]:
        """Sends the letters; wall and processor seconds."""
        ready = [(str(row["to_email"]), mime.message(Letter(**row), SENDER)) for row in rows(count)]
        begun, used = time.perf_counter(), time.process_time()
        with smtplib.SMTP("127.0.0.1", port) as server:
            for address, message in ready:
                server.sendmail(SENDER, [address], message)
        return time.perf_counter() - begun, time.process_time() - used

    def measure(self, count: int, port: int) -> None:
        """One round."""
        seconds, used = self.send(count, port)
        self.seconds.append(seconds)
        self.cpu.append(used * 1000 / count)


@dataclass
class Product(Way):
    """A checkout's own pass over so many connections, with a database and a home."""

    checkout: Path
    url: str
    home: str
    connections: int

    def send(self, count: int, port: int) -> tuple[float, float]:
        """Every letter must end as sent; see `Way`."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.checkout),
            "TRACKER_SECRET_KEY": "bench",
            "TRACKER_DATABASE_URL": self.url,
            "TRACKER_HOME": self.home,
            "TRACKER_MAIL_SERVER": "127.0.0.1",
            "TRACKER_MAIL_PORT": str(port),
            "TRACKER_MAIL_SENDER": SENDER,
        }

        def run(*program: str) -> str:
            return subprocess.check_output(
                [sys.executable, *program], cwd=self.checkout, env=environment, text=True
            )

        run("-m", "tracker.cli", "db", "upgrade")
        self._fill(count)
        sent, seconds, used = json.loads(run("-c", PASS, str(self.connections)))
        assert sent == count, f"{self.name}: {sent} of {count}"
        return seconds, used

    def _fill(self, count: int) -> None:
        """Leaves the letters in the outbox and nothing else."""
        engine = create_engine(self.url)
        with engine.begin() as on:
            append_only.lift(on)
            on.execute(delete(SendAttempt))
            on.execute(delete(Letter))
            # Without the defaults of columns that an older checkout does not know.
            names = rows(1)[0]
            columns = [column(name, Letter.__table__.c[name].type) for name in names]
            on.execute(insert(table("letter", *columns)), rows(count))
            if engine.dialect.name == "postgresql":
                on.execute(text("ANALYZE letter"))
        engine.dispose()


def verdict(figures: Sequence[float], *, most: float | None = None, least: float = 0.0) -> str:
    """Whether the median keeps to the goal; none where the rounds lie too far apart."""
    spread = max(figures) / min(figures)
    said = f"{statistics.median(figures):.2f} (spread {spread:.2f})"
    if spread > MOST_SPREAD:
        return f"{said}: no verdict"
    keeps = least <= statistics.median(figures) <= (most or float("inf"))
    return f"{said}: {'reached' if keeps else 'missed'}"


def report(ways: Sequence[Way]) -> str:
    """Every figure of every round, and what is to be made of them."""
    raw = ways[0]
    lines = []
    for way in ways:
        of_raw = [a / b for a, b in zip(raw.seconds, way.seconds, strict=True)]
        goal = LEAST_OF_RAW.get(way.name.removeprefix("before "))
        cpu = f"{statistics.median(way.cpu):.3f}"
        lines.append(f"{way.name:12} cpu ms a letter by round: {_each(way.cpu, 3)}   median {cpu}")
        if goal is not None:
            lines.append(f"{'':12} cpu <= {MOST_CPU}: {verdict(way.cpu, most=MOST_CPU)}")
            lines.append(f"{'':12} rate of raw by round: {_each(of_raw, 2)}")
            lines.append(f"{'':12} of raw >= {goal}: {verdict(of_raw, least=goal)}")
    known = {way.name: way for way in ways}
    for name in LEAST_OF_RAW:
        if before := known.get(f"before {name}"):
            over = [a / b for a, b in zip(known[name].cpu, before.cpu, strict=True)]
            lines.append(f"{name:12} cpu over before by round: {_each(over, 2)}")
            lines.append(f"{'':12} cpu <= before: {verdict(over, most=1.0)}")
    return "\n".join(lines) + "\n"


def _each(figures: Sequence[float], digits: int) -> str:
    return ", ".join(f"{one:.{digits}f}" for one in figures)


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--letters", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--before", type=Path, help="another checkout, to compare with")
    options.add_argument("--database", help="default: a fresh SQLite file in the folder")
    options.add_argument("--folder", help="where such files are; default: the temporary folder")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, sink() as made:
        sides = [("", ROOT, given.database or f"sqlite:///{folder}/bench.sqlite3")]
        if given.before:
            sides.append(("before ", given.before.resolve(), f"sqlite:///{folder}/before.sqlite3"))
        ways = [Way("raw", [], [])]
        for word, checkout, url in sides:
            for name, connections in (("one", 1), ("four", 4)):
                ways.append(Product(word + name, [], [], checkout, url, folder, connections))
        for turn in range(given.rounds):
            for way in ways if turn % 2 else reversed(ways):
                way.measure(given.letters, made.port)
    times = len(ways) * given.rounds
    assert made.counts == (given.letters * times, times, times), made.counts
    sys.stdout.write(report(ways))


if __name__ == "__main__":
    main()
