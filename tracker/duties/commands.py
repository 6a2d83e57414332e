"""tracker duties."""

import json
from datetime import datetime

import click
from flask.cli import with_appcontext

from tracker.duties import queries
from tracker.kernel import wareki
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock


@click.command()
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="As of that day.")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@with_appcontext
def duties(on: datetime | None, as_json: bool) -> None:
    """Lists what the agreement asks of whom by when."""
    today = on.date() if on else clock.today()
    names = {town.slug: town.name for town in areas.towns()}
    found = queries.all_duties(today)
    if as_json:
        rows = [
            {
                "key": duty.key,
                "kind": duty.kind.value,
                "article": duty.rule.article,
                "agreement": duty.owner.agreement,
                "municipality": names[duty.owner.municipality],
                "post": duty.to_role,
                "due_on": duty.due_on.isoformat(),
                "state": duty.state(today),
                "url": duty.url,
                "remaining": duty.remaining,
            }
            for duty in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    words = {"open": "　　", "overdue": _("超過"), "done": _("済み")}
    for duty in found:
        state = words[duty.state(today)]
        click.echo(
            f"{state} {wareki.full(duty.due_on)} {names[duty.owner.municipality]} {duty.title}"
        )
    if not found:
        click.echo(_("していただくことはありません。"))


commands = (duties,)
