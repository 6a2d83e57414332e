"""A server on this machine: each connection is answered in a thread, until the server closes."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

# What a server may do instead of answering.
HANG, DROP, DRIP = "hang", "drop", "drip"


@dataclass(kw_only=True)
class ScriptedServer:
    """Listens on a free port and counts connections; `closing` tells their threads to end."""

    port: int = 0
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def talk(self, caller: socket.socket) -> None:
        """The conversation with one caller, to its end."""
        raise NotImplementedError

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self.talk, args=[caller]))
                self._threads[-1].start()
