"""What a mail server says, read with one deadline an answer, however slowly it drips."""

from socket import socket
from time import monotonic

_CHUNK = 8192


class Replies:
    """What smtplib and imaplib read from; whoever asks sets `deadline` (monotonic seconds)."""

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self._read = b""
        self.deadline = 0.0

    def readline(self, most: int) -> bytes:
        """One line with its end; b"" when the server has closed. Raises TimeoutError."""
        while b"\n" not in self._read and len(self._read) < most and self._more():
            pass
        return self._cut(min(self._read.find(b"\n") + 1 or most, most))

    def read(self, size: int) -> bytes:
        """So many bytes; fewer when the server has closed. Raises TimeoutError."""
        while len(self._read) < size and self._more():
            pass
        return self._cut(size)

    def close(self) -> None:
        """The socket is closed by who opened it."""

    def _more(self) -> bool:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        more = self.sock.recv(_CHUNK)
        self._read += more
        return bool(more)

    def _cut(self, end: int) -> bytes:
        cut, self._read = self._read[:end], self._read[end:]
        return cut
