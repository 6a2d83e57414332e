"""tracker replies read: what a reply mail answers (contracts.md)."""

import json
from typing import BinaryIO

import click

from tracker.incoming_mail import parts
from tracker.replies import rules
from tracker.replies.json import reply_json
from tracker.replies.reply import Expected


@click.group()
def replies() -> None:
    """Answers to letters by mail."""


@replies.command("read")
@click.argument("file", type=click.File("rb"))
@click.option("--candidates", type=click.IntRange(min=1), required=True, help="How many dates.")
@click.option("--letter", help="Message-ID of the letter that asked.")
@click.option("--asked", help="The address that it went to.")
@click.option("--uid", help="UID of the invitation.")
@click.option("--sequence", type=int, help="SEQUENCE of the invitation as it stands now.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def read(
    file: BinaryIO,
    candidates: int,
    letter: str | None,
    asked: str | None,
    uid: str | None,
    sequence: int | None,
    as_json: bool,
) -> None:
    """Says what FILE answers; nothing is written, and no database is asked."""
    told = Expected(candidates, letter, asked, uid, sequence)
    found = reply_json(rules.read(file.read(parts.MOST_BYTES), told))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    answers = " ".join(f"{number}:{mark}" for number, mark in found["answers"].items())
    click.echo("\t".join([found["kind"], answers or found["answer"] or "—", *found["doubt"]]))


commands = (replies,)
