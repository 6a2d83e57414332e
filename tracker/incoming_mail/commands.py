"""tracker bounces read: what a mail that came back says (contracts.md)."""

import json
from typing import BinaryIO

import click

from tracker.incoming_mail import bounces, parts
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _


@click.group("bounces")
def bounces_group() -> None:
    """Mail that comes back."""


@bounces_group.command("read")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def read(file: BinaryIO, as_json: bool) -> None:
    """Says what FILE, a notice that a letter did not arrive, is about; asks no database.

    Whether the letter is ours is known only where its Message-ID is stored.
    """
    bounce = bounces.read(file.read(parts.MOST_BYTES))
    if bounce is None:
        raise Refusal(
            _("届かなかったことを知らせるメールではないか、ほかの人の手紙についてのものです。")
        )
    outcome = bounce.main
    letter = bounce.message_id.strip("<>") if bounce.message_id else None
    if not as_json:
        click.echo(
            "\t".join([letter or "—", *outcome.recipients, outcome.action, outcome.explained])
        )
        return
    told = {
        "letter": letter,
        "recipients": list(outcome.recipients),
        "action": outcome.action,
        "status": outcome.status,
        "explained": outcome.explained,
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


commands = (bounces_group,)
