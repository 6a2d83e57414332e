"""tracker agreements read | import."""

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from tracker.agreements import rules
from tracker.agreements.json import as_json
from tracker.agreements.reading.rules import read
from tracker.agreements.review import actions, question
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing import clock
from tracker.plumbing.changes import Act


@click.group()
def agreements() -> None:
    """Agreement texts (連携協約)."""


@agreements.command("read")
@click.argument("file")
@click.option("--json", "is_json", is_flag=True, help="For other programs (contracts.md).")
def read_(file: str, is_json: bool) -> None:
    """Shows what is read from a text file; nothing is saved."""
    reading = read(_text_of(file))
    if is_json:
        click.echo(json.dumps(as_json(reading), ensure_ascii=False, indent=2))
        return
    found = reading.agreement
    click.echo(found.title)
    for party in found.parties:
        click.echo(f"  {party.name} {party.head or '—'}")
    click.echo(
        _(
            "  締結日 %(concluded_on)s",
            concluded_on=wareki.long(found.concluded_on) if found.concluded_on else "—",
        )
    )
    click.echo(
        _(
            "  条文 %(articles)s条、連携施策 %(measures)s件",
            articles=len(found.articles),
            measures=len(found.measures),
        )
    )
    for remark in reading.remarks:
        click.echo(_("  要確認 %(remark)s", remark=remark.text))


@agreements.command("import")
@click.argument("file")
@click.option("--accept", is_flag=True, help="Accept what is proposed for every doubt.")
@with_appcontext
def import_(file: str, accept: bool) -> None:
    """Registers the agreement of a text file when nothing in it is doubtful."""
    agreement, asked = actions.import_text(
        Act(None, clock.now()), _text_of(file), Path(file).name, accept=accept
    )
    for one in asked:
        choice, _typed = question.proposal(one)
        click.echo(f"{one.text} → {_(one.ask.choices[choice])}")
    click.echo(_("「%(agreement)s」を登録しました。", agreement=agreement.title))


def _text_of(file: str) -> str:
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError):
        raise Refusal(
            _("「%(file)s」を開けませんでした。ファイルの場所と名前を確かめてください。", file=file)
        ) from None
    return rules.read_upload(data, file)


commands = (agreements,)
