"""A mail as an answer to a letter of ours (contracts.md, `tracker replies read`).  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReplyKind(StrEnum):
    """What a mail is: to the dates of a poll, to an invitation, or neither and left alone."""

    POLL = "poll"
    RSVP = "rsvp"
    OTHER = "other"


class DateMark(StrEnum):
    """○ △ ×: what a reply says to one date."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Attending(StrEnum):
    """What a calendar answers to an invitation (PARTSTAT, RFC 5545 section 3.2.12)."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"


@dataclass(frozen=True)
class Expected:
    """What a mail must answer; None where it is not looked at.

    `candidates` is how many dates the letter listed, `letter` its Message-ID, `address` whom it
    went to; `uid` and `sequence` are the invitation as it stands now.
    """

    candidates: int
    letter: str | None = None
    address: str | None = None
    uid: str | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class ReplyMail:
    """What a mail says.  With any doubt nothing is taken over, and its sender is asked back.

    `days` are month and day that it wrote behind a number: who knows the dates compares them.
    """

    kind: ReplyKind
    answers: Mapping[int, DateMark] = field(default_factory=dict)
    answer: Attending | None = None
    uid: str | None = None
    sequence: int | None = None
    doubt: tuple[str, ...] = ()
    days: Mapping[int, tuple[int, int]] = field(default_factory=dict)


OTHER = ReplyMail(ReplyKind.OTHER)
