"""Authors, codes and sign-in when a database is brought up to this release and taken back."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import select, text

from tests import cast
from tests.sent import links_in, sent_to
from tracker.accounts.handover.actions import Words, confirm_people, write_memo
from tracker.accounts.models import Handover, Person
from tracker.accounts.people.actions import invite
from tracker.accounts.queries import signed_in
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail.links import CODE_SHOWN
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade
from tracker.sign_in.password.actions import ask_reset, check_code, sign_in, write_resets
from tracker.sign_in.password.rules import Origin
from tracker.sign_in.second_factor.actions import check, key_of, turn_on

# Steps of releases that stand.
pytestmark = pytest.mark.engines_by_turns

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
[NUMBER] = [int(path.name[:4]) for path in VERSIONS.glob("*_people.py")]
BEFORE = f"{NUMBER - 1:04}"
[CODES_OF_LETTERS] = [int(path.name[:4]) for path in VERSIONS.glob("*_letter_codes.py")]
[FACTORS] = [int(path.name[:4]) for path in VERSIONS.glob("*_second_factor.py")]
[DELAYS] = [int(path.name[:4]) for path in VERSIONS.glob("*_sign_in.py")]
BEFORE_DELAYS = f"{DELAYS - 1:04}"
[WELCOME] = [int(path.name[:4]) for path in VERSIONS.glob("*_welcome.py")]
OFFICE = cast.email("office")
APRIL = cast.NOW + timedelta(days=140)
# What set-up kept of what was typed, beside what the code is; the first line stays as it is.
CODES = {"02201": "02201", "23019": "02301", "2303": "02303", "023043": "02304", "02307": "02307"}


def stored(column: str, table: str, key: str = "id") -> dict[int, object]:
    found = db.session.execute(text(f"SELECT {key}, {column} FROM {table} ORDER BY {key}"))
    values = {id_: value for id_, value in found}  # noqa: C416 (a Row is no tuple to mypy)
    db.session.commit()
    return values


@pytest.fixture
def vouched(both: Flask, actor: Callable[..., Actor]) -> dict[str, Actor]:
    """今別町's posts confirmed and its memo written; 蓬田村's posts confirmed by nobody known."""
    who = {slug: actor("officer", slug) for slug in ("imabetsu", "yomogita")}
    for officer in who.values():
        confirm_people(Act(officer, APRIL))
    write_memo(Act(who["imabetsu"], cast.NOW), Words("一", "二", "三"))
    return who


def test_authors_become_persons_and_go_back_to_names(vouched: dict[str, Actor]) -> None:
    officer = vouched["imabetsu"]
    memo = stored("written_by_id", "handover", "post_id")
    assert memo == {officer.post_id: officer.person_id}
    wanted = stored("confirmed_by_id", "post")
    assert list(wanted.values()).count(officer.person_id) == 3
    names, at = stored("confirmed_by", "post"), stored("confirmed_at", "post")
    downgrade(revision=BEFORE)
    columns = set(db.session.execute(text("SELECT * FROM post")).keys())
    assert "confirmed_by" in columns and "confirmed_by_id" not in columns
    # As that release knew it: who confirmed is not told.
    db.session.execute(text("UPDATE history SET person_id = NULL WHERE municipality = 'yomogita'"))
    db.session.commit()
    assert (stored("confirmed_by", "post"), stored("confirmed_at", "post")) == (names, at)
    upgrade()
    nobody = vouched["yomogita"].person_id
    assert stored("confirmed_by_id", "post") == {
        id_: None if by == nobody else by for id_, by in wanted.items()
    }
    assert stored("written_by_id", "handover", "post_id") == memo
    assert db.session.get_one(Handover, officer.post_id).stumbles == "二"


def test_codes_become_five_digits_and_addresses_stay(both: Flask) -> None:
    slugs = stored("slug", "municipality")
    downgrade(revision=BEFORE)
    for code, five in CODES.items():
        told = {"code": code, "five": five}
        db.session.execute(text("UPDATE municipality SET code = :code WHERE code = :five"), told)
    db.session.commit()
    upgrade()
    assert list(stored("code", "municipality").values()) == list(CODES.values())
    assert stored("slug", "municipality") == slugs
    downgrade(revision=BEFORE)
    assert list(stored("code", "municipality").values()) == list(CODES.values())
    upgrade()


def test_a_code_that_would_stand_twice_stays(both: Flask) -> None:
    downgrade(revision=BEFORE)
    db.session.execute(text("UPDATE municipality SET code = '22012' WHERE code = '02301'"))
    db.session.commit()
    upgrade()
    assert sorted(stored("code", "municipality").values())[0] == "02201"
    assert "22012" in stored("code", "municipality").values()


def test_locks_become_delays_and_people_sign_in_after_each(both: Flask) -> None:
    with pytest.raises(Refusal):
        sign_in(OFFICE, "wrong", at=cast.NOW)
    open_one = sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)
    invite(Act(None, cast.NOW), db.session.scalars(select(Person).where(Person.id == 2)).one())
    ask_reset(cast.email("officer", "imabetsu"), at=cast.NOW)
    assert write_resets(cast.NOW) == 1
    downgrade(revision=BEFORE_DELAYS)
    assert set(stored("failed_count", "person").values()) == {0}
    assert set(stored("locked_until", "person").values()) == {None}
    lock = text("UPDATE person SET failed_count = 4, locked_until = :at")
    db.session.execute(lock, {"at": cast.NOW + timedelta(days=300)})
    db.session.commit()
    upgrade()
    # Nobody stays locked out, and who was signed in is so still.
    assert signed_in(open_one, cast.NOW) is not None
    assert sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)
    # What was a reset opens nothing: the release before knows of no such link.
    assert set(stored("kind", "invitation").values()) == {"invitation"}
    assert set(stored("source", "sign_in").values()) == {None, ""}


def test_a_letter_that_waits_goes_out_with_its_link_before_codes_and_after(both: Flask) -> None:
    person = db.session.scalars(select(Person).where(Person.email == OFFICE)).one()
    invite(Act(None, cast.NOW), person)
    with pytest.raises(Refusal):
        check_code(OFFICE, "00000-00000", Origin())
    steps = list(stored("step", "sign_in_event").values())
    assert (steps[-1], stored("code_tries", "invitation")) == ("wrong_code", {1: 1})
    downgrade(revision=f"{CODES_OF_LETTERS - 1:04}")
    assert list(stored("step", "sign_in_event").values()) == steps[:-1]
    assert set(stored("kind", "letter_secret", "letter_id").values()) == {"invitation"}
    upgrade()
    assert stored("code_tries", "invitation") == {1: 0}
    [mail] = sent_to(OFFICE)
    assert links_in(mail, "/invitations/") and CODE_SHOWN in mail.get_content()


def test_before_the_second_factor_the_password_is_enough_and_sessions_stay(both: Flask) -> None:
    person = db.session.scalars(select(Person).where(Person.email == OFFICE)).one()
    open_one = sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)
    code = pyotp.TOTP(key_of(person.id, "a nonce")).at(cast.NOW)
    first, *_ = turn_on(Act(None, cast.NOW), person, "a nonce", code)
    assert check(person, first, Origin()) == "signed_in_by_recovery"
    with pytest.raises(Refusal):
        check(person, code, Origin())
    steps = list(stored("step", "sign_in_event").values())
    assert steps == ["signed_in", "wrong_second"]
    downgrade(revision=f"{FACTORS - 1:04}")
    assert list(stored("step", "sign_in_event").values()) == ["signed_in"]
    upgrade()
    assert open_one is not None and signed_in(open_one, cast.NOW) is not None
    assert set(stored("step", "sign_in").values()) == {"signed_in"}
    assert sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)


def test_memos_stay_when_the_words_of_a_holder_before_come_and_go(
    both: Flask, actor: Callable[..., Actor]
) -> None:
    officer = actor("officer", "imabetsu")
    write_memo(Act(officer, cast.NOW), Words("一", "二", "三"))
    db.session.execute(text("UPDATE handover SET former = '前の注意', former_by = '前任'"))
    db.session.execute(text("UPDATE person SET welcomed_at = CURRENT_TIMESTAMP"))
    db.session.commit()
    memo = stored("cautions", "handover", "post_id")
    downgrade(revision=f"{WELCOME - 1:04}")
    assert stored("cautions", "handover", "post_id") == memo == {officer.post_id: "一"}
    upgrade()
    assert stored("cautions", "handover", "post_id") == memo
    assert stored("former", "handover", "post_id") == {officer.post_id: None}
    assert set(stored("welcomed_at", "person").values()) == {None}
