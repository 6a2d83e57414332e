"""Turns the second factor on and off, and takes its codes, each of them once."""

from collections.abc import Iterable
from datetime import datetime

from flask import current_app
from sqlalchemy import select, update

from tracker.accounts import queries as accounts
from tracker.accounts.models import Person, SecondFactor, SignInStep
from tracker.characters import code as codes
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, set_rows
from tracker.sign_in import queries
from tracker.sign_in.models import RecoveryCode
from tracker.sign_in.password.actions import (
    count_try,
    end_tries,
    open_session,
    refuse_try,
    tries_key,
)
from tracker.sign_in.password.rules import Origin
from tracker.sign_in.second_factor import rules
from tracker.sign_in.second_factor.letters import FactorEvent, fields


def key_of(person_id: int, nonce: str) -> str:
    """The key of the app, which stands in no table."""
    return rules.seed(current_app.config["SECRET_KEY"], person_id, nonce)


def turn_on(act: Act, person: Person, nonce: str, typed: str) -> list[str]:
    """Asks for codes from now on, once the app has shown its first; returns the recovery codes.

    They are shown now and never again.  Refuses a wrong code, and where one is on already.
    """
    act.lock((person, None))
    if db.session.get(SecondFactor, person.id, populate_existing=True):
        raise Refusal(_("2段階認証は、もう設定されています。"))
    step = rules.step_of(key_of(person.id, nonce), typed, act.at)
    if step is None:
        raise Refusal(_(rules.WRONG_FIRST), field="code")
    said = f"{person.email} が2段階認証を設定しました。"
    with act.change("account.second_factor_on", person, said):
        row = SecondFactor(person_id=person.id, nonce=nonce, on_at=act.at, last_step=step)
        db.session.add(row)
        made = _set_codes(person)
        _tell(act, person, FactorEvent.ON)
    return made


def renew_codes(act: Act, person: Person) -> list[str]:
    """Other recovery codes in place of those before; they are shown now and never again."""
    act.lock((person, None))
    _row(person)
    said = f"{person.email} が2段階認証の予備コードを作り直しました。"
    with act.change("account.recovery_codes_made", person, said):
        made = _set_codes(person)
        _tell(act, person, FactorEvent.CODES)
    return made


def turn_off(act: Act, person: Person) -> None:
    """One's own, after password and code."""
    act.lock((person, None))
    said = f"{person.email} が2段階認証を解除しました。"
    with act.change("account.second_factor_off", person, said):
        _end(person)
        _tell(act, person, FactorEvent.OFF)


def take_off(act: Act, person: Person, seen: str | None = None) -> None:
    """Another's, who lost app and recovery codes; only with a letter to the person."""
    if act.by is not None and act.by.person_id == person.id:
        raise Refusal(_("自分の2段階認証は、「自分の設定」で解除してください。"))
    act.lock((person, seen))
    if not accounts.recipients_of_person(person.id):
        raise Refusal(_("停止中の利用者には、お知らせを送れないため、解除できません。"))
    said = f"{person.email} の2段階認証を解除し、本人へメールで知らせました。"
    with act.change("account.second_factor_taken_off", person, said):
        _end(person)
        _tell(act, person, FactorEvent.OFF, by_admin=True)


def _row(person: Person) -> SecondFactor:
    row = db.session.get(SecondFactor, person.id, populate_existing=True)
    if row is None:
        raise Refusal(_("2段階認証は、設定されていません。"))
    return row


def _end(person: Person) -> None:
    db.session.delete(_row(person))
    _keep_codes(person, ())


def _set_codes(person: Person) -> list[str]:
    made = rules.recovery_codes()
    _keep_codes(person, made)
    return made


def _keep_codes(person: Person, made: Iterable[str]) -> None:
    rows = [{"code_hash": accounts.digest(codes.read(one)), "used_at": None} for one in made]
    set_rows(RecoveryCode, {"person_id": person.id}, "code_hash", rows)


def _tell(
    act: Act, person: Person, event: FactorEvent, *, left: int = 0, by_admin: bool = False
) -> None:
    words = fields(event, left=left, by_admin=by_admin)
    for to in accounts.recipients_of_person(person.id):
        cause = f"second_factor:{person.id}:{event.name}:{act.at.isoformat()}"
        letters.put("second_factor", to, words, cause=cause, at=act.at)


# --- a code that somebody typed -----------------------------------------------------------------


def check(person: Person, typed: str, origin: Origin) -> SignInStep:
    """Takes a code of the app or a recovery code, which is used up; says which it was.

    Counted and delayed as passwords are, but apart: the right password does not end this count.
    Raises Refusal.
    """
    person_id = person.id
    key = tries_key(person.email, origin, "codes")
    count_try(key, person.email)
    at = clock.now()
    row = db.session.get(SecondFactor, person_id, populate_existing=True)
    step = rules.step_of(key_of(person_id, row.nonce), typed, at) if row else None
    if step is not None and _use_step(person_id, step):
        taken = SignInStep.SIGNED_IN_BY_CODE
    elif row is not None and _use_recovery_code(Act(None, at), person, typed):
        taken = SignInStep.SIGNED_IN_BY_RECOVERY
    else:
        refuse_try(key, SignInStep.WRONG_SECOND, person_id, origin)
        raise Refusal(_(rules.WRONG), field="code")
    end_tries(key)
    db.session.commit()
    return taken


def enter(person: Person, typed: str, *, at: datetime, origin: Origin) -> str:
    """The second step of signing in: opens the session and returns its secret token."""
    step = check(person, typed, origin)
    return open_session(person, step, at=at, origin=origin)


def _use_step(person_id: int, step: int) -> bool:
    """Takes a time step and all before it; of several at once one statement wins."""
    mine = update(SecondFactor).where(SecondFactor.person_id == person_id)
    free = mine.where(SecondFactor.last_step < step).values(last_step=step)
    taken = free.returning(SecondFactor.person_id).execution_options(synchronize_session=False)
    return db.session.scalar(taken) is not None


def _use_recovery_code(act: Act, person: Person, typed: str) -> bool:
    act.lock((person, None))
    own = select(RecoveryCode).where(RecoveryCode.person_id == person.id)
    open_ = own.where(RecoveryCode.used_at.is_(None)).with_for_update()
    same = open_.where(RecoveryCode.code_hash == accounts.digest(codes.read(typed)))
    row = db.session.scalars(same.execution_options(populate_existing=True)).first()
    if row is None:
        return False
    said = f"{person.email} が2段階認証の予備コードを使いました。"
    with act.change("account.recovery_code_used", person, said):
        row.used_at = act.at
        _tell(act, person, FactorEvent.RECOVERY, left=queries.recovery_codes_left(person.id))
    return True
