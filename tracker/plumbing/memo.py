"""What every page needs and seldom changes, kept in this process as long as its rooms stay as they are."""

from collections.abc import Callable, Collection, Hashable
from typing import Any, TypeVar

from flask import current_app, g, has_request_context

from tracker.history import history
from tracker.plumbing.db import db

T = TypeVar("T")
# Old values of days and people long gone must not pile up.
_MOST = 2000


def kept(key: Hashable, rooms: Collection[str] | None, make: Callable[[], T]) -> T:
    """The value of `make`, made once per version of the rooms (`columns.room_of`) whose tables it reads.

    Without rooms: of all of them.  Every change records history in its own transaction, which
    moves the versions of the rooms it touched, so equal versions mean equal data.  An act under
    way shares nothing: it must see what it just wrote.
    """
    if not has_request_context() or db.session().info.get("acts"):
        return make()
    if "versions" not in g:
        g.versions = history.versions()
    named = sorted(g.versions) if rooms is None else rooms
    now = tuple(g.versions.get(room, 0) for room in (history.EVERY_ROOM, *named))
    values: dict[Hashable, tuple[Any, Any]] = current_app.extensions.setdefault("memo", {})
    found = values.get(key)
    if found is None or found[0] != now:
        if len(values) >= _MOST:
            values.clear()
        values[key] = found = (now, make())
    value: T = found[1]
    return value
