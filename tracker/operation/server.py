"""The web server: how many may ask at once, how much, how slowly, and who may make whom wait.

waitress reads requests in one thread and answers them in others.  Here posts, which may wait for
the database's lock or for a hash, get at most half of these; connections that send nothing, or too
slowly, are closed; and what is refused before the application sees it is answered by its own
pages.  Source: issue D1, "One stranger does not stop the service".
"""

import logging
import re
import secrets
import signal
import socket
from collections import deque
from functools import partial
from threading import Event
from time import monotonic, time
from typing import Any

from flask import Flask, abort, g, request
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest
from werkzeug.wrappers import Response

from tracker.kernel.translation import N_, _

# Stands in the WSGI environment of a request that is only to be told so: the status to answer.
REFUSED = "tracker.refused"
_READING = {"GET", "HEAD", "OPTIONS"}
# While the posts before it go on, a post waits in line, and no thread with it; when none of them
# has begun or ended for so long (seconds), they wait for something, and it is answered at once.
STUCK = 0.5
# What is larger is not read.  Forms take 12 MB (MAX_CONTENT_LENGTH), and what is around them.
LARGEST_BODY = 13 * 1024 * 1024
# Addresses and cookies of ours take some hundred bytes; a thousand strangers' are kept in memory.
LARGEST_HEADERS = 32 * 1024
# From here on a body lies in a file: a thousand slow ones must not fill the memory.
BODY_IN_MEMORY = 128 * 1024
# A body that is to come in its time comes at least so fast, in bytes a second.
SLOWEST_BODY = 16 * 1024
# A body in tiny chunks takes the longer the more of it is looked at together.
RECEIVED_AT_ONCE = 16 * 1024
# Open files that are no connections; each connection is one, and one in four has a body in another.
FILES_BESIDE = 100
# So long running requests may go on at a stop, in seconds; the longest waits for a lock, and a hash.
LAST_SECONDS = 30
# What may be the secret of a personal link.
_SECRET = re.compile(r"[A-Za-z0-9_.-]{20,}")
_access = logging.getLogger("tracker.access")
SORRY = N_("申し訳ありません。今、処理ができませんでした。時間をおいて、もう一度お試しください。")


def init_app(app: Flask) -> None:
    """Answers what the server refuses, and logs each request without the secrets of links.

    To be called before whatever asks the database.
    """
    app.logger.setLevel(logging.INFO)

    @app.before_request
    def answer_refused() -> None:
        g.number, g.began_at = secrets.token_hex(3).upper(), monotonic()
        if code := request.environ.get(REFUSED):
            g.failed = True
            abort(code)

    @app.after_request
    def log(response: Response) -> Response:
        if request.endpoint != "static":
            path, took = _SECRET.sub("…", request.path), (monotonic() - g.began_at) * 1000
            said = (g.number, request.method, path, response.status_code, took)
            _access.info("%s %s %r %s %.0f ms", *said)
        return response


class _Request(HTTPRequestParser):
    refused: int | None = None

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began_at = time()

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        body = self.body_rcv
        # waitress keeps what should be the length of a chunk, however long it is.
        if self.chunked and len(body.control_line) + len(body.trailer) > LARGEST_HEADERS:
            self.error, self.completed = BadRequest(""), True
        return taken


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        if self.request.refused:
            environ[REFUSED] = self.request.refused
        return environ


class _Refusal(_Task):
    """What cannot be read as a request: the application makes the page, the request is left out."""

    def __init__(self, channel: Any, request: Any) -> None:
        plain = _Request(channel.adj)
        plain.parse_header(b"GET / HTTP/1.1\r\n")
        plain.refused = request.error.code
        super().__init__(channel, plain)

    def execute(self) -> None:
        self.channel.drains = True
        self.set_close_on_finish()
        try:
            super().execute()
        except Exception as error:
            if self.wrote_header or isinstance(error, ClientDisconnected):
                raise
            self.logger.exception("the page of an error failed")
            body = _(SORRY).encode()
            self.status, self.complete, self.content_length = (
                "500 Internal Server Error",
                True,
                len(body),
            )
            self.response_headers = [("Content-Type", "text/plain; charset=utf-8")]
            self.set_close_on_finish()
            self.write(body)


class _Channel(HTTPChannel):
    task_class, error_task_class, parser_class = _Task, _Refusal, _Request
    # Once an answer is out that came before all was read: what still comes is thrown away, until
    # then.  Closed at once, the sender's system might drop the answer.
    drains, drains_until = False, 0.0
    close_when_flushed = False

    def send_continue(self) -> None:
        if self.request.error:
            self.request.expect_continue = False
        else:
            super().send_continue()

    def handle_read(self) -> None:
        if not self.drains_until:
            super().handle_read()
        else:
            self.recv(RECEIVED_AT_ONCE)

    def handle_write(self) -> None:
        if not (self.drains and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif not self.total_outbufs_len:
            self.close_when_flushed = False
            self.drains_until = time() + self.server.request_seconds
            self.socket.shutdown(socket.SHUT_WR)

    def is_overdue(self, now: float) -> bool:
        """Whether it sent nothing for long, or its request takes longer than an honest one."""
        if self.requests:
            return False
        if self.drains_until:
            return now > self.drains_until
        allowed = self.server.request_seconds
        if self.request is not None:
            allowed += self.request.body_bytes_received / SLOWEST_BODY
            if now - self.request.began_at > allowed:
                return True
        return bool(now - self.last_activity > self.adj.channel_timeout)


class _Server(TcpWSGIServer):
    channel_class = _Channel
    request_seconds = 0

    def readable(self) -> bool:
        if len(self._map) >= self.adj.connection_limit - self._margin():
            self._make_room()
        return bool(super().readable())

    def _margin(self) -> int:
        return max(1, int(self.adj.connection_limit) // 20)

    def _make_room(self) -> None:
        """Closes the connections that were silent the longest, so that whoever comes gets in."""
        idle = [one for one in self.active_channels.values() if not one.requests]
        for one in sorted(idle, key=lambda one: one.last_activity)[: 2 * self._margin()]:
            one.will_close = True

    def handle_accept(self) -> None:
        # To look at all connections for each new one takes too long where there are thousands.
        for _turn in range(self._margin()):
            open_before = len(self._map)
            super().handle_accept()
            if len(self._map) == open_before:
                return

    def maintenance(self, now: float) -> None:
        for channel in self.active_channels.values():
            if channel.is_overdue(now):
                channel.will_close = True


class _Threads(ThreadedTaskDispatcher):
    """Posts wait in a line of their own, and take at most half of the threads."""

    def __init__(self, count: int, lock_seconds: float) -> None:
        super().__init__()
        self.most, self.lock_seconds = max(1, count // 2), lock_seconds
        self.line: deque[tuple[float, Any]] = deque()
        self.posting, self.moved_at = 0, monotonic()
        self.set_thread_count(count)

    def add_task(self, task: Any) -> None:
        with self.lock:
            asked = task.requests[0]
            if asked.error or asked.command.upper() in _READING:
                self.queue.append(task)
            else:
                self.line.append((monotonic(), task))
            self.queue_cv.notify()

    def handler_thread(self, thread_no: int) -> None:
        while True:
            with self.lock:
                chosen = None
                while not self.stop_count and (chosen := self._next()) is None:
                    self.queue_cv.wait(STUCK / 4 if self.line else None)
                if chosen is None:
                    self.stop_count -= 1
                    self.threads.discard(thread_no)
                    self.thread_exit_cv.notify()
                    return
            task, is_post = chosen
            try:
                task.service()
            except BaseException:
                self.logger.exception("Exception when servicing %r", task)
            if is_post:
                with self.lock:
                    self.posting, self.moved_at = self.posting - 1, monotonic()

    def _next(self) -> tuple[Any, bool] | None:
        """What a thread does next, and whether it is a post that may have to wait."""
        if self.line and self.posting < self.most:
            self.posting, self.moved_at = self.posting + 1, monotonic()
            return self.line.popleft()[1], True
        if self.queue:
            return self.queue.popleft(), False
        if not self.line:
            return None
        now, (since, task) = monotonic(), self.line[0]
        if now - self.moved_at < STUCK and now - since < self.lock_seconds:
            return None
        self.line.popleft()
        task.requests[0].refused = 503
        return task, False


def allow_files(connections: int) -> int:
    """Lets the process open as many files as its connections take; how many of these fit."""
    try:
        import resource
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_BESIDE + connections * 5 // 4
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    else:
        wanted = max(wanted, soft)
    return min(connections, max(10, (wanted - FILES_BESIDE) * 4 // 5))


def serve(listening: Any) -> None:
    """Serves until SIGTERM or Ctrl-C; requests that came by then are answered first."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    turn = partial(listening.asyncore.loop, use_poll=True, map=listening._map, count=1)
    while not stop.is_set():
        turn(timeout=1)
    until = monotonic() + LAST_SECONDS
    listening.accepting = False
    while monotonic() < until and any(map(_is_at_work, listening.active_channels.values())):
        turn(timeout=0.1)
    listening.task_dispatcher.shutdown()


def _is_at_work(channel: Any) -> bool:
    return bool(channel.requests or channel.total_outbufs_len)


def make_server(app: Flask, host: str, port: int) -> Any:
    """A server that listens; `run` serves until it is interrupted."""
    adj = Adjustments(
        host=host,
        port=port,
        threads=app.config["THREADS"],
        connection_limit=allow_files(app.config["CONNECTIONS"]),
        channel_timeout=app.config["CONNECTION_SECONDS"],
        cleanup_interval=2,
        # select() knows no more than 1024 files.
        asyncore_use_poll=True,
        # One request a connection is in work, and the next one is not read before it is answered.
        channel_request_lookahead=0,
        recv_bytes=RECEIVED_AT_ONCE,
        inbuf_overflow=BODY_IN_MEMORY,
        max_request_header_size=LARGEST_HEADERS,
        # What has that size is refused already.
        max_request_body_size=LARGEST_BODY + 1,
        # Whom to believe about where a request comes from is judged by exposure/views.py.
        clear_untrusted_proxy_headers=False,
    )
    threads = _Threads(adj.threads, app.config["LOCK_MS"] / 1000)
    sockets: dict[int, Any] = {}
    for where in adj.listen:
        server = _Server(app, sockets, dispatcher=threads, adj=adj, sockinfo=where)
        server.request_seconds = app.config["REQUEST_SECONDS"]
    return server
