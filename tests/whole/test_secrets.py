"""No usable link is anywhere but in the envelope: pages, commands, columns, files, caches, the log.

What every address shows to everybody is asked by `test_access`.  Here letters of every kind that
holds a link stand in the house, and each attack has its control: links written into letters as
plain text are found.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import cast
from tests.meetings.makers import dates_of
from tests.pages import PageClient
from tests.sent import BASE, live_tokens, token_of
from tests.whole.clients import ADMIN, NOBODY, OFFICE, OFFICER, House, Visitor
from tests.whole.seed import TOWN
from tests.whole.test_access import live_codes
from tracker.accounts.models import Person
from tracker.accounts.people.actions import invite
from tracker.duties.commands import duties
from tracker.duty.duty import PersonalLink
from tracker.kernel.permissions import Role
from tracker.mail import links
from tracker.mail.letters import Letter
from tracker.mail.links import SHOWN, Composed
from tracker.mail.texts import LETTER_KINDS
from tracker.meetings import actions as fixing
from tracker.meetings import queries as meetings
from tracker.meetings.models import MeetingRow
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import actions as reminders
from tracker.reminders.commands import preview
from tracker.reminders.rules import HOUR
from tracker.sign_in.password.actions import ask_reset, write_resets

LINK = re.compile(r"/(?:p|invitations|resets)/[\w.~-]+")
# The day on which the poll of the house is mentioned to who is silent.
MENTIONED = cast.TODAY + timedelta(days=2)


@pytest.fixture
def naive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: links stand in letters as plain text, where everybody reads them."""

    def mark(link: PersonalLink, base: str) -> Composed:
        path = links.kinds()[link.kind].path
        return Composed(f"{base}{path}{token_of(*link) if link.row_id else '…'}")

    monkeypatch.setattr(links, "mark", mark)


def fill(house: House) -> None:
    """The silent are asked again, and a confirmer is invited."""
    polling = f"/meetings/{house.stock.polling}"
    with house.app.app_context():
        address = cast.email(Role.CONFIRMER, TOWN)
        person = db.session.scalars(select(Person.id).where(Person.email == address)).one()
    for visitor, page, target in (
        (OFFICE, polling, f"{polling}/ask-again"),
        (ADMIN, "/admin/users", f"/admin/users/{person}/invite"),
    ):
        assert house.send(visitor, page, target, {}).status_code == 302, target


def remind(house: House) -> None:
    """The clock writes the letters of the day."""
    with house.app.app_context(), clock.moved_to(clock.at(MENTIONED, HOUR)):
        reminders.plan(clock.now())


def stored(app: Flask) -> Iterator[tuple[str, str]]:
    """Every row of every table, the record with them."""
    with app.app_context(), db.engine.connect() as on:
        for table in db.metadata.sorted_tables:
            for row in on.execute(select(table)):
                yield f"a row of {table.name}", repr(tuple(row))


def files(app: Flask) -> Iterator[tuple[str, str]]:
    """Every file of the home that is no letter."""
    home = Path(app.config["HOME"])
    for file in home.rglob("*"):
        if file.is_file() and file.parent.name != "outbox":
            yield str(file.relative_to(home)), file.read_bytes().decode(errors="replace")


def commands(app: Flask) -> Iterator[tuple[str, str]]:
    """What commands tell other programs."""
    on = ["--on", MENTIONED.isoformat()]
    for command, args in (
        (preview, [*on, "--json"]),
        (preview, on),
        (duties, [*on, "--json"]),
    ):
        done = app.test_cli_runner().invoke(command, args)
        assert done.exit_code == 0, done.output
        yield f"tracker {command.name} {' '.join(args)}", done.output


def pages(client: FlaskClient, app: Flask) -> Iterator[tuple[str, str]]:
    """Where letters can be looked at: each one, each to come, each text as it would read."""
    with app.app_context():
        paths = [f"/notices/{id_}" for id_ in db.session.scalars(select(Letter.id))]
    paths += [f"/notices/templates/{kind}" for kind in LETTER_KINDS]
    listed = client.get("/notices").get_data(as_text=True)
    paths += ["/notices", "/", "/audit", *re.findall(r"/notices\?show=[^\"]+", listed)]
    for path in paths:
        answer = client.get(path)
        yield path, f"{answer.headers}{answer.get_data(as_text=True)}"


def leaks(app: Flask, client: FlaskClient) -> list[str]:
    """A sentence for each place where somebody can find what opens another's page."""
    secrets = live_codes(app)
    assert set(links_kinds(app)) <= {one.split("'")[1] for one in secrets.values()}
    places = [*stored(app), *files(app), *commands(app), *pages(client, app)]
    assert len(places) > 300
    return found_in(places, secrets)


def found_in(places: Iterable[tuple[str, str]], secrets: Mapping[str, str]) -> list[str]:
    """A sentence for each of these places that holds a secret."""
    return [
        f"{where} holds what opens {what}"
        for where, text in places
        for code, what in secrets.items()
        if code in text
    ]


def links_kinds(app: Flask) -> list[str]:
    with app.app_context():
        return list(links.kinds())


def client_of(house: House, visitor: Visitor) -> FlaskClient:
    client = house.app.test_client(use_cookies=False)
    client.environ_base["HTTP_COOKIE"] = house.cookies[visitor]
    return client


def opened(house: House, visitor: Visitor) -> set[str]:
    """The pages of others that somebody gets into who opens every letter and tries its links."""
    found = {
        link
        for _, text in pages(client_of(house, visitor), house.app)
        for link in LINK.findall(text)
    }
    return {link for link in found if house.ask(NOBODY, "GET", link).status_code == 200}


# --- nowhere ---------------------------------------------------------------------------------------


def clear_remains(house: House) -> None:
    """What an earlier test planted and took back still lies in pages that nothing uses any more."""
    for statement in (
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ):
        house.live.execute(statement).fetchall()


def test_no_usable_link_is_anywhere_but_in_the_envelope(house: House) -> None:
    clear_remains(house)
    fill(house)
    client = client_of(house, OFFICE)
    assert leaks(house.app, client) == []
    remind(house)
    with house.app.app_context():
        kinds = set(db.session.scalars(select(Letter.kind).where(Letter.has_secrets)))
    assert kinds == {
        *("poll_request", "poll_again", "invitation", "reminder"),
        "meeting_invitation",
    }
    places = [*stored(house.app), *pages(client, house.app)]
    assert found_in(places, live_codes(house.app)) == []


def test_nor_in_the_example(demo_app: Flask) -> None:
    client = PageClient(demo_app).enter("office")
    with demo_app.app_context():
        person = db.session.scalars(select(Person).where(Person.is_active)).first()
        assert person is not None
        invite(Act(None, clock.now()), person)
        ask_reset("office@aomori.example", at=clock.now())
        assert write_resets(clock.now()) == 1
        row = db.session.scalars(select(MeetingRow).where(MeetingRow.fixed_at.is_(None))).one()
        fixing.fix(Act(None, clock.now()), row, dates_of(row)[0], "例")
        fixing.send_notice(Act(None, clock.now()), row, "", "御出席ください。")
    assert leaks(demo_app, client.client) == []


def test_a_letter_with_its_link_in_plain_text_is_found(house: House, naive: None) -> None:
    fill(house)
    found = leaks(house.app, client_of(house, OFFICE))
    places = {sentence.partition(" holds ")[0].partition("?")[0] for sentence in found}
    assert {"a row of letter", f"tracker preview --on {MENTIONED} --json", "/notices"} <= places
    assert any(re.fullmatch(r"/notices/\d+", place) for place in places)
    assert {"invitation", "invitation_code", "poll"} == {
        sentence.split("'")[1] for sentence in found
    }


def test_a_kind_whose_rows_nobody_named_is_found(app: Flask) -> None:
    kind = links.LinkKind("planted", "/planted/", lambda on, id_: None, lambda act, id_: None)
    links.register(app, kind)
    with app.app_context(), pytest.raises(AssertionError, match="say in tests/sent.py"):
        live_tokens()


def test_the_log_of_a_failure_names_no_link(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(meetings, "find_by_link", fail)
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        answer = house.ask(NOBODY, "GET", f"/p/{house.stock.poll_token}")
    finally:
        house.app.config["PROPAGATE_EXCEPTIONS"] = None
    assert answer.status_code == 500
    assert "/p/…" in caplog.text and house.stock.poll_token not in caplog.text


# --- the attacks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("visitor", [OFFICE, OFFICER], ids=str)
def test_who_opens_every_letter_gets_into_nobody_s_page(house: House, visitor: Visitor) -> None:
    fill(house)
    remind(house)
    assert opened(house, visitor) == set()


def test_the_control_sets_another_s_password_and_answers_for_another(
    house: House, naive: None
) -> None:
    fill(house)
    assert any(link.startswith("/p/") for link in opened(house, OFFICE))
    [invitation] = [one for one in opened(house, OFFICER) if one.startswith("/invitations/")]
    page = {"password": "a password of the officer's"}
    assert house.ask(NOBODY, "POST", invitation, data=page).status_code == 302
    signed_in = {"email": cast.email(Role.CONFIRMER, TOWN), **page}
    assert house.ask(NOBODY, "POST", "/login", data=signed_in).status_code == 302


def test_what_is_tried_out_comes_without_its_link(house: House) -> None:
    for kind, one in LETTER_KINDS.items():
        if one.link:
            path = f"/notices/templates/{kind}"
            house.send(OFFICE, path, path, {"try": "1"})
    with house.app.app_context():
        tried = db.session.scalars(select(Letter).where(Letter.kind == "test")).all()
        assert len(tried) >= 5
        assert all(SHOWN in one.body and not one.has_secrets for one in tried)
        assert all(f"{BASE}/p" not in one.body for one in tried)
