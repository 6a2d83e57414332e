"""Sets up the area and its first admin; signs in and out; sets passwords."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cache
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from sqlalchemy import case, delete, insert, or_, select, update
from werkzeug.exceptions import ServiceUnavailable

from tracker.accounts import queries as accounts
from tracker.accounts.models import (
    Invitation,
    LinkUse,
    Person,
    PostKind,
    SignIn,
    SignInDelay,
    SignInStep,
)
from tracker.accounts.people.actions import (
    create_account,
    create_post,
    end_invitations,
    end_sessions,
    put_invitation,
)
from tracker.accounts.rules import CLOCK_SKEW, LONGEST_DELAY, RESET_EVERY, comparable, wait
from tracker.characters import code as codes
from tracker.exposure import views as exposure
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters, links
from tracker.municipalities import actions as municipalities
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.sign_in.models import ResetRequest, SignInEvent
from tracker.sign_in.password import queries, rules
from tracker.sign_in.password.rules import Origin
from tracker.sign_in.queries import second_factor
from tracker.storage.database import upsert

NOWHERE = Origin()
_RESETS_A_PASS = 500
# Two passwords are worked on at a time.
_WORKING = BoundedSemaphore(2)


@cache
def _line(threads: int, is_known: bool) -> BoundedSemaphore:
    """Places of those who work or wait.

    One less than the threads that posts may have: who saves goes past those who sign in.  Another
    one less for strangers: who signed in before in that browser gets in while they guess.
    """
    return BoundedSemaphore(max(1, threads // 2 - (1 if is_known else 2)))


@contextmanager
def turn(*, is_known: bool = True) -> Iterator[None]:
    """Waits for its turn to work on a password; nobody comes in with the database's lock.

    Raises ServiceUnavailable where too many wait, or it takes too long.
    """
    seconds, threads = current_app.config["HASH_WAIT_MS"] / 1000, current_app.config["THREADS"]
    with ExitStack() as held:
        for line in (_line(threads, known) for known in sorted({is_known, True})):
            if not line.acquire(blocking=False):
                raise ServiceUnavailable(_(rules.BUSY))
            held.callback(line.release)
        if not _WORKING.acquire(timeout=seconds):
            raise ServiceUnavailable(_(rules.BUSY))
        held.callback(_WORKING.release)
        yield


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=current_app.config["ARGON2_PASSES"],
        memory_cost=current_app.config["ARGON2_MEMORY_KIB"],
    )


def hash_password(password: str) -> str:
    """The Argon2id hash to store; refuses a weak password.

    To be called before an act begins: hashing takes its time.
    """
    rules.check_password(password)
    with turn():
        return _hasher().hash(password)


@cache
def _nobodys(time_cost: int, memory_cost: int) -> str:
    """What passwords are compared with where an address has none."""
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_cost).hash(token_hex())


def matches(stored: str | None, password: str) -> bool:
    """Whether a password belongs to a stored hash; that of nobody takes the same time."""
    hasher = _hasher()
    nobodys = _nobodys(hasher.time_cost, hasher.memory_cost)
    try:
        return hasher.verify(stored or nobodys, password) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


def sign_in(email: str, password: str, *, at: datetime, origin: Origin = NOWHERE) -> str | None:
    """Opens a session and returns its secret token; None where a code is asked for next.

    Raises Refusal for a wrong password, and for any password while one must wait;
    ServiceUnavailable where too many try at once.  The published password of the example opens
    nothing once the settings name another.
    """
    person = _guess(email, password, origin)
    if second_factor(person.id):
        db.session.commit()
        return None
    return open_session(person, SignInStep.SIGNED_IN, at=at, origin=origin)


def open_session(person: Person, step: SignInStep, *, at: datetime, origin: Origin) -> str:
    """Opens a session for whoever proved who they are by that step; returns its secret token."""
    # Signing in says nothing new of the account: its version stays.
    db.session.execute(update(Person).where(Person.id == person.id).values(signed_in_at=at))
    token = token_urlsafe(32)
    db.session.add(
        SignIn(
            token_hash=accounts.digest(token),
            person_id=person.id,
            created_at=at,
            last_seen_at=at,
            source=origin.source[:64],
            browser=origin.name,
            step=step,
        )
    )
    _note(step, person.id, at, origin)
    db.session.commit()
    return token


def _note(
    step: SignInStep,
    person_id: int | None,
    at: datetime,
    origin: Origin = NOWHERE,
    wait_seconds: int | None = None,
) -> None:
    """A line of the sign-in record, within the caller's transaction."""
    db.session.execute(delete(SignInEvent).where(SignInEvent.at < at - rules.RECORDED_FOR))
    line = {
        "at": at,
        "step": step,
        "person_id": person_id,
        "source": origin.source[:64] or None,
        "browser": origin.name or None,
        "wait_seconds": wait_seconds,
    }
    db.session.execute(insert(SignInEvent).values(line))


def check_current(email: str, password: str, origin: Origin) -> None:
    """Whether that is the account's password, counted and delayed as at signing in."""
    _guess(email, password, origin, rules.WRONG_CURRENT)
    db.session.commit()


def _guess(email: str, password: str, origin: Origin, wrong: str = rules.WRONG) -> Person:
    """The account, where the password is right; its count then ends, to be committed.

    Raises Refusal and ServiceUnavailable as `sign_in` does.
    """
    key = tries_key(email, origin)
    with turn(is_known=origin.known is not None):
        stored = count_try(key, email)
        is_right = matches(stored, password) and not _is_void(password)
    person = accounts.find_person(email)
    # The account may have been closed, or its password replaced, in the meantime.
    if not is_right or person is None or not person.is_active or person.password_hash != stored:
        refuse_try(key, SignInStep.WRONG, person.id if person else None, origin)
        raise Refusal(_(wrong))
    end_tries(key)
    return person


def tries_key(email: str, origin: Origin, kind: str = "tries") -> str:
    """Whose tries of a kind are counted together; raises Refusal where one must wait.

    Nobody else's writing waits for a hash that follows.
    """
    key = rules.delay_key(current_app.config["SECRET_KEY"], email, origin, kind)
    _check_delay(key, clock.now())
    db.session.rollback()
    return key


def refuse_try(key: str, step: SignInStep, person_id: int | None, origin: Origin) -> None:
    """Writes down a wrong try, which was counted before, and commits."""
    left, at = _left(key, clock.now()), clock.now()
    wait_seconds = -(-left // timedelta(seconds=1)) or None
    _note(step, person_id, at, origin, wait_seconds)
    db.session.commit()


def check_code(email: str, code: str, origin: Origin) -> tuple[LinkUse, str]:
    """The use and the token of the link that the code of a letter stands for.

    Counted and delayed as a password, alike for addresses that nobody has; after ten wrong tries
    the code is void, the link is not.  Raises Refusal.
    """
    key = tries_key(email, origin)
    count_try(key, email)
    use, row_id, life = queries.open_invitation(email, clock.now())
    mine = update(Invitation).where(Invitation.id == row_id)
    tried = mine.where(Invitation.code_tries < rules.MOST_CODES).returning(Invitation.id)
    is_counted = db.session.scalar(tried.values(code_tries=Invitation.code_tries + 1))
    nonce = life.nonce if life else ""
    wanted = codes.read(links.secret_of(use.code, row_id, nonce))
    is_same = compare_digest(codes.read(code).encode(errors="replace"), wanted.encode())
    if not (is_same and is_counted and life):
        person = accounts.find_person(email)
        refuse_try(key, SignInStep.WRONG_CODE, person.id if person else None, origin)
        raise Refusal(_(rules.WRONG_CODE), field="code")
    db.session.execute(mine.values(code_tries=0))
    end_tries(key)
    db.session.commit()
    return use, links.token(use, row_id, nonce)


def end_tries(key: str) -> None:
    """A right try ends the count before it; in the caller's transaction."""
    db.session.execute(delete(SignInDelay).where(SignInDelay.key == key))


def _check_delay(key: str, at: datetime) -> None:
    if left := _left(key, at):
        raise Refusal(rules.delayed(left))


def _left(key: str, at: datetime) -> timedelta:
    found = db.session.execute(
        select(SignInDelay.counted_at, SignInDelay.open_at).where(SignInDelay.key == key)
    ).first()
    return wait(*found, at) if found else timedelta(0)


def count_try(key: str, email: str) -> str | None:
    """Counts a try before its password is looked at; the account's hash, if there is one.

    One statement counts and says whether one may try, so that of tries at once each waits for the
    one before.  Raises Refusal where one must wait.
    """
    person = accounts.find_person(email)
    person_id = person.id if person else None
    stored = person.password_hash if person and person.is_active else None
    # Read when the lock is there: those who waited for it do not come from the past.
    if left := _take_try(key, clock.now(), person_id):
        raise Refusal(rules.delayed(left))
    return stored


def _take_try(key: str, at: datetime, person_id: int | None = None) -> timedelta:
    """Counts a try and commits; where one must wait, it counts nothing and says how long."""
    free, table = current_app.config["FREE_TRIES"], SignInDelay
    db.session.execute(delete(table).where(table.counted_at < at - rules.COUNTED_FOR))
    count = table.count + 1
    later = case(
        *((count <= number, rules.opens(at, time)) for number, time in rules.steps(free)),
        else_=at + LONGEST_DELAY,
    )
    first = {"count": 1, "counted_at": at, "open_at": rules.opens(at, rules.delay(1, free))}
    is_counted = upsert(
        table,
        {"key": key, "person_id": person_id, **first},
        {"person_id": person_id, "count": count, "counted_at": at, "open_at": later},
        or_(
            table.open_at <= at,
            table.open_at > at + LONGEST_DELAY,
            table.counted_at > at + CLOCK_SKEW,
        ),
    )
    db.session.commit()
    return timedelta(0) if is_counted else _left(key, at) or rules.FIRST_DELAY


def lift_delays(act: Act, person: Person) -> None:
    """Lets everybody try again at once who guessed at that account, its holder among them."""
    act.lock((person, None))
    with act.change("account.delays_lifted", person, f"{person.email} の待ち時間をなくしました。"):
        db.session.execute(delete(SignInDelay).where(SignInDelay.person_id == person.id))
        _note(SignInStep.LIFTED, person.id, act.at)


def _is_void(password: str) -> bool:
    published = exposure.PUBLISHED_PASSWORD
    return password == published and not exposure.is_password_published(current_app)


def sign_out(token: str, *, at: datetime) -> None:
    """Ends the session on the server; the cookie is worth nothing afterwards."""
    mine = update(SignIn).where(SignIn.token_hash == accounts.digest(token)).values(ended_at=at)
    _note(SignInStep.SIGNED_OUT, db.session.scalar(mine.returning(SignIn.person_id)), at)
    db.session.commit()


def end_place(act: Act, person: Person, session_id: int) -> None:
    """Ends one of one's own sessions elsewhere; nothing happens to one that has ended."""
    act.lock((person, None))
    said = f"{person.email} が、ほかの端末のログインを終了しました。"
    with act.change("account.place_ended", person, said):
        own = update(SignIn).where(SignIn.id == session_id, SignIn.person_id == person.id)
        db.session.execute(own.where(SignIn.ended_at.is_(None)).values(ended_at=act.at))
        _note(SignInStep.ENDED, person.id, act.at)


def set_up(
    act: Act,
    area: str,
    towns: Sequence[municipalities.NewTown],
    hub: str,
    email: str,
    hashed: str,
    *,
    is_example: bool = False,
    office_phone: str = "",
    meeting_place: str = "",
) -> Person:
    """Enters area, municipalities and the first admin with that hash in one commit."""
    with act:
        municipalities.create_area(
            act,
            area,
            towns,
            hub,
            is_example=is_example,
            office_phone=office_phone,
            meeting_place=meeting_place,
        )
        name = PostKind.ADMIN.label
        post = create_post(act, areas.hub().slug, PostKind.ADMIN, name, None, None)
        return create_account(act, post, name, email, password_hash=hashed)


def renew_password(act: Act, person: Person, hashed: str) -> None:
    """Another password for an account, by its hash; its sessions end."""
    act.lock((person, None))
    with act.change("account.password_set", person, f"{person.email} のパスワードを替えました。"):
        person.password_hash = hashed
        end_sessions(act, person)


def give_password(act: Act, person: Person, hashed: str) -> None:
    """The same from the terminal; the person is told by letter (M28)."""
    with act:
        renew_password(act, person, hashed)
        end_invitations(act, person)
        _tell(act, person)


def _tell(act: Act, person: Person) -> None:
    for recipient in accounts.recipients_of_person(person.id):
        cause = f"password:{person.id}:{act.at.isoformat()}"
        letters.put("password_changed", recipient, {}, cause=cause, at=act.at)


def change_password(act: Act, person: Person, hashed: str, token: str) -> None:
    """One's own password, by its hash; every session ends but the one with that token."""
    act.lock((person, None))
    with act.change(
        "account.password_changed", person, f"{person.email} がパスワードを替えました。"
    ):
        person.password_hash = hashed
        end_sessions(act, person, but=accounts.digest(token))
        end_invitations(act, person)
        _tell(act, person)
        _note(SignInStep.PASSWORD_CHANGED, person.id, act.at)


def set_password(act: Act, use: LinkUse, token: str, hashed: str) -> Person:
    """Sets a password, by its hash, by the link of a letter, which then is used up.

    Whoever has the link need not wait because of strangers' guesses.
    """
    found = queries.find_invitation(use, token, act.at)
    if found is not None:
        act.lock((found[0], None), (found[1], None))
    if found is None or found[0].used_at is not None:
        raise Refusal(_("このリンクの期限が過ぎました。メールの差出人へお知らせください。"))
    invitation, person = found
    said = f"{person.email} のパスワードが設定されました。"
    with act.change("account.password_set", person, said):
        person.password_hash = hashed
        invitation.used_at = act.at
        end_sessions(act, person)
        db.session.execute(delete(SignInDelay).where(SignInDelay.person_id == person.id))
        _note(SignInStep.PASSWORD_SET, person.id, act.at)
    return person


# --- a forgotten password ---------------------------------------------------------------------------


def ask_reset(email: str, *, at: datetime, origin: Origin = NOWHERE) -> None:
    """Notes that somebody forgot the password of an address, whether anybody has it or not.

    Raises Refusal where that source asked so often that it must wait, for whatever addresses.
    """
    source = rules.reset_key(current_app.config["SECRET_KEY"], origin)
    if origin.source and (left := _take_try(source, at)):
        raise Refusal(rules.delayed(left, rules.ASKED_OFTEN), field="email")
    address, table = comparable(email), ResetRequest
    db.session.execute(delete(table).where(table.asked_at < at - rules.COUNTED_FOR))
    new = {"address": address, "asked_at": at}
    key = rules.address_mark(current_app.config["SECRET_KEY"], address)
    upsert(
        table,
        {"key": key, **new},
        new,
        or_(table.asked_at <= at - RESET_EVERY, table.asked_at > at + CLOCK_SKEW),
    )
    db.session.commit()


def write_resets(at: datetime) -> int:
    """Writes the letters (M27) that people asked for; several processes may do it at once."""
    waiting = select(ResetRequest.key).where(ResetRequest.address.is_not(None))
    # Whoever asks for thousands of addresses holds up no reminder.
    oldest = waiting.order_by(ResetRequest.asked_at).limit(_RESETS_A_PASS)
    return sum(_write_reset(key, at) for key in db.session.scalars(oldest).all())


def _write_reset(key: str, at: datetime) -> bool:
    act = Act(None, at)
    with act:
        mine = select(ResetRequest).where(ResetRequest.key == key).with_for_update()
        request = db.session.scalars(mine.execution_options(populate_existing=True)).first()
        if request is None or request.address is None:
            return False
        person = accounts.find_person(request.address)
        request.address = None
        if person is None or not person.is_active:
            return False
        act.lock((person, None))
        said = f"{person.email} にパスワードの再設定の案内を送りました。"
        with act.change("account.reset_sent", person, said):
            put_invitation(act, person, LinkUse.RESET)
            _note(SignInStep.RESET_SENT, person.id, at)
    return True
