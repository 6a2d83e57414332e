"""A mail server that takes every letter and keeps only its Message-ID.

Called as `python -m tests.bench.sink`: says its port, serves until its input ends, then says as
JSON how many letters came and how often the rarest and the commonest Message-ID came.
"""

import json
import sys
from collections import Counter
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class AnyPort(Controller):
    """aiosmtpd knocks at its own door before it says which free port it was given."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library's is untyped


class Sink:
    """Counts Message-IDs."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Counts a letter; aiosmtpd calls this by its name."""
        content: Any = envelope.content
        self.seen[BytesHeaderParser().parsebytes(content)["Message-ID"]] += 1
        return "250 Message accepted"


def main() -> None:
    """Serves."""
    sink = Sink()
    door = AnyPort(sink, hostname="127.0.0.1", port=0)
    door.start()
    sys.stdout.write(f"{door.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    door.stop()
    times = sink.seen.values()
    sys.stdout.write(json.dumps([sum(times), min(times), max(times)]))


if __name__ == "__main__":
    main()
