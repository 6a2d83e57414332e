"""The letters of a round: asked (M1), returned (M4), all confirmed (M5) (ux/spec.md 13)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import Period
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.municipalities import queries as areas
from tracker.projects.models import ReportingRound
from tracker.projects.report import Report
from tracker.projects.reports.rules import half_name


def writers(asked: Iterable[Report]) -> Mapping[Recipient, int]:
    """Who writes the reports asked for, and how many each.

    A partner's are its officers. The hub's are the section that leads the project, or the office
    where no section of the hub does.
    """
    hub = areas.hub()
    by_town: Counter[int] = Counter()
    by_post: Counter[int | None] = Counter()
    for report in asked:
        if not report.town.is_hub:
            by_town[report.town.id] += 1
        else:
            by_post[report.lead_post_id if report.lead.is_hub else None] += 1
    officers = accounts.recipients(PostKind.OFFICER, municipality_ids=list(by_town))
    found = Counter({to: by_town[town_id] for town_id, many in officers.items() for to in many})
    for post_id, count in by_post.items():
        for to in _section(post_id, hub.id):
            found[to] += count
    return found


def _section(post_id: int | None, hub_id: int) -> Iterable[Recipient]:
    if post_id is not None:
        return accounts.recipients_of_post(post_id)
    return accounts.recipients(PostKind.OFFICE, municipality_ids=[hub_id]).get(hub_id, ())


def put_requests(opened: ReportingRound, asked: Iterable[Report], *, at: datetime) -> int:
    """M1 to everybody who writes; returns how many letters."""
    period = Period(opened.fiscal_year, opened.half)
    return sum(
        letters.put(
            "report_request",
            to,
            {
                "期間": period.label,
                "期間の月": period.span_label,
                "町村": _town(to),
                "事業数": str(count),
                "期限": wareki.full(opened.due_on),
                "期限の月日": wareki.month_day(opened.due_on),
                "添え書き": opened.covering_note,
            },
            cause=f"round:{opened.id}:opened",
            at=at,
            link=_path(period),
        )
        for to, count in writers(asked).items()
    )


def put_due_day(opened: ReportingRound, asked: Iterable[Report], was: date, *, at: datetime) -> int:
    """M1b: the due day moved from another; returns how many letters."""
    period = Period(opened.fiscal_year, opened.half)
    values = {
        "期間": period.label,
        "期限": wareki.full(opened.due_on),
        "期限の月日": wareki.month_day(opened.due_on),
        "変更前": wareki.full(was),
    }
    return sum(
        letters.put(
            "report_due_moved",
            to,
            values,
            cause=f"round:{opened.id}:due:{at.isoformat()}",
            at=at,
            link=_path(period),
        )
        for to in writers(asked)
    )


def put_reopened(opened: ReportingRound, unsubmitted: Iterable[Report], *, at: datetime) -> int:
    """M1c: a closed round takes reports again, with its reason; returns how many letters."""
    period = Period(opened.fiscal_year, opened.half)
    return sum(
        letters.put(
            "report_reopened",
            to,
            {
                "期間": period.label,
                "事業数": str(count),
                "期限": wareki.full(opened.due_on),
                "期限の月日": wareki.month_day(opened.due_on),
                "理由": opened.reopen_reason or "",
            },
            cause=f"round:{opened.id}:reopened:{at.isoformat()}",
            at=at,
            link=_path(period),
        )
        for to, count in writers(unsubmitted).items()
    )


def put_again(
    opened: ReportingRound, unsubmitted: Sequence[Report], *, on: date, at: datetime
) -> list[str]:
    """M1e: what has not come yet, once a day to each; returns the names of those written to."""
    period = Period(opened.fiscal_year, opened.half)
    asked = {
        to: [one for one in unsubmitted if to in writers([one])] for to in writers(unsubmitted)
    }
    return [
        to.name
        for to, own in asked.items()
        if letters.put(
            "report_again",
            to,
            {
                "期間": period.label,
                "事業数": str(len(own)),
                "期限": wareki.full(opened.due_on),
                "期限の月日": wareki.month_day(opened.due_on),
                "一覧": "\n".join(f"{n}　{one.project}" for n, one in enumerate(own, 1)),
            },
            cause=f"round:{opened.id}:again:{on}",
            at=at,
            link=_path(period),
        )
    ]


def put_added(opened: ReportingRound, added: Sequence[Report], *, at: datetime) -> int:
    """M1d: the round asks for a project's reports, too; returns how many letters."""
    period = Period(opened.fiscal_year, opened.half)
    project = added[0]
    values = {
        "期間": period.label,
        "事業": project.project,
        "期限": wareki.full(opened.due_on),
        "期限の月日": wareki.month_day(opened.due_on),
    }
    return sum(
        letters.put(
            "report_added",
            to,
            values,
            cause=f"round:{opened.id}:added:{project.project_id}:{at.isoformat()}",
            at=at,
            link=_path(period),
        )
        for to in writers(added)
    )


def put_question(place: Report, question: str, *, cause: str, at: datetime) -> None:
    """M4: what the lead asks, to those who write the report."""
    values = {"事業": place.project, "質問": question}
    for to in writers([place]):
        letters.put("report_returned", to, values, cause=cause, at=at, link=place.path)


def put_thanks(place: Report, asked: Iterable[Report], *, at: datetime) -> None:
    """M5: every report of the municipality is confirmed; one letter, however often it becomes so."""
    for to, count in writers(asked).items():
        letters.put(
            "report_confirmed",
            to,
            {"期間": half_name(place.period), "町村": _town(to), "事業数": str(count)},
            cause=f"round:{place.round_id}:confirmed",
            at=at,
            link=_path(place.period),
        )


def _town(to: Recipient) -> str:
    return areas.by_id().get(to.municipality_id or 0, areas.hub()).name


def _path(period: Period) -> str:
    return f"/reports/{period}"
