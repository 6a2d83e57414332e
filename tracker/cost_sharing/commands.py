"""tracker costs split: the arithmetic of cost sharing for other programs (contracts.md)."""

import json
from typing import BinaryIO

import click

from tracker.cost_sharing.formula.split import split
from tracker.cost_sharing.json import loads_exact, read_split_request, split_json
from tracker.kernel.translation import _
from tracker.kernel.yen import yen


@click.group()
def costs() -> None:
    """Cost sharing (Article 4(2))."""


@costs.command("split")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print every step, exactly, as JSON.")
def split_command(file: BinaryIO, as_json: bool) -> None:
    """Divides an amount as FILE says; nothing is written, and no database is asked."""
    request = loads_exact(file.read())
    if as_json:
        click.echo(json.dumps(split_json(request), ensure_ascii=False, indent=2))
        return
    result = split(*read_split_request(request))
    for line in result.lines:
        click.echo(f"{line.municipality}\t{yen(line.share)}")
    click.echo(_("合計\t%(total_yen)s", total_yen=yen(result.total_yen)))


commands = (costs,)
