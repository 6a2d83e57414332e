"""Where the project's own files stand, and the home that nobody else on the machine reads."""

import os
import pathlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

# What the home holds: the database with its side files, the secret key, letters as files, kept posts,
# attachments.
HELD = (
    *("tracker.sqlite3*", "secret_key", "outbox", "outbox/*", "kept", "kept/*"),
    *("uploads", "uploads/*", "uploads/*/*"),
)
OTHERS = 0o077


def project_root() -> pathlib.Path:
    """The folder that holds config.py, templates/ and migrations/."""
    package = pathlib.Path(__file__).resolve().parent.parent
    bundled = package / "_bundled"
    return bundled if bundled.exists() else package.parent


def close_home(home: pathlib.Path) -> None:
    """Makes the home, and lets only the account that runs the product read what it holds.

    What is made from now on is closed from its first moment.  Stops the start where the home
    stays open to others.
    """
    os.umask(os.umask(OTHERS) | OTHERS)
    home.mkdir(parents=True, exist_ok=True)
    try:
        for path in (home, *(path for held in HELD for path in home.glob(held))):
            if path.stat().st_mode & OTHERS:
                path.chmod(path.stat().st_mode & ~OTHERS)
    except PermissionError:
        raise SystemExit(
            f"TRACKER_HOME ({home}) can be read by others and belongs to somebody else: "
            "it holds passwords' hashes. Name a folder of your own."
        ) from None


@contextmanager
def written_whole(path: pathlib.Path, *, anew: bool = False) -> Iterator[BinaryIO]:
    """A file to be written for the program's own account: all of it or nothing, also on a full disk.

    Takes the place of what was there; with `anew` raises FileExistsError instead.  Raises OSError
    where it cannot be written.  A process killed meanwhile leaves only a name that ends in .part.
    """
    half = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if anew:
            os.link(half, path)
        else:
            half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def write_whole(path: pathlib.Path, content: bytes, *, anew: bool = False) -> None:
    """The same for content that is there already."""
    with written_whole(path, anew=anew) as file:
        file.write(content)
