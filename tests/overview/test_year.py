"""この1年の流れ as the facts tell it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from tests import cast
from tests.annual_duty.makers import make_article
from tests.cost_sharing.cases import IMABETSU, Reply, make_case
from tests.duties.makers import TODAY
from tests.meetings.makers import TOWNS, make_pure
from tests.projects.makers import make_report
from tracker.cost_sharing.rules import CaseNumber, Decision, Pair
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import Candidate, Standing
from tracker.overview.home.year import Facts, YearDay, events, next_up
from tracker.projects.report import Round
from tracker.projects.rules import ReportState

YEAR = FiscalYear(2026)
NOTHING = Facts()
DUE = date(2026, 11, 30)
ROUND = Round(1, 2026, Half.H1, DUE, "", None, 1)
ARTICLE_5 = "市町村長会議（第5条）"
FIXED = make_pure(hours=Candidate(date(2027, 1, 28), time(14), time(15, 30)))


def told(
    facts: Facts, *rounds: Round, town: str | None = None, today: date = TODAY
) -> list[tuple[str, str, str]]:
    """Label, note and state of every event."""
    found = events(facts, rounds, YEAR, today, town)
    return [(one.label, one.note, one.state) for one in found]


def make_meeting(*standings: Standing, meeting: Meeting | None = None) -> Facts:
    """Facts of a year in which each partner's agreement stands somewhere."""
    return replace(NOTHING, meetings=(make_article(*standings, meeting=meeting),))


def make_seat(slug: str, answered: bool) -> Seat:
    at = cast.NOW if answered else None
    return Seat(1, 1, TOWNS[slug], f"{TOWNS[slug].name}長", answered_at=at)


def test_a_round_runs_until_its_day_and_is_overdue_after_it():
    facts = replace(NOTHING, reports=(make_report(),))
    assert told(facts, ROUND) == [("上期の進捗報告", "11月30日まで", "now")]
    late = told(facts, ROUND, today=date(2026, 12, 3))
    assert late == [("上期の進捗報告", "11月30日まで　3日超過", "overdue")]


def test_a_round_is_done_for_the_town_that_reported_and_open_for_the_area():
    facts = replace(
        NOTHING,
        reports=(
            make_report(state=ReportState.SUBMITTED),
            make_report("hiranai"),
        ),
    )
    assert told(facts, ROUND, town="imabetsu") == [("上期の進捗報告", "11月30日 済", "done")]
    assert told(facts, ROUND, town="hiranai")[0][2] == "now"
    assert told(facts, ROUND)[0][2] == "now"


def test_a_closed_round_is_done_whoever_is_missing():
    facts = replace(NOTHING, reports=(make_report(),))
    assert told(facts, ROUND._replace(closed_at=cast.NOW))[0][2] == "done"


def test_a_day_outside_the_year_is_left_out():
    whole_year = Round(2, 2026, Half.FY, date(2027, 5, 28), "", None, 1)
    assert told(NOTHING, whole_year) == []


def test_an_unprepared_meeting_waits_for_31_march():
    facts = make_meeting(*[Standing.NONE] * 4)
    assert told(facts) == [(ARTICLE_5, "3月31日まで　準備前", "todo")]


def test_an_area_without_agreements_has_no_meeting_in_its_year():
    assert told(make_meeting()) == []


def test_a_poll_has_its_own_day_done_for_those_who_answered():
    meeting = make_pure(
        reply_due_on=date(2026, 11, 27),
        last_added_at=cast.NOW,
        seats=(make_seat("imabetsu", True), make_seat("hiranai", False)),
    )
    facts = make_meeting(*[Standing.POLLING] * 4, meeting=meeting)
    assert told(facts) == [
        ("会議の日程の回答", "11月27日まで", "now"),
        (ARTICLE_5, "3月31日まで　日程調整中", "now"),
    ]
    assert told(facts, town="imabetsu")[0] == ("会議の日程の回答", "11月27日 済", "done")


def test_a_fixed_meeting_stands_on_its_day_and_31_march_stays_until_it_is_held():
    facts = make_meeting(*[Standing.NOTICED] * 4, meeting=FIXED)
    assert told(facts) == [
        (ARTICLE_5, "1月28日（木）　案内済み", "now"),
        ("第5条の期限", "3月31日まで", "todo"),
    ]


def test_a_meeting_held_leaves_only_its_day():
    facts = make_meeting(*[Standing.HELD] * 4, meeting=FIXED)
    held = told(facts, today=date(2027, 2, 1))
    assert held == [(ARTICLE_5, "1月28日（木）　開催済み", "done")]


def test_a_deputy_leaves_article_5_open_for_that_agreement_only():
    standings = Standing.HELD, Standing.NOTICED, Standing.HELD, Standing.HELD
    facts = make_meeting(*standings, meeting=FIXED)
    after = date(2027, 2, 1)
    assert [row[2] for row in told(facts, town="imabetsu", today=after)] == ["now", "todo"]
    assert [row[2] for row in told(facts, town="hiranai", today=after)] == ["done"]
    assert told(facts, today=after) == [
        (ARTICLE_5, "1月28日（木）　4協約のうち3協約で開催済み", "now"),
        ("第5条の期限", "3月31日まで", "todo"),
    ]


def test_cases_with_the_same_day_are_one_event():
    pair = Pair(11, 1, 3)
    at = datetime(2026, 11, 24, tzinfo=UTC)
    both = {(11, side): Reply(Decision.CONFIRMED, None, "確認者", at) for side in pair.parties}
    facts = replace(
        NOTHING,
        cases=(
            make_case(no=CaseNumber(2026, 1), pairs={IMABETSU: pair}, answers=both),
            make_case(no=CaseNumber(2026, 2), answers=both),
        ),
    )
    assert told(facts) == [("費用負担の確認 2件", "12月4日まで", "now")]
    assert told(facts, town="imabetsu") == [("費用負担の確認 2件", "12月4日 済", "done")]
    assert events(facts, (), YEAR, TODAY, "yomogita")[0].url == "/costs/2026-02"


def test_what_comes_next_is_the_first_day_to_come_that_is_not_done():
    def event(day: date, state: str) -> YearDay:
        return YearDay(day, str(day), "", state, "/")

    over, done = event(date(2026, 11, 1), "overdue"), event(date(2026, 11, 27), "done")
    coming = event(DUE, "now")
    assert next_up([over, done, coming], TODAY) == coming
    assert next_up([over, done], TODAY) is None
