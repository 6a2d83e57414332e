"""tracker backup | restore | letters release | doctor | papers: what keeps an installation."""

import json
import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.operation.backup import actions as backup_actions
from tracker.operation.health import queries as health
from tracker.papers.kinds import CSV, EXCEL, PDF, WORD, ZIP, kinds, paper
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.reminders.notices.actions import let_go

SAME_KEY = N_(
    "秘密鍵は、バックアップを取ったときと同じです。送ってあるリンクと2段階認証は、そのまま使えます。"
)
OTHER_KEY = N_(
    "秘密鍵が、バックアップを取ったときと違います。次のものは使えなくなりました。\n"
    "・メールで送ってあるリンク（日程調整の回答、パスワードの設定）\n"
    "・2段階認証のアプリと確認コード（tracker accounts second-factor-off で解除し、設定し直します）\n"
    "・ログインしたままの画面と、途中の入力\n"
    "元の鍵が残っていれば、secret_key（または TRACKER_SECRET_KEY）に戻して起動し直すと、"
    "リンクと2段階認証は使えます。"
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Writes everything but the secret key into one FILE (zip), while the product runs."""
    try:
        lost: list[str] = []
        made = backup_actions.back_up(file, clock.now(), lost)
    except OSError as error:
        said = error.strerror or str(error)
        raise Refusal(
            _("%(file)s に書けませんでした（%(said)s）。", file=file, said=said)
        ) from error
    click.echo(
        _(
            "%(file)s に%(count)s行を書き出しました。秘密鍵は入っていません（指紋 %(key)s）。",
            file=file,
            count=made.rows,
            key=made.key,
        )
    )
    if lost:
        raise Refusal(
            _(
                "添付ファイル%(count)s件は、失われたか壊れているため、入っていません。"
                "tracker doctor で確かめてください。",
                count=len(lost),
            )
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Replaces the data that are there.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Brings a backup back into an empty home or database, of SQLite or PostgreSQL.

    Stop the web server and the clock first.
    """
    done = backup_actions.restore(file, clock.now(), replace=replace)
    click.echo(_("%(count)s行を復元しました。監査記録のつながりを確かめました。", count=done.rows))
    click.echo(
        _(
            "メールを止めています（保留 %(count)s通）。「通知」の画面で確かめてから、"
            "tracker letters release で再開してください。",
            count=done.held,
        )
    )
    click.echo(_("全員がログインし直します。"))
    click.echo(_(SAME_KEY if done.is_same_key else OTHER_KEY))


@click.group()
def letters() -> None:
    """Letters after a restore."""


@letters.command()
@with_appcontext
def release() -> None:
    """Lets the letters go out that a restore put on hold, and those after them."""
    count = let_go(Act(None, clock.now()), 0)
    click.echo(_("保留していたメール%(count)s通を送ります。", count=count))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Looks at everything that must work; exit code 1 where something does not."""
    found = health.examine(clock.now())
    if as_json:
        click.echo(json.dumps([one._asdict() for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            click.echo(f"{'OK' if one.ok else 'NG'}\t{one.check}\t{one.words}")
    if not all(one.ok for one in found):
        sys.exit(1)


@click.group()
def papers() -> None:
    """Papers as Word, Excel or PDF."""


@papers.command("list")
@with_appcontext
def list_papers() -> None:
    """One kind of paper a line: KIND, its name, its formats."""
    for row in kinds().values():
        click.echo(f"{row.kind}\t{row.name}\t{' '.join(row.formats)}")


@papers.command("make")
@click.argument("kind")
@click.argument("subject")
@click.option(
    "--format", "form", type=click.Choice([PDF, WORD, EXCEL, CSV, ZIP]), help="As its page offers."
)
@click.option("-o", "file", required=True, type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def make_paper(kind: str, subject: str, form: str | None, file: Path) -> None:
    """Writes one paper of SUBJECT, the last part of its address (2026-03), into a file.

    Papers of payment take an instalment and a municipality too: 2026-03-2-hiranai; the year's list
    of payments a fiscal year: 2026.
    """
    row = kinds().get(kind)
    if row is None:
        raise Refusal(_("「%(kind)s」という書類はありません。", kind=kind))
    found = row.find(subject)
    if found is None:
        raise Refusal(_("「%(subject)s」には、この書類がありません。", subject=subject))
    asked = form or (suffix if (suffix := file.suffix[1:]) in row.formats else row.formats[0])
    file.write_bytes(paper(kind, found, asked))


commands = (backup, restore, letters, doctor, papers)
