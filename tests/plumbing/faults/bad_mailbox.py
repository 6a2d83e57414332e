"""An IMAP server that follows a script: one empty-handed mailbox, and one trouble."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

HANG, DROP, DRIP = "hang", "drop", "drip"
# What it says where nothing is wrong, by command; `{tag}` is the command's own.
GOOD = {
    "BANNER": "* OK ready",
    "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK done",
    "LOGIN": "{tag} OK welcome",
    "SELECT": "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n{tag} OK [READ-WRITE] open",
    "SEARCH": "* SEARCH 5\r\n{tag} OK done",
    "FETCH": "* 1 FETCH (UID 5 BODY[]<0> {{4}}\r\nmail)\r\n{tag} OK done",
    "LOGOUT": "* BYE\r\n{tag} OK bye",
}


@dataclass
class BadMailbox:
    """At `stage` it does what `does` says: HANG, DROP, DRIP (a byte now and then) or an answer."""

    stage: str
    does: str
    port: int = 0
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self._talk, args=[caller]))
                self._threads[-1].start()

    def _talk(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            commands = caller.makefile("r", newline="\r\n")
            goes_on = self._answer(caller, "BANNER", "*")
            while goes_on and (line := commands.readline()):
                tag, *words = line.split()
                command = words[1] if words[0] == "UID" else words[0]
                goes_on = self._answer(caller, command, tag) and command != "LOGOUT"
            commands.close()

    def _answer(self, caller: socket.socket, stage: str, tag: str) -> bool:
        does = self.does if stage == self.stage else GOOD.get(stage, "{tag} OK done")
        while does in (HANG, DRIP) and not self.closing.wait(0.05):
            if does == DRIP:
                caller.sendall(b"*")
        if does in (HANG, DRIP, DROP):
            return False
        caller.sendall(f"{does.format(tag=tag)}\r\n".encode())
        return True
