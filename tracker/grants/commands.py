"""tracker costs ledger: the claims for the special grant, for other programs (contracts.md)."""

import json
from typing import BinaryIO

import click
from flask.cli import ScriptInfo

from tracker.grants import queries as ledger
from tracker.grants.json import ledger_json, read_ledger_request
from tracker.grants.rules import findings
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.shares.commands import costs
from tracker.shares.json import loads_exact


@costs.command("ledger")
@click.option("--fy", type=int, help="The fiscal year, as 2026: claims as they stand.")
@click.option(
    "--rows", "file", type=click.File("rb"), help="A file of claims; no database is asked."
)
@click.option("--json", "as_json", is_flag=True, help="Print every line as JSON.")
def ledger_command(fy: int | None, file: BinaryIO | None, as_json: bool) -> None:
    """The claims for the special grant, and what an audit would find; nothing is written."""
    if (fy is None) is (file is None):
        raise click.UsageError(_("--fy か --rows のどちらか1つを指定してください。"))
    if file is not None:
        request = read_ledger_request(loads_exact(file.read()))
        found = findings(request.lines, request.caps)
    else:
        with click.get_current_context().ensure_object(ScriptInfo).load_app().app_context():
            found = ledger.told(ledger.rows(FiscalYear(fy or 0)))
    if as_json:
        click.echo(json.dumps(ledger_json(found), ensure_ascii=False, indent=2))
        return
    for line, many in found:
        for one in many:
            click.echo(f"{line.municipality}\t{line.project}\t{one.kind.label}\t{one.words}")
    click.echo(_("指摘 %(count)s件", count=sum(len(many) for _line, many in found)))


commands = (costs,)
