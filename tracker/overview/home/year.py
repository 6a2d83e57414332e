"""この1年の流れ: the days of a fiscal year as the facts tell them; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

from tracker.annual_duty.rules import FULFILLED, overall_label
from tracker.annual_duty.standing import ArticleFive
from tracker.cost_sharing.case import Case
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.meetings.rules import Standing
from tracker.projects.report import Report, Round


class YearDay(NamedTuple):
    """One day of the year: `state` is done, now, overdue or todo; `wide` takes two columns."""

    on: date
    label: str
    note: str
    state: str
    url: str
    wide: bool = False


@dataclass(frozen=True)
class Facts:
    """What the features tell of the year."""

    reports: Sequence[Report] = ()
    meetings: Sequence[ArticleFive] = ()
    cases: Sequence[Case] = ()


def events(
    facts: Facts, rounds: Iterable[Round], year: FiscalYear, today: date, town: str | None = None
) -> tuple[YearDay, ...]:
    """The year's days in order; with a `town` (slug) as they stand for that municipality."""
    found = [
        *_rounds(facts, rounds, year, today, town),
        *_meetings(facts, year, today, town),
        *_costs(facts, year, today, town),
    ]
    return tuple(sorted((event for event in found if event.on in year), key=lambda one: one.on))


def next_up(found: Iterable[YearDay], today: date) -> YearDay | None:
    """The next day with something left to do, for those who have nothing to do now."""
    return next((event for event in found if event.state != "done" and event.on >= today), None)


def _rounds(
    facts: Facts, rounds: Iterable[Round], year: FiscalYear, today: date, town: str | None
) -> Iterable[YearDay]:
    for one in rounds:
        # In April the report asked for is that of the year before: its name says so.
        own = one.period.fiscal_year == year
        name = one.period.half_label if own else one.period.label
        is_done = one.is_closed or all(
            fact.is_reported
            for fact in facts.reports
            if fact.period == one.period and town in (None, fact.town.slug)
        )
        yield _until(
            one.due_on,
            _("%(period)sの進捗報告", period=name),
            is_done,
            today,
            f"/reports/{one.period}",
        )


def _meetings(facts: Facts, year: FiscalYear, today: date, town: str | None) -> Iterable[YearDay]:
    """Art. 5: the answers to the poll, the day of the meeting, and 31 March while it is open."""
    for article in facts.meetings:
        meeting = article.meeting
        if article.year != year or not article.agreements:
            continue
        if meeting and meeting.reply_due_on:
            answered = meeting.hours is not None or all(
                meeting.has_answered(seat) for seat in meeting.seats if town in (None, seat.slug)
            )
            label = _("会議の日程の回答")
            yield _until(meeting.reply_due_on, label, answered, today, article.path)
        yield from _heads_meet(article, _standings(article, town))


def _standings(article: ArticleFive, town: str | None) -> Sequence[Standing]:
    own = [one for one in article.agreements if town in {party.slug for party in one.parties}]
    return [one.standing for one in own or article.agreements]


def _heads_meet(article: ArticleFive, standings: Sequence[Standing]) -> Iterable[YearDay]:
    open_ones = [one for one in standings if one not in FULFILLED]
    is_planned = any(one is not Standing.NONE for one in standings)
    label = overall_label(standings)
    day = article.meeting and article.meeting.fixed_on
    if day:
        state = "now" if open_ones else "done"
        said = f"{wareki.short(day)}　{label}"
        yield YearDay(day, _("市町村長会議（第5条）"), said, state, article.path, wide=True)
    if open_ones:
        name = _("第5条の期限") if day else _("市町村長会議（第5条）")
        state = "now" if is_planned and not day else "todo"
        said = _("%(ends)sまで", ends=wareki.month_day(article.year.ends))
        said += "" if day else f"　{label}"
        yield YearDay(article.year.ends, name, said, state, article.path)


def _costs(facts: Facts, year: FiscalYear, today: date, town: str | None) -> Iterable[YearDay]:
    """Art. 4(2): the days by which the cases that were sent ask for an answer."""
    own = [
        (case.reply_due_on or today, case.no.path, all(answers))
        for case in facts.cases
        for side, answers in case.requests(year).items()
        if town in (None, side.slug)
    ]
    for due_on, group in groupby(sorted(own), lambda one: one[0]):
        sides = list(group)
        paths = {path for _due_on, path, _is_done in sides}
        count = len(paths)
        label = _("費用負担の確認 %(count)s件", count=count) if count > 1 else _("費用負担の確認")
        url = paths.pop() if len(paths) == 1 else "/costs"
        yield _until(due_on, label, all(is_done for _due_on, _path, is_done in sides), today, url)


def _until(due_on: date, label: str, is_done: bool, today: date, url: str) -> YearDay:
    day = wareki.month_day(due_on)
    if is_done:
        return YearDay(due_on, label, _("%(day)s 済", day=day), "done", url)
    if due_on < today:
        over = _("%(day)sまで　%(days)s日超過", day=day, days=(today - due_on).days)
        return YearDay(due_on, label, over, "overdue", url)
    return YearDay(due_on, label, _("%(day)sまで", day=day), "now", url)
