"""The console script `tracker`: every command prints plain words (architecture.md 8)."""

import os
import secrets
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup

from tracker.kernel.refusal import Refusal
from tracker.plumbing import clock
from tracker.storage.files import project_root, write_whole

# Each of these has a `commands` module with a click group or command named `cli`.
COMMAND_GROUPS = (
    "sign_in",
    "agreements",
    "incoming_mail",
    "replies",
    "shares",
    "grants",
    "duties",
    "reminders",
    "operation",
    "record",
    "demo",
)


class _Refusing(FlaskGroup):
    """Turns a Refusal into one plain sentence on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            click.echo(refusal.message, err=True)
            sys.exit(1)


def _create_app() -> Flask:
    from tracker.app import create_app

    _keep_a_secret_key()
    return create_app()


def _keep_a_secret_key() -> None:
    """Writes a secret key into the home once, unless the environment names one."""
    if os.environ.get("TRACKER_SECRET_KEY") or os.environ.get("TRACKER_SECRET_KEY_FILE"):
        return
    home = Path(os.environ.get("TRACKER_HOME") or project_root() / "instance")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        write_whole(home / "secret_key", secrets.token_urlsafe(48).encode(), anew=True)


cli = _Refusing(
    name="tracker",
    create_app=_create_app,
    add_version_option=False,
    add_default_commands=False,
    load_dotenv=False,
    help="連携協約 進行管理",
)


@cli.group()
def database() -> None:
    """The database."""


@database.command("upgrade")
def database_upgrade() -> None:
    """Brings the database to the newest form."""
    from tracker.schema.actions import upgrade

    upgrade()
    click.echo("The database is up to date.")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--empty", is_flag=True, help="Do not load the Aomori example at the first start.")
@click.option(
    "--no-clock", is_flag=True, help="Serve the pages only: `tracker worker` is the clock."
)
def run(host: str, port: int, empty: bool, no_clock: bool) -> None:
    """Serves the pages with the clock in the same process."""
    from tracker.demo import actions as demo
    from tracker.exposure import views as exposure
    from tracker.municipalities import queries as areas
    from tracker.operation import server
    from tracker.plumbing.db import db
    from tracker.reminders.actions import check_base_url
    from tracker.reminders.commands import start_clock, stop_clock
    from tracker.schema.actions import upgrade

    upgrade()
    if not empty and areas.area() is None:
        click.echo("Loading the Aomori example ...")
        demo.load(at=clock.now())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    is_example, is_empty = areas.is_example(), areas.area() is None
    if not exposure.is_loopback(host):
        demo.check_open(is_example=is_example)
    if is_example:
        demo.renew_password()
    if not is_empty:
        check_base_url()
    addresses = demo.sign_ins() if is_example else ()
    # This thread only serves from here on: a transaction left open would lock everybody out.
    db.session.remove()
    if not app.config["IS_BASE_URL_SET"]:
        app.config["BASE_URL"] = f"http://{host}:{port}"
    listening = server.make_server(app, host, port)
    if (most := listening.adj.connection_limit) < app.config["CONNECTIONS"]:
        click.echo(f"Only {most} connections: the system allows no more open files (ulimit -n).")
    running = None if no_clock else start_clock(app)
    click.echo(f"連携協約 進行管理: http://{host}:{port}")
    if is_empty:
        app.config["SETUP_CODE"] = app.config["SETUP_CODE"] or secrets.token_hex(6)
        click.echo(f"Set-up code: {app.config['SETUP_CODE']}")
    if is_example:
        click.echo("Example sign-ins (one password for all): " + app.config["DEMO_PASSWORD"])
        for address in addresses:
            click.echo(f"  {address}")
    server.serve(listening)
    stop_clock(running)


def main() -> None:
    """Runs the command named on the command line."""
    cli.add_command(database, "db")
    for name in COMMAND_GROUPS:
        for command in import_module(f"tracker.{name}.commands").commands:
            cli.add_command(command)
    cli.main(prog_name="tracker")


if __name__ == "__main__":
    main()
