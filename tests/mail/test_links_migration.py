"""Live links of the release before end: stored bodies are rewritten, unsent letters get new ones."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, current_app
from flask_migrate import downgrade
from itsdangerous import URLSafeSerializer
from sqlalchemy import inspect, select, text

from tests import cast
from tests.meetings.makers import make_meeting
from tests.sent import BASE, links_in, live_tokens, sent_to
from tracker.accounts.models import LinkUse, Person
from tracker.accounts.people.actions import invite
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter, LetterState
from tracker.mail.links import SHOWN
from tracker.meetings.models import MeetingSeat
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade
from tracker.sign_in.password.queries import find_invitation

# Steps of releases that stand.
pytestmark = pytest.mark.engines_by_turns

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
[NUMBER] = [int(path.name[:4]) for path in VERSIONS.glob("*_letter_secrets.py")]
BEFORE = f"{NUMBER - 1:04}"
OLD_INVITATION = "kWl0b3hIUm9vZjB0aGVydG9rZW5vZnRoZXRlc3RzLTEy"


def run(sql: str, **values: object) -> list[tuple[object, ...]]:
    result = db.session.execute(text(sql), values)
    rows = [tuple(row) for row in result] if result.returns_rows else []
    db.session.commit()
    return rows


def old_token(seat_id: int) -> str:
    """A poll's link as the release before signed it."""
    [(nonce,)] = run("SELECT nonce FROM meeting_seat WHERE id = :id", id=seat_id)
    signer = URLSafeSerializer(current_app.config["SECRET_KEY"], salt="poll")
    token = signer.dumps([seat_id, nonce])
    return token if isinstance(token, str) else token.decode()


def everything() -> str:
    """Every value of every table."""
    db.session.commit()
    tables = inspect(db.engine).get_table_names()
    return "\n".join(str(row) for name in tables for row in run(f'SELECT * FROM "{name}"'))


@pytest.fixture
def old_tokens(both: Flask, actor: Callable[..., Actor]) -> list[str]:
    """An invitation and a poll as the release before left them: all links in plain text."""
    person = db.session.get_one(Person, actor("officer", "imabetsu").person_id)
    invite(Act(None, cast.NOW), person)
    make_meeting()
    seats = {f"post:{one.post_id}": one.id for one in db.session.scalars(select(MeetingSeat))}
    letters = [(one.id, one.kind, one.to_key) for one in db.session.scalars(select(Letter))]
    db.session.commit()
    downgrade(revision=BEFORE)
    assert {state for (state,) in run("SELECT state FROM letter")} == {"skipped"}
    tokens = []
    for id_, kind, to_key in letters:
        is_poll = kind == "poll_request"
        tokens.append(old_token(seats[to_key]) if is_poll else OLD_INVITATION)
        link = f"{BASE}/{'p' if is_poll else 'invitations'}/{tokens[-1]}"
        run(
            "UPDATE letter SET state = 'queued', last_answer = :said,"
            " body = replace(body, :shown, :link) WHERE id = :id",
            id=id_,
            shown=SHOWN,
            link=link,
            said=f"550 5.7.1 spam（{link} refused）",
        )
    run(
        "INSERT INTO send_attempt (letter_id, token, begun_at, answer)"
        " VALUES (:id, 'x', :at, :said)",
        id=letters[0][0],
        at=cast.NOW,
        said=f"554 blocked: {BASE}/invitations/{OLD_INVITATION}",
    )
    return tokens


def test_no_old_link_is_left_and_unsent_letters_get_new_ones(old_tokens: list[str]) -> None:
    assert [one for one in old_tokens if one not in everything()] == []
    # A merged letter, a secretary's link in a letter to the office, and a letter long sent.
    [(seat_id, post_id)] = run("SELECT id, post_id FROM meeting_seat ORDER BY id LIMIT 1 OFFSET 2")
    link = f"{BASE}/p/{old_token(int(str(seat_id)))}"
    for key, to_key, state in (
        ("merged", f"post:{post_id}", "queued"),
        ("chief", "person:1", "queued"),
        ("sent", f"post:{post_id}", "sent"),
    ):
        run(
            "INSERT INTO letter (key, message_id, kind, to_key, to_name, to_email, subject, body,"
            " state, written_at, send_at, next_attempt_at, attempts, maybe_duplicate)"
            " SELECT :key, :key, 'reminder', :to, to_name, :mail, subject, :body, :state,"
            " written_at, send_at, next_attempt_at, 0, maybe_duplicate FROM letter WHERE id = 1",
            key=key,
            to=to_key,
            mail=f"{key}@aomori.example",
            body=f"【1】\n一つ目\n　{link}\n\n【2】\n二つ目\n　{link}\n　{BASE}/reports/2026-h1\n",
            state=state,
        )
    upgrade()
    assert [one for one in old_tokens if one in everything()] == []
    bodies = {one.key: one.body for one in db.session.scalars(select(Letter))}
    for key in ("merged", "chief", "sent"):
        told = f"【1】\n一つ目\n　{SHOWN}\n\n【2】\n二つ目\n　{SHOWN}\n　{BASE}/reports/2026-h1\n"
        assert bodies[key] == told
    assert run("SELECT count(*) FROM letter_secret") == [(6 + 2,)]
    answers = run("SELECT last_answer FROM letter UNION ALL SELECT answer FROM send_attempt")
    said = {answer for (answer,) in answers if answer}
    assert said == {"550 5.7.1 spam（（リンク） refused）", "554 blocked: （リンク）"}
    live = live_tokens()
    [mail] = sent_to("officer@imabetsu.example")
    [path] = links_in(mail, "/invitations/")
    found = find_invitation(LinkUse.INVITATION, path.rpartition("/")[2], cast.NOW)
    assert found is not None and found[1].email == "officer@imabetsu.example"
    [merged] = sent_to("merged@aomori.example")
    opened = {live[one.removeprefix("/p/")].row_id for one in links_in(merged, "/p/")}
    assert opened == {seat_id} and len(links_in(merged, "/p/")) == 2
    [chief] = sent_to("chief@aomori.example")
    assert links_in(chief, "/p/") == [] and chief.get_content().count(SHOWN) == 2
    assert {one.state for one in db.session.scalars(select(Letter))} == {LetterState.SENT}


def test_what_stood_in_letters_stays_hidden_on_the_way_back(old_tokens: list[str]) -> None:
    upgrade()
    db.session.commit()
    downgrade(revision=BEFORE)
    assert not re.search(r"/(?:p|invitations)/", everything())
    assert run("SELECT DISTINCT state FROM letter") == [("skipped",)]
    upgrade()
    assert live_tokens() and [one for one in old_tokens if one in everything()] == []
