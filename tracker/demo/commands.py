"""tracker demo load."""

from datetime import datetime, time

import click
from flask import current_app
from flask.cli import with_appcontext

from tracker.demo import actions
from tracker.plumbing import clock
from tracker.schema.actions import upgrade

MORNING = time(10)


@click.group()
def demo() -> None:
    """The Aomori example."""


@demo.command()
@click.option(
    "--on",
    "on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="As it stands on that day (default: today).",
)
@click.option("--large", "is_large", is_flag=True, help="30 made-up municipalities instead.")
@with_appcontext
def load(on: datetime | None, is_large: bool) -> None:
    """Loads the example into an empty database; a second time changes nothing."""
    upgrade()
    now = clock.now()
    is_today = on is None or on.date() == clock.day(now)
    at = now if is_today or on is None else clock.at(on.date(), MORNING)
    if actions.load(at=at, is_large=is_large):
        click.echo("例を読み込みました。次のアドレスでログインできます（パスワードは共通）。")
        click.echo(f"  パスワード {current_app.config['DEMO_PASSWORD']}")
        for address in actions.sign_ins():
            click.echo(f"  {address}")
    else:
        click.echo("例は、すでに読み込まれています。何も変えていません。")


commands = (demo,)
