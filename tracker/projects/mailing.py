"""The letters of a round: asked (M1), returned (M4), all confirmed (M5) (ux/spec.md 13)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel.fiscal_year import Period
from tracker.municipalities import queries as areas
from tracker.plumbing import letters
from tracker.plumbing.letters import Recipient
from tracker.projects.models import ReportingRound
from tracker.projects.planning import half_name
from tracker.projects.report_queries import Place
from tracker.projects.rules import ReportFact

# A line of a letter holds 35 full-width characters, two of them to set a question off; what is
# longer breaks after a stop, if there is one in its second half.
_PIECE = re.compile(r".{1,33}$|.{15,32}[、。]|.{1,32}")


def lines(text: str) -> list[str]:
    """A text somebody typed, as lines short enough for a letter."""
    return [piece for line in text.splitlines() for piece in _PIECE.findall(line) or [""]]


def writers(asked: Iterable[ReportFact]) -> Mapping[Recipient, int]:
    """Who writes the reports asked for, and how many each.

    A partner's are its officers. The hub's are the section that leads the project, or the office
    where no section of the hub does.
    """
    hub, towns = areas.hub(), {town.slug: town for town in areas.towns()}
    by_town: Counter[int] = Counter()
    by_post: Counter[int | None] = Counter()
    for fact in asked:
        if fact.municipality_slug != hub.slug:
            by_town[towns[fact.municipality_slug].id] += 1
        else:
            by_post[fact.lead_post_id if fact.lead_municipality == hub.slug else None] += 1
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


def put_requests(opened: ReportingRound, asked: Iterable[ReportFact], *, at: datetime) -> int:
    """M1 to everybody who writes; returns how many letters."""
    period = Period(opened.fiscal_year, opened.half)
    return sum(
        letters.put(
            "report_request",
            to,
            cause=f"round:{opened.id}:opened",
            at=at,
            **_frame(period, to),
            count=count,
            due_on=opened.due_on,
            covering_note=lines(opened.covering_note),
        )
        for to, count in writers(asked).items()
    )


def put_question(
    place: Place, question: str, asked: Iterable[ReportFact], *, cause: str, at: datetime
) -> None:
    """M4: what the lead asks, to those who write the report."""
    for to in writers(asked):
        letters.put(
            "report_returned",
            to,
            cause=cause,
            at=at,
            **{**_frame(place.period, to), "path": place.path},
            report_path=place.path,
            project=place.project,
            question=lines(question),
        )


def put_thanks(place: Place, asked: Iterable[ReportFact], *, at: datetime) -> None:
    """M5: every report of the municipality is confirmed; one letter, however often it becomes so."""
    for to, count in writers(asked).items():
        letters.put(
            "report_confirmed",
            to,
            cause=f"round:{place.round_id}:confirmed",
            at=at,
            **_frame(place.period, to),
            count=count,
        )


def _frame(period: Period, to: Recipient) -> dict[str, Any]:
    town = areas.by_id().get(to.municipality_id or 0, areas.hub())
    return {
        "period": period,
        "half": half_name(period),
        "town": town.name,
        "path": f"/reports/{period}",
        "round_path": f"/reports/{period}",
        "area": areas.get_area(),
    }
