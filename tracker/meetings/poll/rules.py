"""Which dates may be offered, until when they are answered, and how long a link opens."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta

from tracker.kernel import office_days, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.meetings.rules import Candidate

NOTICE_WANTED = timedelta(weeks=4)
REPLY_OFFICE_DAYS = 10
PROPOSALS_APART_OFFICE_DAYS = 3
ROWS_PROPOSED, ROWS_EMPTY = 5, 3
HOURS = ((time(14), time(15, 30)), (time(10), time(11, 30)))
NO_COMMON_DAY = N_("全員が○の日はありません。△の町に理由を伺うか、候補日を加えてください。")
ENDS_FIRST = N_("終わりの時刻は、始まりの時刻より後にしてください。")
DEADLINE_FIRST = N_("回答期限は、最初の候補日より前の日にしてください。")


def default_reply_due(today: date, closures: frozenset[date] = office_days.NO_CLOSURES) -> date:
    """回答期限 offered for a poll sent today: ten office days later."""
    return office_days.add(today, REPLY_OFFICE_DAYS, closures)


def propose_days(
    today: date,
    year: FiscalYear,
    closures_by_municipality: Mapping[str, frozenset[date]],
    n: int = ROWS_PROPOSED,
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
    office_days.check_near(day, today, _("候補日"))
    said = wareki.month_day(day)
    closed = office_days.closed_reason(day, closures)
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
    closures: frozenset[date],
    existing: Sequence[Candidate] = (),
) -> list[str]:
    """Whether these dates may be offered together; returns the warnings about them.

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
    said = (check_candidate(one.on, reply_due, today, year, closures) for one in new)
    return [warning for warning in said if warning]


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
