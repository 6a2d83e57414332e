"""Takes letters from the outbox one by one and hands them over.

One writer, the caller's thread, writes to the database (`outbox`); senders, a thread a
connection, hand letters over (`transports`) and wait for the writer before a text goes out.  No
transaction is open while a server is spoken to, and what several senders ask at the same time
is one commit: on a slow disk that is what sending costs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Event
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
    db.session.rollback()
    with db.engine.connect() as on:
        with on.begin():
            due = outbox.recover(on, clock.now())
        count = max(1, min(connections, min(due, most) // LETTERS_A_CONNECTION))
        writer = _Writer(most, count)
        tell = each or (lambda _: None)
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        with ThreadPoolExecutor(count) as pool:
            senders = [pool.submit(_send, app, writer) for _ in range(count)]
            writer.serve(senders, on, tell)
    for sender in senders:
        sender.result()
    transports.clear_away(clock.now())
    tell(dict(writer.ended))
    return dict(writer.ended)


class _Asked(NamedTuple):
    """Something to write, and where its result is waited for."""

    work: Callable[[Connection], Any]
    done: Future[Any]


class _Next(NamedTuple):
    """What a sender hears when a letter was written down.

    The letter after it: whether the mark that its text goes out is durable.  And the one after
    that, taken meanwhile.
    """

    is_marked: bool
    following: Claimed | None


class _Writer:
    """Writes what the senders ask for: they call `take`, `mark`, `settle` and `stop`."""

    def __init__(self, most: int, senders: int) -> None:
        self.ended: Counter[LetterState] = Counter()
        self._left = most
        self._is_over = False
        self._at_work = senders
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        # Taken by a sender that ended before it could hand them over.
        self._returned: list[Claimed] = []

    def take(self) -> Claimed | None:
        """A letter to hand over, or None when nothing is due or it is time to stop."""
        return self._ask(self._take).result()

    def mark(self, claimed: Claimed) -> None:
        """Returns when the mark that the text goes out is durable.

        Raises LeaseLost when the letter is somebody else's by now.
        """
        if not self._ask(lambda on: outbox.mark(on, claimed, clock.now())).result():
            raise LeaseLost

    def settle(
        self, claimed: Claimed, result: SendResult, upcoming: Claimed | None
    ) -> "Future[_Next | None]":
        """Writes the result down, and in the same commit marks the upcoming letter.

        The sender need not wait before it says MAIL and RCPT of that; it must before the text.
        None: end.  A sender in trouble leaves the rest to the others, if there are any:
        some servers take few connections.
        """

        def work(on: Connection) -> _Next | None:
            state = outbox.settle(on, claimed, result, clock.now())
            if state is not None:
                self.ended[state] += 1
            in_trouble = result.state is LetterState.RETRYING and self._at_work > 1
            if in_trouble or self._is_over or stopping.is_set():
                self._at_work -= 1
                self._returned += [upcoming] if upcoming else []
                return None
            is_marked = False
            if upcoming and result.state is LetterState.SENT:
                is_marked = outbox.mark(on, upcoming, clock.now())
            return _Next(is_marked, self._take(on))

        return self._ask(work)

    def stop(self) -> None:
        """No more letters are handed over; those under way are still written down."""
        self._is_over = True

    def serve(self, senders: Sequence[Future[None]], on: Connection, tell: Told) -> None:
        """Writes until the last sender has ended; what cannot be written ends them all."""
        for sender in senders:
            sender.add_done_callback(lambda _: self._asked.put(None))
        try:
            self._write_all(senders, on, tell)
            self._put_back(on)
        except KeyboardInterrupt:
            self.stop()
            self._write_all(senders, on, tell)
            self._put_back(on)
            raise
        finally:
            while not _all_done(senders):
                if one := self._asked.get():
                    one.done.set_exception(CancelledError())

    def _write_all(self, senders: Sequence[Future[None]], on: Connection, tell: Told) -> None:
        told_at = monotonic()
        while not (_all_done(senders) and self._asked.empty()):
            self._write(self._gather(), on)
            if monotonic() - told_at >= BEAT_SECONDS:
                told_at = monotonic()
                tell(dict(self.ended))

    def _gather(self) -> list[_Asked]:
        """What was asked by now; waits a moment for the first."""
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

    def _put_back(self, on: Connection) -> None:
        if self._returned:
            with on.begin():
                outbox.put_back(on, self._returned, clock.now())

    def _ask(self, work: Callable[[Connection], T]) -> "Future[T]":
        done: Future[T] = Future()
        self._asked.put(_Asked(work, done))
        return done

    def _take(self, on: Connection) -> Claimed | None:
        if self._is_over or stopping.is_set():
            return None
        if self._returned:
            return self._returned.pop()
        claimed = outbox.take(on, clock.now()) if self._left > 0 else None
        self._left -= claimed is not None
        return claimed


def _all_done(senders: Sequence[Future[None]]) -> bool:
    return all(sender.done() for sender in senders)


def _send(app: Flask, writer: _Writer) -> None:
    """One connection: letter after letter, until nothing is due."""
    with app.app_context():
        patience = PATIENCE * app.config["MAIL_COMMAND_SECONDS"]
        silent = 0.0
        transport = transports.open_transport()
        try:
            pipeline = _Pipeline(writer)
            while pipeline.claimed is not None:
                begun = monotonic()
                result = pipeline.hand_over(transport)
                silent = silent + monotonic() - begun if result and result.is_silence else 0.0
                if silent > patience:
                    writer.stop()
                pipeline.go_on(result)
        finally:
            transport.close()


class _Pipeline:
    """The letters of one connection: the one in hand, the one after it, and what is awaited.

    While the writer writes a letter down, the next one's MAIL and RCPT go out already: the two
    longest waits of a letter, for the disk and for the server, run side by side.
    """

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self.claimed = writer.take()
        self._following = writer.take() if self.claimed else None
        self._awaited: Future[_Next | None] | None = None
        self._fresh_until = 0.0
        self._phase: str | None = None

    def hand_over(self, transport: Transport) -> SendResult | None:
        """One try; None when the letter turned out to be somebody else's."""
        assert self.claimed is not None
        self._phase = None
        try:
            words = transport.hand_over(self.claimed, self._mark)
        except LeaseLost:
            return None
        except transports.FAILURES as error:
            return replace(transports.result_of(error), phase=self._phase)
        said = reasons.without_links(words)
        return SendResult(LetterState.SENT, 250, said, phase=self._phase)

    def go_on(self, result: SendResult | None) -> None:
        """Has the try written down and takes up the next letter, if there is one."""
        self._hear()
        if self.claimed is not None and result is not None:
            self._awaited = self._writer.settle(self.claimed, result, self._following)
        self.claimed, self._following, self._fresh_until = self._following, None, 0.0
        if self.claimed is None or (result and result.state is not LetterState.SENT):
            # In trouble the writer may say to end: that is worth waiting for.
            self._hear()
        if self.claimed is None:
            self.claimed, self._following = self._following, None

    def _mark(self) -> None:
        """Right before the text: the letter before is written down, this one's mark is durable."""
        self._hear()
        if self.claimed is None:
            raise LeaseLost
        if monotonic() > self._fresh_until:
            self._writer.mark(self.claimed)
        self._phase = "data"

    def _hear(self) -> None:
        """Waits for what the writer was asked last."""
        if self._awaited is None:
            return
        heard, self._awaited = self._awaited.result(), None
        if heard is None:
            self.claimed = None
        else:
            self._following = heard.following
            self._fresh_until = monotonic() + FRESH_SECONDS if heard.is_marked else 0.0
