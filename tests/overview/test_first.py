"""はじめて担当される方へ tells each role what it does in a year, and nothing else."""

from datetime import date
from itertools import product

import pytest

from tests.cost_sharing.cases import make_case
from tests.duties.makers import MEMBERS
from tests.duties.test_owners import NOT_KEPT, STAFF
from tracker.accounts import duties as people
from tracker.accounts.duties import HeldPost
from tracker.cost_sharing.duties import duties as of_cases
from tracker.cost_sharing.rules import CaseState
from tracker.duty.kinds import Kind
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Role
from tracker.overview.home.rules import JOBS, jobs
from tracker.projects.rounds.rules import round_due


def test_whoever_begins_reads_of_every_kind_that_the_role_finds_at_home_and_of_no_other() -> None:
    told = [kind for job in JOBS for kind in job.kinds]
    # Of a meeting not yet held the next step stands at home instead.
    assert len(told) == len(set(told))
    assert set(told) == {*Kind} - NOT_KEPT - {Kind.MEETING_UNHELD}
    for role, is_hub in product(Role, (False, True)):
        at_home = {kind for kind in told if role in kind.rule.who[is_hub].home}
        for job in jobs(role, is_hub):
            assert job.kinds & at_home
            # A job of which somebody else does a part would be told wrongly.
            assert job.kinds <= at_home, (role, job.what)
            at_home -= job.kinds
        assert at_home == set()


def test_the_days_told_to_whoever_begins_are_those_of_the_duties() -> None:
    year = FiscalYear(2027)
    said = {kind: job.when + job.how for job in JOBS for kind in job.kinds}
    posts = [HeldPost("aomori", "office", None, None)]
    march = people.duties(posts, MEMBERS, date(2028, 3, 1))
    due = {one.kind: one.due_on for one in march if one.kind is Kind.HANDOVER_UNWRITTEN}
    due[Kind.PERSON_UNCONFIRMED] = people.confirm_due(year.previous)
    due[Kind.MEETING_UNPLANNED] = year.ends
    case = make_case(state=CaseState.AGREED, goes_on=True)
    costs = list(of_cases([case], MEMBERS, STAFF, date(2027, 4, 1)))
    due |= {one.kind: one.due_on for one in costs if not one.is_done}
    assert len(due) == 5
    for kind, day in due.items():
        month = f"{day.month}月"
        assert f"{month}{day.day}日" in said[kind], (kind, day)
    assert (
        round_due(Period(2026, Half.H1)) == date(2026, 10, 15)
        and "10月15日" in said[Kind.ROUND_UNOPENED]
    )


@pytest.mark.parametrize(
    ("role", "slug", "count"),
    [("officer", "imabetsu", 12), ("reader", "aomori", 1), ("office", "aomori", 19)],
)
def test_the_page_is_one_click_from_home_and_from_every_page(browse, role, slug, count) -> None:
    client = browse(role, slug)
    page = client.get(client.get("/measures").link("はじめて担当される方へ"))
    assert page.title == "はじめて担当される方へ"
    told = [one.get_text() for one in page.all("main tbody tr td b")]
    assert told == [job.what for job in jobs(Role(role), slug == "aomori")]
    assert len(told) == count
    assert ("お電話ください（017-000-0000" in page.text) is (role != "office")
    home = client.get("/")
    if role != "reader":
        assert home.link("1年の流れと、あなたの仕事") == "/help/first"
