"""What a machine does to a program: no room on the disk, a database that is gone or closed to writers."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_room(left: int = 0) -> Iterator[None]:
    """The system lets this process write no file longer than so many bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
