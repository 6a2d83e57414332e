"""Takes letters from the outbox one by one and hands them over.

Senders, a thread a connection, hand letters over (`transports`).  What they write down goes over
one connection to the database (`outbox`), and what several ask at the same time is one commit: on
a slow disk that is what sending costs.  No transaction is open while a server is spoken to.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, replace
from threading import Event, Lock
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from flask import Flask, current_app
from sqlalchemy import Connection

from tracker.mail import outbox, reasons, transports
from tracker.mail.letters import LetterState
from tracker.mail.outbox import Claimed, SendResult
from tracker.mail.transports import Transport
from tracker.plumbing import clock
from tracker.plumbing.db import db

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


# Set when the process is to end: letters under way are finished, no other is begun.
stopping = Event()


class LeaseLost(Exception):
    """Somebody else owns the letter by now: stop, and send nothing."""


def deliver(
    most: int = 100_000, *, connections: int | None = None, each: Told | None = None
) -> dict[LetterState, int]:
    """Sends what is due now, at most `most` letters; returns how each try ended.

    Many letters go over up to so many `connections` at once (MAIL_CONNECTIONS unless said),
    a few over one.  About once a second, and at the end, `each` hears the counts so far,
    outside any transaction.  Ends the caller's transaction first: nothing may be pending.
    """
    connections = connections or current_app.config.get("MAIL_CONNECTIONS", CONNECTIONS)
    tell = each or (lambda _: None)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.rollback()
    with db.engine.connect() as on:
        with on.begin():
            due = outbox.recover(on, clock.now())
        count = max(1, min(connections, min(due, most) // LETTERS_A_CONNECTION))
        books = _Books(on, most, count)
        with ThreadPoolExecutor(count) as pool:
            # Each with the clock of who asked.
            senders = [pool.submit(copy_context().run, _send, app, books) for _ in range(count)]
            try:
                while wait(senders, BEAT_SECONDS).not_done:
                    tell(dict(books.ended))
            except BaseException:
                books.stop()
                raise
    for sender in senders:
        sender.result()
    transports.clear_away(clock.now())
    tell(dict(books.ended))
    return dict(books.ended)


@dataclass
class _Asked:
    """Something to write, and what came of it."""

    work: Callable[[Connection], Any]
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None


class _InHand(NamedTuple):
    """A letter to hand over, and until when (monotonic seconds) its mark need not be made again."""

    claimed: Claimed
    fresh_until: float = 0.0


class _Books:
    """What the senders write down: each call returns when it is durable.

    Whoever finds nobody writing writes for all that wait.
    """

    def __init__(self, on: Connection, most: int, senders: int) -> None:
        self.ended: Counter[LetterState] = Counter()
        self._on = on
        self._left = most
        self._is_over = False
        self._at_work = senders
        self._asked: deque[_Asked] = deque()
        self._writing = Lock()

    def take(self) -> _InHand | None:
        """A letter to hand over, or None when nothing is due or it is time to stop."""
        claimed = self._write(self._take)
        return _InHand(claimed) if claimed else None

    def mark(self, claimed: Claimed) -> None:
        """Notes that the text goes out now.

        Raises LeaseLost when the letter is somebody else's by now.
        """
        if not self._write(lambda on: outbox.mark(on, claimed, clock.now())):
            raise LeaseLost

    def settle(self, claimed: Claimed, result: SendResult) -> _InHand | None:
        """Notes how a try ended, and in the same commit takes the next letter and marks it.

        None: end.  A sender in trouble leaves the rest to the others, if there are any: some
        servers take few connections.
        """

        is_marked = result.state is LetterState.SENT

        def work(on: Connection) -> Claimed | None:
            state = outbox.settle(on, claimed, result, clock.now())
            if state is not None:
                self.ended[state] += 1
            if result.state is LetterState.RETRYING and self._at_work > 1:
                self._at_work -= 1
                return None
            return self._take(on, is_marked=is_marked)

        following = self._write(work)
        fresh_until = monotonic() + FRESH_SECONDS if is_marked else 0.0
        return _InHand(following, fresh_until) if following else None

    def stop(self) -> None:
        """No more letters are handed over; those under way are still written down."""
        self._is_over = True

    def _take(self, on: Connection, *, is_marked: bool = False) -> Claimed | None:
        if self._is_over or stopping.is_set() or self._left <= 0:
            return None
        claimed = outbox.take(on, clock.now(), is_marked=is_marked)
        self._left -= claimed is not None
        return claimed

    def _write(self, work: Callable[[Connection], T]) -> T:
        one = _Asked(work)
        self._asked.append(one)
        with self._writing:
            if not one.is_done:
                self._commit([self._asked.popleft() for _ in range(len(self._asked))])
        if one.error is not None:
            raise one.error
        result: T = one.result
        return result

    def _commit(self, asked: list[_Asked]) -> None:
        """One transaction; what cannot be written ends all who asked, and nothing more is taken."""
        try:
            with self._on.begin():
                for one in asked:
                    one.result = one.work(self._on)
        except BaseException as error:
            self.stop()
            for one in asked:
                one.error = error
        for one in asked:
            one.is_done = True


def _send(app: Flask, books: _Books) -> None:
    """One connection: letter after letter, until nothing is due."""
    with app.app_context():
        patience = PATIENCE * app.config["MAIL_COMMAND_SECONDS"]
        silent = 0.0
        transport = transports.open_transport()
        try:
            in_hand = books.take()
            while in_hand is not None:
                begun = monotonic()
                result = _hand_over(transport, books, in_hand)
                silent = silent + monotonic() - begun if result and result.is_silence else 0.0
                if silent > patience:
                    books.stop()
                in_hand = books.settle(in_hand.claimed, result) if result else books.take()
        finally:
            transport.close()


def _hand_over(transport: Transport, books: _Books, in_hand: _InHand) -> SendResult | None:
    """One try; None when the letter turned out to be somebody else's."""
    phase: str | None = None

    def mark() -> None:
        nonlocal phase
        if monotonic() > in_hand.fresh_until:
            books.mark(in_hand.claimed)
        phase = "data"

    try:
        words = transport.hand_over(in_hand.claimed, mark)
    except LeaseLost:
        return None
    except transports.FAILURES as error:
        return replace(transports.result_of(error), phase=phase)
    return SendResult(LetterState.SENT, 250, reasons.without_links(words), phase=phase)
