"""Sentences that people read, in the language of whoever reads; Japanese is the source.

Every message is a literal inside `_()` where it is shown at once, or inside `N_()` where it stands
in a table or a class and is looked up later.  Both are what Babel extracts.
"""

from contextvars import ContextVar
from gettext import NullTranslations

CATALOGUE: ContextVar[NullTranslations | None] = ContextVar("catalogue", default=None)
"""The translations that this request or command reads by; None is the source language."""


def _(message: str, /, **values: object) -> str:
    """The message in the current language; `%(name)s` is filled in when values are given."""
    catalogue = CATALOGUE.get()
    # The empty message is the header of a catalogue.
    text = catalogue.gettext(message) if catalogue is not None and message else message
    return text % values if values else text


def N_(message: str) -> str:
    """Marks a message that stands where no reader is known yet; whoever shows it calls `_`."""
    return message


__all__ = ["CATALOGUE", "N_", "_"]
