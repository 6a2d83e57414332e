"""tracker setup; tracker accounts create | list | disable | reset | password | unlock | second-factor-off."""

import json

import click
from flask.cli import with_appcontext

from tracker.accounts import queries
from tracker.accounts.models import PostKind
from tracker.accounts.people import actions
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import code_readings
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.schema.actions import upgrade
from tracker.sign_in.password.actions import give_password, hash_password, lift_delays, set_up
from tracker.sign_in.password.forms import read_towns
from tracker.sign_in.second_factor.actions import take_off


@click.command()
@click.option("--area", required=True, help="Name of the area.")
@click.option(
    "--town",
    "towns",
    multiple=True,
    required=True,
    help='A municipality: "02201 青森市 あおもりし [slug]". Once for each.',
)
@click.option("--hub", required=True, help="Name of the hub city.")
@click.option("--email", required=True, help="Address of the first admin.")
@click.password_option(help="Password of the first admin (asked for when left out).")
@click.option("--phone", default="", help="Telephone of the office.")
@with_appcontext
def setup(
    area: str, towns: tuple[str, ...], hub: str, email: str, password: str, phone: str
) -> None:
    """Enters the area, its municipalities and the first admin."""
    upgrade()
    set_up(
        Act(None, clock.now()),
        area,
        read_towns("\n".join(towns)),
        hub,
        email,
        hash_password(password),
        office_phone=phone,
    )
    click.echo(_("%(area)sを登録しました。%(email)s でログインできます。", area=area, email=email))


@click.group()
def accounts() -> None:
    """Posts and accounts."""


@accounts.command()
@click.option("--municipality", required=True, help="Name or slug.")
@click.option("--post", "post_name", required=True, help="Name of the post, e.g. 企画担当.")
@click.option("--role", required=True, type=click.Choice([k.value for k in PostKind if k.signs_in]))
@click.option("--email", required=True)
@click.password_option()
@click.option("--by", help="Address of the admin who opens it; the municipality is told.")
@click.option("--reason", help="Recorded; needed where nobody there could look at it.")
@with_appcontext
def create(
    municipality: str,
    post_name: str,
    role: str,
    email: str,
    password: str,
    by: str | None,
    reason: str | None,
) -> None:
    """Opens an account, and its post where there is none of that name.

    With --by all that holds on the page holds here: another municipality is told, and its
    confirmer's account is held until somebody there has looked at it.
    """
    town = next(
        (
            t
            for t in areas.towns()
            if municipality in (t.name, t.slug) or t.code in code_readings(municipality)
        ),
        None,
    )
    if town is None:
        raise Refusal(
            _("「%(municipality)s」という市町村は登録されていません。", municipality=municipality)
        )
    act, hashed = queries.act_by(by, Permission.MANAGE_PEOPLE), hash_password(password)
    with act:
        post = queries.find_post(town.id, post_name) or actions.create_post(
            act, town.slug, PostKind(role), post_name, None, None
        )
        if post.kind != role:
            raise Refusal(
                _(
                    "「%(post_name)s」の役割は %(kind)s です。",
                    post_name=post_name,
                    kind=post.kind.value,
                )
            )
        person = actions.create_account(
            act, post, post.name, email, password_hash=hashed, reason=reason
        )
    click.echo(_("%(email)s を登録しました。", email=person.email))


@accounts.command("list")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@with_appcontext
def list_accounts(as_json: bool) -> None:
    """Every account: its address, post and role, and whether it can sign in."""
    rows = [
        {
            "email": person.email,
            "name": person.name,
            "municipality": post.town,
            "post": post.name,
            "role": post.kind.value,
            "state": person.state,
        }
        for post in queries.staffed_posts()
        for person in post.accounts
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(
            "\t".join(row[name] for name in ("email", "municipality", "post", "role", "state"))
        )


@accounts.command()
@click.argument("email")
@with_appcontext
def disable(email: str) -> None:
    """Closes an account and ends its sessions."""
    actions.set_active(Act(None, clock.now()), queries.get_person(email), False)
    click.echo(_("%(email)s の利用を停止しました。", email=email))


@accounts.command()
@click.argument("email")
@with_appcontext
def reset(email: str) -> None:
    """Ends the password and writes a letter with a link to set a new one."""
    actions.invite(Act(None, clock.now()), queries.get_person(email))
    click.echo(_("%(email)s にパスワード設定の案内を送ります。", email=email))


@accounts.command()
@click.argument("email")
@click.password_option()
@with_appcontext
def password(email: str, password: str) -> None:
    """Sets a password asked for on the terminal; sessions end, and the person gets a letter."""
    person, hashed = queries.get_person(email), hash_password(password)
    give_password(Act(None, clock.now()), person, hashed)
    click.echo(_("%(email)s のパスワードを替えました。", email=email))


@accounts.command()
@click.argument("email")
@with_appcontext
def unlock(email: str) -> None:
    """Lets everybody try again at once who waits after wrong passwords for that account."""
    lift_delays(Act(None, clock.now()), queries.get_person(email))
    click.echo(_("%(email)s の待ち時間をなくしました。", email=email))


@accounts.command("second-factor-off")
@click.argument("email")
@with_appcontext
def second_factor_off(email: str) -> None:
    """Takes the second factor off an account whose holder lost app and recovery codes."""
    take_off(Act(None, clock.now()), queries.get_person(email))
    click.echo(_("%(email)s の2段階認証を解除しました。本人へメールで知らせます。", email=email))


commands = (setup, accounts)
