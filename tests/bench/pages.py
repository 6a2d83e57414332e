"""Processor time of the main pages, two sides by turns: two checkouts, or one year against ten.

    .venv/bin/python -m tests.bench.pages --before CHECKOUT [--after CHECKOUT] [--years 1 | --example]
    .venv/bin/python -m tests.bench.pages [--rounds 40]

With two checkouts each side runs its own code over its own data of so many years, or over the
example as its own code loads it, where one is older than the generator.  Without, this checkout
runs over one year and over ten; the goals are <= 1.2x warm and <= 1.5x right after a recorded
change, and of queries <= 10 and <= 16.  Each side is a process of its own, the rounds alternate, a
request is one of Flask's test client.  A round's figure is the median of its requests; `spread` is
how far the middle half of the rounds of the less steady side lies apart.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

PERIOD = "2026-h1"
# Who asks for which page; the names in braces are found in the data.
PAGES = {
    "home": ("office", "/"),
    "list": ("office", "/projects?fy=2026"),
    "matrix": ("office", "/measures?fy=2026&half=1"),
    "project": ("office", "/projects/{project}?fy=2026"),
    "report form": ("officer", f"/reports/{PERIOD}/{{draft}}/{{slug}}"),
    "round": ("office", f"/reports/{PERIOD}"),
    "inbox": ("lead", f"/reports/{PERIOD}/inbox"),
    "cost case": ("office", "/costs/2026-04"),
    "notices": ("office", "/notices"),
}
MOST_WARM, MOST_CHANGED = 1.2, 1.5
ANY = 10_000
# A report of a town to take back and submit again, or one that is being written.
FIND = """
SELECT m.slug, r.project_id
FROM progress_report r JOIN municipality m ON m.id = r.municipality_id
JOIN reporting_round o ON o.id = r.round_id
WHERE NOT m.is_hub AND o.closed_at IS NULL AND r.state = :state ORDER BY m.slug, r.project_id
"""


class Worker:
    """One checkout's application over its own data, inside the process of that side."""

    def __init__(self, folder: Path, years: int) -> None:
        from sqlalchemy import text

        from tests.pages import PageClient
        from tracker.plumbing.db import db

        app = filled(f"sqlite:///{folder}/tracker.sqlite3", folder, years)
        with app.app_context():
            (slug, changed), (writer, draft) = (
                db.session.execute(text(FIND), {"state": state}).first()
                for state in ("submitted", "draft")
            )
            db.session.remove()
        self.known = {"slug": writer, "draft": draft, "project": changed}
        self.changed = f"/reports/{PERIOD}/{changed}/{slug}"
        self.clients = {
            "office": PageClient(app).sign_in("office"),
            "lead": PageClient(app).sign_in("lead"),
            "officer": PageClient(app).sign_in("officer", writer),
            "reporter": PageClient(app).sign_in("officer", slug),
        }

    def visit(self, name: str, times: int, count: bool) -> dict[str, Any]:
        """Milliseconds of so many warm requests, and of some right after a change.

        With `count` the queries of one of each instead.
        """
        from tests.pages import counting

        who, path = PAGES[name]
        address, client = path.format_map(self.known), self.clients[who].client

        def ask() -> None:
            answer = client.get(address)
            assert answer.status_code == 200, f"{address} answered {answer.status}"

        ask()
        if count:
            with counting() as warm:
                ask()
            self.change()
            with counting() as changed:
                ask()
            return {"warm": len(warm), "changed": len(changed)}
        gc.collect()
        found: dict[str, list[float]] = {"warm": [measure(ask) for _ in range(times)]}
        found["changed"] = []
        for _ in range(max(1, times // 3)):
            self.change()
            found["changed"].append(measure(ask))
        return found

    def change(self) -> None:
        """Takes the report back, or submits it: what everybody's pages show has changed."""
        client = self.clients["reporter"]
        page = client.get(self.changed, status=None, most_queries=ANY)
        forms = page.all("main form[method=post]")
        backs = [n for n, one in enumerate(forms) if str(one.get("action")).endswith("/withdraw")]
        address = self.changed + ("/withdraw" if backs else "/check")
        if not backs:
            page = client.get(address, most_queries=ANY)
        done = client.post(address, page.fields(backs[0] if backs else -1))
        assert done.status == 302, f"{address} answered {done.status}: {done.text[:300]}"


def filled(url: str, folder: Path, years: int) -> Any:
    """The application over so many years of made-up data, or, with none, over the example."""
    if years:
        # This file's neighbour, whatever the checkout: it may be older than the generator.
        import years as generator

        return generator.make(url, folder, years)
    from tests.app_fixtures import load_demo, make_app

    load_demo(url, folder)
    return make_app(url, folder)


def measure(do: Callable[[], None]) -> float:
    """Its processor time in milliseconds."""
    begun = process_time()
    do()
    return (process_time() - begun) * 1000


def work(folder: Path, years: int) -> None:
    """What a side's process does: one line of JSON for each line asked."""
    import time_machine

    from tests import cast

    with time_machine.travel(cast.NOW, tick=True):
        worker = Worker(folder, years)
        sys.stdout.write("{}\n")
        sys.stdout.flush()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(worker.visit(**json.loads(line))) + "\n")
            sys.stdout.flush()


class Side(NamedTuple):
    """A process that measures, by what it is called."""

    label: str
    process: "subprocess.Popen[str]"

    def answer(self) -> dict[str, Any]:
        """The next line it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"{self.label} ended"
        return dict(json.loads(line))

    def visit(self, name: str, times: int, *, count: bool = False) -> dict[str, Any]:
        """Measures one page, or counts its queries."""
        assert self.process.stdin is not None
        asked = {"name": name, "times": times, "count": count}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return self.answer()


@contextmanager
def side(label: str, checkout: Path, years: int) -> Iterator[Side]:
    """Starts a side; its data are made before it says that it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        program = [sys.executable, __file__, "--work", folder, "--years", str(years)]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        with subprocess.Popen(
            program,
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield Side(label, process)
            assert process.stdin is not None
            process.stdin.close()


def compare(first: Side, second: Side, rounds: int, times: int) -> bool:
    """Measures both by turns and prints; whether the second keeps to the goals."""
    for one in (first, second):
        one.answer()
    keeps = True
    head = f"{first.label:>9} {second.label:>9}  ratio  spread  queries"
    sys.stdout.write(f"{'':21}{head}   (medians, ms of processor time)\n")
    for name in PAGES:
        rows: list[list[dict[str, Any]]] = [[], []]
        for turn in range(rounds):
            for at in (0, 1) if turn % 2 else (1, 0):
                rows[at].append((first, second)[at].visit(name, times))
        queries = [one.visit(name, times, count=True) for one in (first, second)]
        for kind, goal in (("warm", MOST_WARM), ("changed", MOST_CHANGED)):
            medians = [[statistics.median(row[kind]) for row in many] for many in rows]
            ratio = statistics.median(b / a for a, b in zip(*medians, strict=True))
            spread = max(apart(many) for many in medians)
            a, b = (statistics.median(many) for many in medians)
            keeps = keeps and ratio <= goal
            sys.stdout.write(
                f"{name:12} {kind:8}{a:9.2f} {b:9.2f} {ratio:6.2f} {spread:7.2f}"
                f"  {queries[0][kind]:3} {queries[1][kind]:3}\n"
            )
            sys.stdout.flush()
    return keeps


def apart(many: list[float]) -> float:
    """How far the middle half lies apart, as a ratio."""
    low, _, high = statistics.quantiles(many, n=4)
    return high / low


def main() -> None:
    """Measures and prints; with one checkout, fails where the goals are missed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--before", type=Path)
    options.add_argument("--after", type=Path, default=Path(__file__).parents[2])
    options.add_argument("--years", type=int, default=1)
    options.add_argument("--example", action="store_const", dest="years", const=0)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--times", type=int, default=6, help="warm requests a round")
    options.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.work:
        work(given.work, given.years)
        return
    with ExitStack() as stack:
        after = given.after.resolve()
        if given.before:
            left, right = (
                ("before", given.before.resolve(), given.years),
                ("after", after, given.years),
            )
        else:
            left, right = ("1 year", after, 1), ("10 years", after, 10)
        sides = [stack.enter_context(side(*one)) for one in (left, right)]
        keeps = compare(sides[0], sides[1], given.rounds, given.times)
    if not given.before and not keeps:
        sys.exit(1)


if __name__ == "__main__":
    main()
