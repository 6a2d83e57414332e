"""A mail server that follows a script: it behaves, except where it was told not to."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.mail.faults.server import DRIP, DROP, HANG, ScriptedServer


@dataclass
class Trouble:
    """At this stage, for this recipient (or any), does this instead, so many times.

    Stages: banner ehlo starttls auth mail rcpt data (before 354) text (in the middle of it)
    dot (before its reply) accepted (after its reply) quit.  What is done is `HANG`, `DROP`,
    `DRIP` (a byte now and then, never a whole line) or a reply.
    """

    stage: str
    does: str
    to: str | None = None
    times: int = 1


class _Gone(Exception):
    """The conversation is over."""


@dataclass
class BadServer(ScriptedServer):
    """`accepted` holds (recipient, text) of each letter that came in whole and was not refused.

    `watch` hears each stage before it is answered.
    """

    trouble: Trouble | None = None
    offers: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    is_tls_first: bool = False
    watch: Callable[[str, str | None], None] = lambda _stage, _to: None
    accepted: list[tuple[str, bytes]] = field(default_factory=list)

    def due(self, stage: str, to: str | None) -> str | None:
        """What the script wants here, once less from now on."""
        self.watch(stage, to)
        one = self.trouble
        if one is None or one.stage != stage or one.times <= 0 or one.to not in (None, to):
            return None
        one.times -= 1
        return one.does

    def talk(self, caller: socket.socket) -> None:
        """One connection, following the script."""
        _Talk(self, caller).run()


class _Talk:
    """One connection."""

    def __init__(self, server: BadServer, caller: socket.socket) -> None:
        self._server, self._socket = server, caller
        self._read = b""
        self._to: str | None = None

    def run(self) -> None:
        """The conversation, to its end."""
        with contextlib.suppress(_Gone, OSError):
            if self._server.is_tls_first:
                self._wrap()
            self._reply("banner", "220 ready")
            while True:
                line = self._line().decode()
                getattr(self, f"_{line[:8].strip().partition(' ')[0].lower()}")(line)
        self._socket.close()

    def _reply(self, stage: str, reply: str) -> bool:
        """Says it; whether the script had nothing against that."""
        does = self._server.due(stage, self._to)
        if does in (HANG, DROP, DRIP):
            self._leave(does)
        self._socket.sendall(f"{does or reply}\r\n".encode())
        return does is None

    def _leave(self, does: str) -> None:
        """Goes on like this until the other side gives up."""
        self._socket.settimeout(0.05)
        while does != DROP and not self._server.closing.is_set():
            if does == DRIP:
                self._socket.sendall(b"2")
            with contextlib.suppress(TimeoutError):
                if not self._socket.recv(4096):
                    break
        raise _Gone

    def _line(self) -> bytes:
        while b"\r\n" not in self._read:
            more = self._socket.recv(4096)
            if not more:
                raise _Gone
            self._read += more
        line, _, self._read = self._read.partition(b"\r\n")
        return line

    def _ehlo(self, _: str) -> None:
        offers = "".join(f"250-{offer}\r\n" for offer in self._server.offers)
        self._reply("ehlo", f"250-here\r\n{offers}250 HELP")

    def _starttls(self, _: str) -> None:
        if self._reply("starttls", "220 go ahead"):
            self._wrap()

    def _wrap(self) -> None:
        assert self._server.tls
        self._socket = self._server.tls.wrap_socket(self._socket, server_side=True)

    def _auth(self, _: str) -> None:
        self._reply("auth", "235 welcome")

    def _mail(self, _: str) -> None:
        self._to = None
        self._reply("mail", "250 sender fine")

    def _rcpt(self, line: str) -> None:
        self._to = line.partition("<")[2].partition(">")[0]
        self._reply("rcpt", "250 recipient fine")

    def _data(self, _: str) -> None:
        if not self._reply("data", "354 go on"):
            return
        text = b""
        while (line := self._line()) != b".":
            text += line + b"\r\n"
            if self._server.due("text", self._to):
                raise _Gone
        self._server.accepted.append((self._to or "", text))
        if not self._reply("dot", "250 queued as 1"):
            self._server.accepted.pop()
        if self._server.due("accepted", self._to):
            raise _Gone

    def _quit(self, _: str) -> None:
        self._reply("quit", "221 bye")
        raise _Gone
