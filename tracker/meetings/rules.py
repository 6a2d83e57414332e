"""Article 5: every fiscal year the heads of each agreement meet (product.md 5, contracts.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from tracker.kernel import office_days, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal

NOTICE_WANTED = timedelta(weeks=4)
LINK_OUTLIVES_DEADLINE = timedelta(days=7)
REPLY_OFFICE_DAYS = 10
PROPOSALS_APART_OFFICE_DAYS = 3
HOURS = ((time(14), time(15, 30)), (time(10), time(11, 30)))
NO_COMMON_DAY = "全員が○の日はありません。△の町に理由を伺うか、候補日を加えてください。"


class Standing(StrEnum):
    """How far one agreement has come with its meeting of the year (contracts.md, States)."""

    NONE = "none"
    POLLING = "polling"
    FIXED = "fixed"
    NOTICED = "noticed"
    HELD = "held"
    MINUTED = "minuted"
    MISSED = "missed"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _STANDING_LABELS[self]

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return f"meeting_{self}"


_STANDING_LABELS: Mapping[Standing, str] = {
    Standing.NONE: "準備前",
    Standing.POLLING: "日程調整中",
    Standing.FIXED: "日程決定",
    Standing.NOTICED: "案内済み",
    Standing.HELD: "開催済み",
    Standing.MINUTED: "議事録確定",
    Standing.MISSED: "未開催",
}
FULFILLED = frozenset({Standing.HELD, Standing.MINUTED})


class Answer(StrEnum):
    """A head's answer for one candidate date; always shown as symbol and words."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"

    @property
    def symbol(self) -> str:
        """○ △ ×."""
        return _ANSWERS[self][0]

    @property
    def label(self) -> str:
        """The words on screen."""
        return _ANSWERS[self][1]


_ANSWERS: Mapping[Answer, tuple[str, str]] = {
    Answer.YES: ("○", "出席できる"),
    Answer.MAYBE: ("△", "調整すれば可"),
    Answer.NO: ("×", "出席できない"),
}


class Attendance(StrEnum):
    """Who comes, or came, for a municipality."""

    HEAD = "head"
    DEPUTY = "deputy"
    ABSENT = "absent"

    @property
    def label(self) -> str:
        """The words on screen."""
        return {"head": "本人", "deputy": "代理", "absent": "欠席"}[self]


def standing(
    year: FiscalYear,
    *,
    polling: bool,
    fixed_on: date | None,
    noticed: bool,
    held_on: date | None,
    attendance: Mapping[str, Attendance],
    parties: Sequence[str],
    views: Mapping[str, bool],
    minutes_final: bool,
    today: date,
) -> Standing:
    """How one agreement stands with Article 5 in `year`; municipalities are slugs.

    Held: on a day of the year that has come, every head of this agreement in person, or every
    party of it regards the meeting as held. A deputy completes nothing by itself, and a day
    outside the fiscal year does not count.
    """
    all_heads = all(attendance.get(party) is Attendance.HEAD for party in parties)
    all_agree = all(views.get(party, False) for party in parties)
    has_come = held_on is not None and held_on in year and held_on <= today
    held = has_come and (all_heads or all_agree)
    in_year = fixed_on is None or fixed_on in year
    steps = (
        (held and minutes_final, Standing.MINUTED),
        (held, Standing.HELD),
        (today > year.ends, Standing.MISSED),
        (noticed and in_year, Standing.NOTICED),
        (fixed_on is not None and in_year, Standing.FIXED),
        (polling, Standing.POLLING),
    )
    return next((state for reached, state in steps if reached), Standing.NONE)


class Tally(NamedTuple):
    """The answers to one candidate date, counted."""

    yes: int
    maybe: int
    no: int

    def __str__(self) -> str:
        """「回答済み全員 ○」 or 「○ 1　△ 1　× 1」: the まとめ column of the answers."""
        if not (self.maybe or self.no):
            return "回答済み全員 ○" if self.yes else "回答はまだありません"
        return "　".join(f"{answer.symbol} {n}" for answer, n in zip(Answer, self, strict=True))


def summary(answers: Iterable[Answer]) -> Tally:
    """Counts the answers given to one candidate date; the silent are not in it."""
    given = list(answers)
    return Tally(*(given.count(answer) for answer in Answer))


def best_candidate(ids: Sequence[int], answers: Mapping[int, Iterable[Answer]]) -> int | None:
    """The candidate (by id) most can attend: nobody refuses, most ○, then most △, then the first given.

    None while nobody has answered, and when every date was refused by somebody.
    """
    tallies = {one: summary(answers.get(one, ())) for one in ids}
    possible = [c for c in ids if any(tallies[c]) and not tallies[c].no]
    return max(possible, key=lambda c: tallies[c], default=None)


def default_reply_due(today: date, closures: frozenset[date] = office_days.NO_CLOSURES) -> date:
    """回答期限 offered for a poll sent today: ten office days later."""
    return office_days.add(today, REPLY_OFFICE_DAYS, closures)


def check_candidate(
    day: date,
    reply_due: date,
    today: date,
    year: FiscalYear,
    closures: frozenset[date] = office_days.NO_CLOSURES,
) -> str | None:
    """Whether `day` may be offered: to come, within the year, open, after the reply deadline.

    `closures` are the days closed in any of the municipalities. Raises Refusal; returns a warning
    sentence for a day less than four weeks ahead, None when there is nothing to say.
    """
    said = wareki.month_day(day)
    closed = office_days.closed_reason(day, closures)
    if day not in year:
        last = wareki.long(year.ends)
        raise Refusal(f"会議は{year.label}のうち（{last}まで）に開きます。別の日を選んでください。")
    if day <= today:
        raise Refusal(f"{said}では間に合いません。明日以降の日を選んでください。")
    if closed is not None:
        raise Refusal(f"{said}は{closed}です。別の日を選んでください。")
    if day <= reply_due:
        raise Refusal("回答期限は、最初の候補日より前の日にしてください。", field="reply_due_on")
    if day < today + NOTICE_WANTED:
        return f"{said}まで4週間ありません。ご予定の調整がつきにくいことがあります。"
    return None


class Candidate(NamedTuple):
    """候補日: a day and its hours in Tokyo."""

    on: date
    begins: time
    ends: time

    @property
    def label(self) -> str:
        """「令和9年1月19日（火）14時〜15時30分」."""
        begins, ends = wareki.clock_time(self.begins), wareki.clock_time(self.ends)
        return f"{wareki.full(self.on)}{begins}〜{ends}"


def propose_days(
    today: date,
    year: FiscalYear,
    closures_by_municipality: Mapping[str, frozenset[date]],
    n: int = 5,
) -> tuple[Candidate, ...]:
    """Up to `n` candidates, open in every municipality, four weeks ahead or more, within the year.

    Spaced by three office days, closer when the year is nearly over; afternoon and morning by
    turns. Closures hold assembly sessions too (product.md 5).
    """
    closed = frozenset[date]().union(*closures_by_municipality.values())
    first = max(today + NOTICE_WANTED, year.begins)
    days = (first + timedelta(days=i) for i in range((year.ends - first).days + 1))
    open_days = [day for day in days if office_days.is_open(day, closed)]
    possible = open_days[: n * PROPOSALS_APART_OFFICE_DAYS]
    chosen = possible[:: max(1, len(possible) // n)][:n]
    return tuple(Candidate(day, *HOURS[turn % len(HOURS)]) for turn, day in enumerate(chosen))


def check_fix(answers: Mapping[str, Answer], reason: str) -> None:
    """Fixing a date somebody refused needs a written reason; answers by municipality name.

    Raises Refusal naming who refused.
    """
    refusing = "、".join(name for name, answer in answers.items() if answer is Answer.NO)
    if refusing and not reason.strip():
        raise Refusal(
            f"{refusing}が「{Answer.NO.label}」と答えた日です。この日に決める理由を入れてください。",
            field="reason",
        )


def check_answer(
    today: date, reply_due: date, revoked: bool, contact: str = "メールの差出人"
) -> None:
    """Whether a poll link still takes answers: until the end of its last day, unless revoked.

    `contact` is whom to ring, with the number. Raises Refusal.
    """
    if revoked:
        raise Refusal(f"このリンクは使えなくなりました。{contact}へお知らせください。")
    if today > reply_due:
        raise Refusal(
            f"回答の期限（{wareki.month_day(reply_due)}）を過ぎました。{contact}へお電話ください。"
        )


def link_readable(today: date, reply_due: date, revoked: bool) -> bool:
    """Whether a poll link still shows its page: until seven days after the deadline."""
    return not revoked and today <= reply_due + LINK_OUTLIVES_DEADLINE


class AgreementStanding(NamedTuple):
    """「青森市・今別町」, its parties, how it stands, and who still owes a view (by slug)."""

    agreement: str
    parties: tuple[str, ...]
    standing: Standing
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeetingFact:
    """What the duties need to know of a fiscal year's meeting, prepared or not; instants in UTC."""

    fiscal_year: FiscalYear
    path: str
    agreements: tuple[AgreementStanding, ...]
    poll_reply_due_on: date | None = None
    everybody_answered: bool = False
    fixed_on: date | None = None
    noticed: bool = False
    attendance_recorded: bool = False
    minutes_final: bool = False
    polled_at: datetime | None = None
    fixed_at: datetime | None = None
    attendance_at: datetime | None = None


@dataclass(frozen=True)
class InvitationFact:
    """What the duties need to know of one secretary asked for dates; `asked_at` the last time.

    `link_row_id` is the row its personal link opens, None where that is no longer good.
    """

    meeting_path: str
    municipality_slug: str
    municipality: str
    post_id: int | None
    due_on: date
    answered: bool
    candidates: tuple[Candidate, ...]
    link_row_id: int | None = None
    asked_at: datetime | None = None
