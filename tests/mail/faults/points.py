"""The 14 points of contracts.md "Letters" at which a process is killed.

Planted by wrapping functions inside the worker process; the product knows nothing of them.
"""

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from tracker.mail import delivery, outbox, smtp
from tracker.reminders import actions

# These come once in a pass, all others once for each recipient.
ONCE = ("01", "02", "03", "06")
PER_RECIPIENT = ("04", "05", "07", "08", "09", "10", "11", "12", "13", "14")
POINTS = tuple(sorted(ONCE + PER_RECIPIENT))
# Here the server may have the letter while the database does not say so.
AMBIGUOUS = ("10", "11", "12", "13")
# A letter is taken in the commit that writes the one before it down: that one is still at 13.
MAY_DOUBLE = (*AMBIGUOUS, "04")


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


def _after_commit_of(*functions: str, number: int, counts: Callable[..., bool]) -> None:
    """Dies when the database holds what the `number`th call of outbox's functions wrote."""
    write, calls = delivery._Books._commit, 0

    def counted(real: Callable[..., Any], *args: Any, **fields: Any) -> Any:
        nonlocal calls
        calls += counts(**fields)
        return real(*args, **fields)

    def written(*args: Any) -> None:
        write(*args)
        if calls >= number:
            die()

    for function in functions:
        setattr(outbox, function, partial(counted, getattr(outbox, function)))
    delivery._Books._commit = written  # type: ignore[method-assign]


def _always(**_: bool) -> bool:
    return True


def _marks(is_marked: bool = True) -> bool:
    """Whether a call says that the text goes out: `mark`, or `take` where it marks at once."""
    return is_marked


def _is_data(_smtp: Any, command: str, *_: Any) -> bool:
    return command == "data"


def _is_text(_smtp: Any, sent: Any) -> bool:
    return isinstance(sent, bytes)


PLANT: dict[str, Callable[[int], None]] = {
    "01": lambda n: _at(actions.rules, "clock_is_wrong", n),
    "02": lambda n: _at(actions, "_write", n),
    "03": lambda n: _at(actions, "plan", n),
    "04": lambda n: _at(outbox, "take", n, before=True),
    "05": lambda n: _after_commit_of("take", number=n, counts=_always),
    "06": lambda n: _at(smtp.SmtpTransport, "configure_host", n),
    "07": lambda n: _at(smtp.Smtp, "mail", n),
    "08": lambda n: _at(smtp.Smtp, "rcpt", n),
    "09": lambda n: _after_commit_of("mark", "take", number=n, counts=_marks),
    "10": lambda n: _at(smtp.Smtp, "putcmd", n, counts=_is_data),
    "11": lambda n: _at(smtp.Smtp, "send", n, counts=_is_text),
    "12": lambda n: _at(smtp.Smtp, "data", n),
    "13": lambda n: _at(outbox, "settle", n),
    "14": lambda n: _after_commit_of("settle", number=n, counts=_always),
}
