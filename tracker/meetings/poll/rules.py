"""Which dates may be offered, until when they are answered, and how long a link opens."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from itertools import islice
from typing import NamedTuple

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.meetings.meeting import Meeting
from tracker.meetings.rules import ENDS_FIRST, Answer, Candidate
from tracker.municipalities.rules import USUAL, Busy, LeadTimes
from tracker.office_days import office_days

NOTICE_WANTED = timedelta(weeks=4)
PROPOSALS_APART_OFFICE_DAYS = 3
ROWS_PROPOSED, ROWS_EMPTY = 5, 3
NEAREST_SHOWN = 3
HOURS = ((time(14), time(15, 30)), (time(10), time(11, 30)))
NO_COMMON_DAY = N_(
    "全員が○の日はありません。△や×の市町村に御都合を伺うか、候補日を加えてください。"
)
DEADLINE_FIRST = N_("回答期限は、最初の候補日より前の日にしてください。")


def default_reply_due(today: date, times: LeadTimes = USUAL) -> date:
    """回答期限 offered for a poll sent today: so many office days later."""
    return office_days.add(today, times.poll_office_days)


def conflicts(day: date, busy: Iterable[Busy], times: LeadTimes = USUAL) -> tuple[str, ...]:
    """Why a meeting is better not on `day`: 「今別町、平内町ほか2件の議会日程」, 「避ける日」."""
    whose: dict[str, list[str]] = {}
    for one in busy:
        if one.begins_on <= day <= one.ends_on:
            whose.setdefault(one.why, []).append(one.town.name)
    found = [_("%(towns)sの%(why)s", towns=_some(all_), why=why) for why, all_ in whose.items()]
    return (*found, _("避ける日")) if times.is_avoided(day) else tuple(found)


def _some(towns: Sequence[str]) -> str:
    more = len(towns) - 2
    told = "、".join(towns[:2])
    return told + _("ほか%(more)s市町村", more=more) if more > 0 else told


class LeftOut(NamedTuple):
    """Days in a row that are not proposed for the same reasons."""

    begins_on: date
    ends_on: date
    reasons: tuple[str, ...]

    @property
    def label(self) -> str:
        """「2月24日（水）〜3月19日（金）」."""
        begins = wareki.short(self.begins_on)
        if self.begins_on == self.ends_on:
            return begins
        return f"{begins}〜{wareki.short(self.ends_on)}"


def left_out(
    first: date, last: date, busy: Sequence[Busy], times: LeadTimes = USUAL
) -> list[LeftOut]:
    """Which open days of the span are better not proposed, and why; both ends included."""
    found: list[LeftOut] = []
    for day in _open_days(first, last):
        reasons = conflicts(day, busy, times)
        before = found[-1] if found else None
        if before and before.reasons == reasons and office_days.add(before.ends_on, 1) == day:
            found[-1] = before._replace(ends_on=day)
        elif reasons:
            found.append(LeftOut(day, day, reasons))
    return found


def first_proposed(today: date, year: FiscalYear) -> date:
    """The first day that may be proposed without a word: four weeks ahead, within the year."""
    return max(today + NOTICE_WANTED, year.begins)


def propose_days(
    today: date,
    year: FiscalYear,
    busy: Sequence[Busy] = (),
    times: LeadTimes = USUAL,
    n: int = ROWS_PROPOSED,
) -> tuple[Candidate, ...]:
    """Up to `n` candidates on which nothing stands against a meeting, within the year.

    Spaced by three office days, closer when the year is nearly over; afternoon and morning by
    turns.
    """
    days = _open_days(first_proposed(today, year), year.ends)
    free = (day for day in days if not conflicts(day, busy, times))
    possible = list(islice(free, n * PROPOSALS_APART_OFFICE_DAYS))
    chosen = possible[:: max(1, len(possible) // n)][:n]
    return tuple(Candidate(day, *HOURS[turn % len(HOURS)]) for turn, day in enumerate(chosen))


def _open_days(first: date, last: date) -> Iterator[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return (day for day in days if office_days.is_open(day))


def check_candidate(day: date, reply_due: date, today: date, year: FiscalYear) -> str | None:
    """Whether `day` may be offered: to come, within the year, open by law, after the deadline.

    Raises Refusal; returns a warning sentence for a day less than four weeks ahead, None when
    there is nothing to say.
    """
    office_days.check_near(day, today, _("候補日"))
    said = wareki.month_day(day)
    closed = office_days.closed_reason(day)
    if day not in year:
        last = wareki.long(year.ends)
        raise Refusal(
            _(
                "会議は%(year)sのうち（%(last)sまで）に開きます。別の日を選んでください。",
                year=year.label,
                last=last,
            )
        )
    if day <= today:
        raise Refusal(_("%(said)sでは間に合いません。明日以降の日を選んでください。", said=said))
    if closed is not None:
        raise Refusal(
            _("%(said)sは%(closed)sです。別の日を選んでください。", said=said, closed=closed)
        )
    if day <= reply_due:
        raise Refusal(_(DEADLINE_FIRST), field="reply_due_on")
    if day < today + NOTICE_WANTED:
        return _("%(said)sまで4週間ありません。ご予定の調整がつきにくいことがあります。", said=said)
    return None


def check_candidates(
    new: Sequence[Candidate],
    reply_due: date,
    today: date,
    year: FiscalYear,
    existing: Sequence[Candidate] = (),
    *,
    busy: Sequence[Busy] = (),
    times: LeadTimes = USUAL,
) -> list[str]:
    """Whether these dates may be offered together; returns the warnings about them.

    A day in somebody's calendar, or one to avoid, is warned about: the office knows why it is
    proposed all the same.

    `existing` are dates offered before: none may be offered twice, and those still to come must
    lie after the deadline too. Raises Refusal.
    """
    office_days.check_due_day(reply_due, today, _("回答期限"), "reply_due_on")
    beginnings = [(candidate.on, candidate.begins) for candidate in (*existing, *new)]
    for candidate in new:
        if beginnings.count((candidate.on, candidate.begins)) > 1:
            raise Refusal(
                _(
                    "%(candidate)sは候補日に2回あります。1つにしてください。",
                    candidate=candidate.label,
                ),
                field="days",
            )
        if candidate.ends <= candidate.begins:
            raise Refusal(
                _(
                    "%(day)sの%(sentence)s",
                    day=wareki.month_day(candidate.on),
                    sentence=_(ENDS_FIRST),
                ),
                field="days",
            )
    if any(today < candidate.on <= reply_due for candidate in existing):
        raise Refusal(_(DEADLINE_FIRST), field="reply_due_on")
    said = [check_candidate(one.on, reply_due, today, year) for one in new]
    against = (
        _(
            "%(on)sは%(reasons)sに当たります。",
            on=wareki.short(one.on),
            reasons=_("と").join(reasons),
        )
        for one in new
        if (reasons := conflicts(one.on, busy, times))
    )
    return [*(warning for warning in said if warning), *against]


class Lacking(NamedTuple):
    """A date, and whose word stands between it and everybody's coming: names of seats."""

    candidate: Candidate
    refusing: tuple[str, ...]
    unsure: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def to_ask(self) -> tuple[str, ...]:
        """Whom to ring, those first who only have to move something."""
        return self.unsure + self.silent + self.refusing


def nearest(meeting: Meeting, most: int = NEAREST_SHOWN) -> list[Lacking]:
    """The dates that lack least, where no date suits all: refusals count most, then △, then silence.

    None that a required head refused.
    """

    def lacking(id_: int, candidate: Candidate) -> Lacking:
        def said(*answers: Answer | None) -> tuple[str, ...]:
            return tuple(one.name for one in meeting.seats if one.given.get(id_) in answers)

        return Lacking(candidate, said(Answer.NO), said(Answer.MAYBE), said(None))

    offered = meeting.dates.items()
    found = [lacking(*one) for one in offered if not meeting.required_refusing(one[0])]
    order = sorted(found, key=lambda one: [len(names) for names in one[1:]])
    return order[:most]


def check_polling(fixed_on: date | None) -> None:
    """Dates and answers are taken until a date is fixed."""
    if fixed_on is not None:
        raise Refusal(_("日程は%(fixed_on)sに決まりました。", fixed_on=wareki.full(fixed_on)))


def check_answer(
    today: date, reply_due: date, revoked: bool, contact: str = N_("メールの差出人")
) -> None:
    """Whether a poll link still takes answers: until the end of its last day, unless revoked.

    `contact` is whom to ring, with the number. Raises Refusal.
    """
    if revoked:
        raise Refusal(
            _("このリンクは使えなくなりました。%(contact)sへお知らせください。", contact=_(contact))
        )
    if today > reply_due:
        raise Refusal(
            _(
                "回答の期限（%(reply_due)s）を過ぎました。%(contact)sへお電話ください。",
                reply_due=wareki.month_day(reply_due),
                contact=_(contact),
            )
        )
