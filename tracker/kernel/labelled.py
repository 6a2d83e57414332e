"""Enums that people see: every member has the word shown for it."""

from enum import StrEnum
from typing import Self

from tracker.kernel.translation import _


class Labelled(StrEnum):
    """An enum with a label beside each value: `CLOSURE = "closure", N_("閉庁日")`.

    A member is its value, as with StrEnum: it is stored, compared and written into addresses as
    such.  A subclass with more words takes them in `__init__`, after the label; they have defaults
    there, as the label here, only because a type checker takes `Kind("closure")` for a call of it.
    """

    source: str

    def __new__(cls, value: str, label: str = "", *_more: object) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.source = label
        return member

    @property
    def label(self) -> str:
        """The word shown for it, in the language of whoever reads."""
        return _(self.source)
