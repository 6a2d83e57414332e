"""The 14 points of contracts.md "Letters" at which a process is killed.

Planted by wrapping functions inside the worker process; the product knows nothing of them.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from tracker.mail import delivery, outbox, smtp
from tracker.reminders import actions

# These come once in a pass, all others once for each recipient.
ONCE = ("01", "02", "03", "06")
PER_RECIPIENT = ("04", "05", "07", "08", "09", "10", "11", "12", "13", "14")
POINTS = tuple(sorted(ONCE + PER_RECIPIENT))
# Here the server may have the letter while the database does not say so.
AMBIGUOUS = ("10", "11", "12", "13")
# While a letter is written down, the next is on its way to 08 already, and the one after that
# is taken in the same commit: at these points of theirs, the letter before is still at 13.
MAY_DOUBLE = (*AMBIGUOUS, "04", "07", "08")


def die(*_: Any) -> None:
    """Ends this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def _at(
    owner: Any,
    name: str,
    number: int,
    *,
    before: bool = False,
    counts: Callable[..., bool] = lambda *_: True,
) -> None:
    """Dies at the `number`th call of owner.name that counts."""
    real = getattr(owner, name)
    calls = 0

    def wrapped(*args: Any, **fields: Any) -> Any:
        nonlocal calls
        calls += counts(*args)
        is_now = calls == number and counts(*args)
        if before and is_now:
            die()
        result = real(*args, **fields)
        if is_now:
            die()
        return result

    setattr(owner, name, wrapped)


def _after_commit_of(function: str, number: int) -> None:
    """Dies when the database holds what the `number`th call of outbox.function wrote."""
    real, write = getattr(outbox, function), delivery._Writer._write
    calls = 0

    def counted(*args: Any, **fields: Any) -> Any:
        nonlocal calls
        calls += 1
        return real(*args, **fields)

    def written(*args: Any) -> None:
        write(*args)
        if calls >= number:
            die()

    setattr(outbox, function, counted)
    delivery._Writer._write = written  # type: ignore[method-assign]


def _is_data(_smtp: Any, command: str, *_: Any) -> bool:
    return command == "data"


def _is_text(_smtp: Any, sent: Any) -> bool:
    return isinstance(sent, bytes)


PLANT: dict[str, Callable[[int], None]] = {
    "01": lambda n: _at(actions.rules, "clock_is_wrong", n),
    "02": lambda n: _at(actions, "_write", n),
    "03": lambda n: _at(actions, "plan", n),
    "04": lambda n: _at(outbox, "take", n, before=True),
    "05": lambda n: _after_commit_of("take", n),
    "06": lambda n: _at(smtp.SmtpTransport, "configure_host", n),
    "07": lambda n: _at(smtp.Smtp, "mail", n),
    "08": lambda n: _at(smtp.Smtp, "rcpt", n),
    "09": lambda n: _after_commit_of("mark", n),
    "10": lambda n: _at(smtp.Smtp, "putcmd", n, counts=_is_data),
    "11": lambda n: _at(smtp.Smtp, "send", n, counts=_is_text),
    "12": lambda n: _at(smtp.Smtp, "data", n),
    "13": lambda n: _at(outbox, "settle", n),
    "14": lambda n: _after_commit_of("settle", n),
}
