"""The post office: takes letters from the outbox one by one and hands them over.

The clerk, who is the caller, keeps the books (`leases`); carriers, a thread a connection,
hand letters over (`posts`) and wait for the clerk's word before a text goes out.  No
transaction is open while a server is spoken to, and what several carriers ask at the same
time is one commit: on a slow disk that is what sending costs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from flask import Flask, current_app
from sqlalchemy import Connection

from tracker.plumbing import clock, leases
from tracker.plumbing.db import db
from tracker.plumbing.leases import Answer, Claimed, LeaseLost
from tracker.plumbing.letters import LetterState
from tracker.plumbing.posts import (
    FAILURES,
    FilePost,
    Post,
    SmtpPost,
    answer_to,
    init_app,
    open_post,
)

__all__ = ["FilePost", "Post", "SmtpPost", "deliver", "init_app", "open_post"]

# How often who asked for a delivery hears how far it is.
BEAT_SECONDS = 1.0
CONNECTIONS = 4
# A connection more is worth opening for so many letters.
LETTERS_A_CONNECTION = 25
# A mark as young as this still holds when the text goes out: its lease is far longer.
FRESH_SECONDS = 1.0
# A server that answers nothing for so many commands' time in a row ends the pass.
PATIENCE = 10

T = TypeVar("T")
Told = Callable[[Mapping[LetterState, int]], None]


def deliver(
    most: int = 100_000, *, connections: int | None = None, each: Told | None = None
) -> dict[LetterState, int]:
    """Sends what is due now, at most `most` letters; returns how each try ended.

    Many letters go over up to so many `connections` at once (MAIL_CONNECTIONS unless said),
    a few over one.  About once a second, and at the end, `each` hears the counts so far,
    outside any transaction.  Ends the caller's transaction first: nothing may be pending.
    """
    connections = connections or current_app.config.get("MAIL_CONNECTIONS", CONNECTIONS)
    db.session.rollback()
    due = leases.recover(clock.now())
    hands = max(1, min(connections, min(due, most) // LETTERS_A_CONNECTION))
    clerk = _Clerk(most, hands)
    tell = each or (lambda _: None)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(hands) as pool, db.engine.connect() as connection:
        carriers = [pool.submit(_carry, app, clerk) for _ in range(hands)]
        clerk.serve(carriers, connection, tell)
    for carrier in carriers:
        carrier.result()
    tell(dict(clerk.ended))
    return dict(clerk.ended)


class _Asked(NamedTuple):
    """A line for the books, and where its result is waited for."""

    work: Callable[[Connection], Any]
    done: Future[Any]


class _Clerk:
    """Writes what the carriers ask for; only `claim`, `mark` and `record` are theirs to call."""

    def __init__(self, most: int, carriers: int) -> None:
        self.ended: Counter[LetterState] = Counter()
        self._left = most
        self._at_work = carriers
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()

    def claim(self) -> Claimed | None:
        """A letter to hand over, or None when nothing is due or it is time to stop."""
        return self._ask(self._take)

    def mark(self, claimed: Claimed) -> None:
        """Returns when the mark that the text goes out is durable.

        Raises LeaseLost when the letter is somebody else's by now.
        """
        if not self._ask(lambda on: leases.mark(on, claimed, clock.now())):
            raise LeaseLost

    def record(self, claimed: Claimed, answer: Answer) -> Claimed | None:
        """Returns when the answer is durable; with it the next letter.

        A connection that works will have the next text out within a moment, so the same
        commit marks that.  A carrier in trouble leaves the rest to the others, if there are
        any: some servers take few connections.
        """

        def work(on: Connection) -> Claimed | None:
            state = leases.settle(on, claimed, answer, clock.now())
            if state is not None:
                self.ended[state] += 1
            if answer.state is LetterState.RETRYING and self._at_work > 1:
                self._at_work -= 1
                return None
            return self._take(on, marked=answer.state is LetterState.SENT)

        return self._ask(work)

    def stop(self) -> None:
        """No more letters are taken; those under way are still written down."""
        self._left = 0

    def serve(self, carriers: Sequence[Future[None]], on: Connection, tell: Told) -> None:
        """Writes until the last carrier is home; what cannot be written sends them all home."""
        for carrier in carriers:
            carrier.add_done_callback(lambda _: self._asked.put(None))
        try:
            self._keep_books(carriers, on, tell)
        except KeyboardInterrupt:
            self.stop()
            self._keep_books(carriers, on, tell)
            raise
        finally:
            while not _all_home(carriers):
                if one := self._asked.get():
                    one.done.set_exception(CancelledError())

    def _keep_books(self, carriers: Sequence[Future[None]], on: Connection, tell: Told) -> None:
        told_at = monotonic()
        while not (_all_home(carriers) and self._asked.empty()):
            self._write(self._gather(), on)
            if monotonic() - told_at >= BEAT_SECONDS:
                told_at = monotonic()
                tell(dict(self.ended))

    def _gather(self) -> list[_Asked]:
        """What was asked by now; waits a moment for the first line."""
        asked: list[_Asked] = []
        with suppress(Empty):
            while one := self._asked.get(timeout=0 if asked else BEAT_SECONDS):
                asked.append(one)
        return asked

    def _write(self, asked: Sequence[_Asked], on: Connection) -> None:
        if not asked:
            return
        try:
            with on.begin():
                results = [one.work(on) for one in asked]
        except BaseException as error:
            for one in asked:
                one.done.set_exception(error)
            raise
        for one, result in zip(asked, results, strict=True):
            one.done.set_result(result)

    def _ask(self, work: Callable[[Connection], T]) -> T:
        done: Future[T] = Future()
        self._asked.put(_Asked(work, done))
        return done.result()

    def _take(self, on: Connection, *, marked: bool = False) -> Claimed | None:
        claimed = leases.take(on, clock.now(), marked=marked) if self._left > 0 else None
        if claimed is None:
            self._at_work -= 1
        else:
            self._left -= 1
        return claimed


def _all_home(carriers: Sequence[Future[None]]) -> bool:
    return all(carrier.done() for carrier in carriers)


def _carry(app: Flask, clerk: _Clerk) -> None:
    """One connection: letter after letter, until nothing is due."""
    with app.app_context():
        patience = PATIENCE * app.config["MAIL_COMMAND_SECONDS"]
        silent = 0.0
        post = open_post()
        try:
            claimed = clerk.claim()
            while claimed is not None:
                begun = monotonic()
                answer = _hand_over(post, claimed, clerk)
                silent = silent + monotonic() - begun if answer and answer.is_silence else 0.0
                if silent > patience:
                    clerk.stop()
                claimed = clerk.record(claimed, answer) if answer else clerk.claim()
        finally:
            post.close()


def _hand_over(post: Post, claimed: Claimed, clerk: _Clerk) -> Answer | None:
    """One try; None when the letter turned out to be somebody else's."""
    phase: str | None = None
    fresh_until = monotonic() + FRESH_SECONDS if claimed.is_marked else 0.0

    def before_data() -> None:
        nonlocal phase
        if monotonic() > fresh_until:
            clerk.mark(claimed)
        phase = "data"

    try:
        answer = Answer(LetterState.SENT, 250, post.send(claimed.letter, before_data))
    except LeaseLost:
        return None
    except FAILURES as error:
        answer = answer_to(error)
    return replace(answer, phase=phase)
