"""Opens a reporting round, and closes it."""

from datetime import date, datetime

from sqlalchemy import select

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import Period
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject
from tracker.projects import mailing, queries
from tracker.projects.models import ReportingRound
from tracker.projects.planning import check_round


def open_round(
    period: Period, due_on: date, covering_note: str, *, by: Actor | None, at: datetime
) -> ReportingRound:
    """Asks for the reports of a period by a day, with letter M1 to everybody who writes them."""
    check_round(
        period,
        due_on,
        today=clock.day(at),
        closures=areas.closures(due_on, due_on)[areas.hub().slug],
        is_open_already=find_round(period) is not None,
        asked=sum(one.is_asked for one in queries.of_year(period.fiscal_year, None)),
    )
    opened = ReportingRound(
        fiscal_year=period.year,
        half=period.half,
        due_on=due_on,
        covering_note=covering_note.strip(),
        opened_at=at,
    )
    db.session.add(opened)
    db.session.flush()
    asked = queries.asked_of(period)
    sent = mailing.put_requests(opened, asked, at=at)
    history.record(
        by,
        "round.opened",
        Subject("round", opened.id),
        f"{period.label}の進捗報告を{sent}件の宛先にお願いしました（期限 {wareki.long(due_on)}）。",
        at=at,
        after={"due_on": due_on.isoformat(), "reports": len(asked)},
    )
    db.session.commit()
    return opened


def find_round(period: Period) -> ReportingRound | None:
    """The round of a period, or None."""
    return db.session.scalar(
        select(ReportingRound).where(
            ReportingRound.fiscal_year == period.year, ReportingRound.half == period.half
        )
    )


def close_round(period: Period, *, by: Actor | None, at: datetime) -> ReportingRound:
    """Closes a round and locks its reports; what is submitted may still be confirmed."""
    found = find_round(period)
    if found is None:
        raise Refusal("この期間の報告のお願いは、まだ出していません。")
    if found.closed_at is not None:
        raise Refusal(f"{period.label}の報告は、すでに締め切っています。")
    found.closed_at = at
    history.record(
        by,
        "round.closed",
        Subject("round", found.id),
        f"{period.label}の進捗報告を締め切りました。",
        at=at,
    )
    db.session.commit()
    return found
