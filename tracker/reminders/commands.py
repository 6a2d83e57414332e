"""tracker reminders preview | run; tracker worker; the clock that both kinds of server run."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import delivery
from tracker.mail.letters import LetterState
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions
from tracker.reminders.notices.queries import progress
from tracker.reminders.rules import HOUR
from tracker.storage.database import checkpoint, is_passing

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

_ON = click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="As if it were that day.")
_JSON = click.option("--json", "as_json", is_flag=True, help="For other programs.")


@click.group()
def reminders() -> None:
    """Letters that remind people of what is due."""


@reminders.command()
@_ON
@_JSON
@with_appcontext
def preview(on: datetime | None, as_json: bool) -> None:
    """Shows the reminders of a day; writes nothing."""
    day = on.date() if on else clock.today()
    with clock.moved_to(clock.at(day, HOUR)):
        drafts = [(new.row, items) for new, items in actions.preview(day)]
    db.session.rollback()
    if as_json:
        rows = [
            {
                "to": row["to_email"],
                "send_at": row["send_at"].astimezone(clock.TOKYO).isoformat(),
                "subject": row["subject"],
                "body": row["body"],
                "items": items,
            }
            for row, items in drafts
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row, _items in drafts:
        click.echo("{to_name} <{to_email}>\n{subject}\n\n{body}".format_map(row))
    click.echo(_("%(count)s通", count=len(drafts)))


@reminders.command()
@_ON
@_JSON
@with_appcontext
def run(on: datetime | None, as_json: bool) -> None:
    """One pass: plans what fell due and sends it."""
    instant = actions.check_day(on.date() if on else None)
    with clock.moved_to(instant or clock.now()), _bar() as told:
        done = actions.run_once(told)
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    click.echo(
        _(
            "予定 %(planned)s通、送信済み %(sent)s通、再送予定 %(retrying)s通、"
            "届いていません %(undeliverable)s通、見送り %(skipped)s件",
            planned=done.planned,
            sent=done.sent,
            retrying=done.retrying,
            undeliverable=done.undeliverable,
            skipped=done.skipped,
        )
    )


@contextmanager
def _bar() -> Iterator[actions.Told | None]:
    """A bar that grows while letters go out, for whoever watches a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=0, label=_("送信中"), file=sys.stderr, show_pos=True) as bar:

        def told(counts: Mapping[LetterState, int]) -> None:
            done = sum(counts.values())
            bar.length = done + progress(clock.now()).left
            db.session.rollback()
            bar.update(done - bar.pos)

        yield told


def start_clock(app: Flask) -> "BackgroundScheduler":
    """Looks every CLOCK_SECONDS, in this process; more such processes do no harm.

    APScheduler is only the clock: it says "look", the tables say what there is to do.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="Asia/Tokyo")
    scheduler.add_job(
        look,
        "interval",
        args=[app],
        seconds=app.config["CLOCK_SECONDS"],
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler


def look(app: Flask) -> None:
    """One pass; whatever goes wrong is written down and the next look tries again."""
    with app.app_context():
        try:
            actions.run_once()
            checkpoint()
        except Refusal as refusal:
            log.error("%s", refusal.message)
        except Exception as error:
            said = str(error).partition("\n")[0]
            # It may fail so twice a minute, for hours.
            is_fault = not is_passing(error)
            log.error("the pass failed; the next one tries again: %s", said, exc_info=is_fault)
        finally:
            db.session.remove()


def stop_clock(running: "BackgroundScheduler | None") -> None:
    """Ends the pass that is going on after the letters under way, and leaves a whole database file."""
    delivery.stopping.set()
    if running is not None:
        running.shutdown()
    db.session.remove()
    checkpoint(is_last=True)


@click.command()
@with_appcontext
def worker() -> None:
    """Runs the clock alone, for several web processes; ends at SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = start_clock(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo("The clock is running.")
    stop.wait()
    stop_clock(running)


commands = (reminders, worker)
