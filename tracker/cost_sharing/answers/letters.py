"""The letters that answers start: returned (M16), agreed (M17; ux/spec.md 13)."""

from datetime import datetime

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.amounts.yen import yen
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.letters import known_confirmers, subject_of
from tracker.mail import letters, wording
from tracker.municipalities import queries as areas


def put_returned(
    case: Case, drafter_id: int, town: str, opinion: str, *, cause: str, at: datetime
) -> None:
    """M16 to whoever drafted the amounts last, or to the hub's office where they have left."""
    hub = areas.hub().id
    office = accounts.recipients(PostKind.OFFICE, municipality_ids=[hub])
    drafters = accounts.recipients_of_person(drafter_id)
    values = {**subject_of(case), "町村": town, "意見": opinion}
    for to in drafters or office.get(hub, []):
        letters.put("cost_returned", to, values, cause=cause, at=at, link=case.no.path)


def put_agreed(case: Case, *, at: datetime) -> None:
    """M17 to everybody who confirmed: all sides have."""
    shares = ((town.name, yen(share)) for town, share in case.shares.items())
    values = {
        **subject_of(case),
        "負担額の一覧": wording.column(shares) if case.is_money else "",
    }
    for to in known_confirmers(case.parties):
        cause = f"cost_agreed:{case.id}"
        letters.put("cost_agreed", to, values, cause=cause, at=at, link=case.no.path)
