"""tracker history verify | export | dispose (contracts.md, "Trust")."""

import sys
from typing import TextIO

import click
from flask.cli import with_appcontext

from tracker.accounts import queries as accounts
from tracker.chain import rules as chain
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.plumbing.db import reading
from tracker.record import actions, queries
from tracker.record.reading.queries import exported


@click.group("history")
def record() -> None:
    """The record of what was done."""


@record.command()
@click.option("--head", help="A head noted before: N-HASH or a bare hash.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@with_appcontext
def verify(head: str | None, as_json: bool) -> None:
    """Checks the whole record and every decision; exit code 1 when something is wrong."""
    with reading():
        verdict = queries.verdict(head)
    click.echo("\n".join(chain.told(verdict, as_json=as_json)))
    sys.exit(1 if verdict.problems else 0)


@record.command()
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True))
@with_appcontext
def export(file: TextIO) -> None:
    """Writes the record into FILE, one entry a line, for docs/verify_history.py."""
    with reading():
        file.writelines(exported())


@record.command()
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why; stands in the record.")
@click.option("--by", help="Address of who disposes of it; whether they may is checked.")
@with_appcontext
def dispose(number: int, reason: str, by: str | None) -> None:
    """Takes out the sentence and the values of entry NUMBER; the chain holds all the same."""
    actions.dispose(accounts.act_by(by, Permission.DISPOSE_HISTORY), number, reason)
    click.echo(_("記録%(number)s番の内容を廃棄しました。", number=number))


commands = (record,)
