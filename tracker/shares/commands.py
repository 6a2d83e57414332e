"""tracker costs split: the arithmetic of cost sharing for other programs (contracts.md)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError

from tracker.amounts.yen import yen
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.shares.json import loads_exact, read_split_request, split_json
from tracker.shares.split import LARGEST_REMAINDER, split


@click.group()
def costs() -> None:
    """Cost sharing (Article 4(2))."""


@costs.command("split")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print every step, exactly, as JSON.")
def split_command(file: BinaryIO, as_json: bool) -> None:
    """Divides an amount as FILE says; nothing is written.

    Only where ties go by 団体コード, and FILE has none, the database is asked for its own.
    """
    request = read_split_request(loads_exact(file.read()))
    if request.codes is None and request.remainder == LARGEST_REMAINDER:
        request = request._replace(codes=_own_codes())
    if as_json:
        click.echo(json.dumps(split_json(request), ensure_ascii=False, indent=2))
        return
    result = split(*request)
    for line in result.lines:
        click.echo(f"{line.municipality}\t{yen(line.share)}")
    click.echo(_("合計\t%(total_yen)s", total_yen=yen(result.total_yen)))


def _own_codes() -> Mapping[str, str]:
    """団体コード by name, of this installation; none where it has no database."""
    installation = click.get_current_context().find_object(ScriptInfo)
    with suppress(OSError, DBAPIError):
        if installation and installation.create_app:
            with installation.load_app().app_context():
                at = db.engine.url
                # SQLite would make the file that is not there.
                if at.get_backend_name() != "sqlite" or Path(at.database or "").exists():
                    return {town.name: town.code for town in areas.towns()}
    return {}


commands = (costs,)
