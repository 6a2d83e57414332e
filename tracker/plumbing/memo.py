"""What every page needs and seldom changes, kept per data version in this process."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from flask import current_app, g, has_request_context, request

from tracker.plumbing import history

T = TypeVar("T")


def by_version(key: Hashable, make: Callable[[], T]) -> T:
    """The value of `make`, made once per version of the data.

    Every change records history in its own transaction, so an equal version means equal
    data.  Only reading requests share: a writing one must see what it just wrote.
    """
    if not has_request_context() or request.method not in {"GET", "HEAD"}:
        return make()
    if "version" not in g:
        g.version = history.version()
    kept: tuple[int, dict[Any, Any]] = current_app.extensions.get("memo", (-1, {}))
    if kept[0] != g.version:
        kept = (g.version, {})
        current_app.extensions["memo"] = kept
    if key not in kept[1]:
        kept[1][key] = make()
    value: T = kept[1][key]
    return value
