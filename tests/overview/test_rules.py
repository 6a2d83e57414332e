"""What the annex table makes of the parts of a year."""

from tests.projects.makers import make_report
from tracker.overview.home import rules as home
from tracker.overview.measures import rules
from tracker.overview.measures.rules import Show
from tracker.projects.report import Report
from tracker.projects.rules import CellState, Rating, ReportState, YearMark

TOWNS = ("aomori", "imabetsu", "yomogita")
MEASURES = (
    (1, "1-1", "戦略的な観光施策の展開", "1", "圏域全体の経済成長のけん引"),
    (2, "3(1)-1", "地域医療", "3(1)", "生活機能の強化に係る政策分野"),
    (3, "3(1)-2", "環境", "3(1)", "生活機能の強化に係る政策分野"),
)
COVERED = {1: TOWNS, 2: TOWNS, 3: ("aomori", "imabetsu")}
LATE, SLIGHTLY_LATE, ON_TRACK = CellState.LATE, CellState.SLIGHTLY_LATE, CellState.ON_TRACK
UNREPORTED, SKIPPED = CellState.UNREPORTED, CellState.SKIPPED
NOT_STARTED = CellState.NOT_STARTED


# What a report must say for its part to stand so.
STANDS = {
    UNREPORTED: {},
    SKIPPED: {"mark": YearMark.SKIPPED},
    NOT_STARTED: {"mark": YearMark.NOT_STARTED},
    **{
        CellState(rating.value): {"state": ReportState.SUBMITTED, "rating": rating}
        for rating in Rating
    },
}


def part(
    project: int, slug: str = "imabetsu", state: CellState = ON_TRACK, **changes: object
) -> Report:
    """A part in the project with that number, of measure 1-1."""
    values = {"project_id": project, "project": f"事業{project}", **STANDS[state]}
    return make_report(slug, **{**values, **changes})


def make_table(*parts: Report, show: Show = Show.ALL) -> rules.Table:
    return rules.table(MEASURES, COVERED, TOWNS, parts, show)


def cells(table: rules.Table, number: str) -> list[str | None]:
    """The cells of a measure as they are spoken."""
    line = next(one for group in table.groups for one in group.lines if one.number == number)
    return [one.spoken if one else None for one in line.cells]


def test_rows_stand_under_their_heading_as_in_the_agreement():
    table = make_table()
    assert [group.title for group in table.groups] == [
        "1　圏域全体の経済成長のけん引",
        "3(1)　生活機能の強化に係る政策分野",
    ]
    assert [line.number for line in table.groups[1].lines] == ["3(1)-1", "3(1)-2"]


def test_a_cell_says_its_worst_state_and_how_many_are_in_it():
    table = make_table(
        part(1), part(2, state=UNREPORTED), part(3, state=SLIGHTLY_LATE), part(1, "aomori")
    )
    assert cells(table, "1-1") == ["順調、参加1事業", "やや遅れ1件、参加3事業", "事業なし"]


def test_a_role_without_a_project_differs_from_no_role():
    assert cells(make_table(), "3(1)-2") == ["事業なし", "事業なし", None]


def test_a_part_is_shown_even_where_no_agreement_covers_it():
    assert cells(make_table(part(1, "yomogita", measure_id=3)), "3(1)-2")[2] == "順調、参加1事業"


def test_the_filter_keeps_the_rows_with_such_a_cell_and_their_sums():
    parts = part(1, state=LATE), part(2, measure_id=2), part(3, "aomori", measure_id=2)
    table = make_table(*parts, show=Show.LATE)
    assert [line.number for group in table.groups for line in group.lines] == ["1-1"]
    assert (table.parts, table.projects, table.yen) == ((0, 1, 0), 1, 1_000_000)


def test_looking_for_missing_reports_finds_those_behind_a_late_one():
    parts = part(1, state=LATE), part(2, state=UNREPORTED), part(3, state=UNREPORTED)
    assert cells(make_table(*parts), "1-1")[1] == "遅れ1件、参加3事業"
    assert cells(make_table(*parts, show=Show.MISSING), "1-1")[1] == "未報告2件、参加3事業"


def test_looking_for_no_project_keeps_rows_with_an_empty_role():
    full = [part(n, town) for n, town in enumerate(TOWNS)]
    table = make_table(*full, show=Show.NONE)
    assert [line.number for group in table.groups for line in group.lines] == ["3(1)-1", "3(1)-2"]


def test_nothing_found_is_a_table_without_rows():
    assert make_table(part(1), show=Show.LATE).groups == ()


def test_a_project_of_many_municipalities_counts_once_and_its_money_adds_up():
    table = make_table(part(1), part(1, "aomori"), part(2, "aomori", budget_yen=499_400))
    line = table.groups[0].lines[0]
    assert (line.projects, line.amount) == (2, "2,499")
    assert (table.projects, table.parts, table.amount) == (2, (2, 1, 0), "2,499")


def test_actual_costs_stand_instead_of_budgets_as_soon_as_one_is_known():
    table = make_table(part(1, actual_yen=300_000), part(2, measure_id=2))
    assert table.is_actual
    assert table.groups[0].lines[0].amount == "300"
    assert table.groups[1].lines[0].amount == "—"


def test_unknown_money_is_a_dash_and_never_zero():
    assert make_table(part(1, budget_yen=None)).amount == "—"
    assert make_table(part(1, budget_yen=0)).amount == "0"


def test_the_legend_adds_the_rare_states_only_where_they_occur():
    usual = ["順調", "やや遅れ", "遅れ", "未報告", "事業なし"]
    assert [state.label for state in make_table(part(1)).legend] == usual
    assert CellState.SKIPPED in make_table(part(1, state=CellState.SKIPPED)).legend


def test_a_year_called_off_asks_for_no_report():
    off = part(3, state=SKIPPED)._replace(is_asked=False)
    done = home.submitted([part(1), part(2, state=UNREPORTED), off])
    assert (done.done, done.asked, done.left) == (1, 2, 1)


def test_states_are_said_from_good_to_bad_without_the_empty_ones():
    parts = [part(1), part(2), part(3, state=UNREPORTED), part(4, state=SLIGHTLY_LATE)]
    assert home.said(parts) == "順調 2、やや遅れ 1、未報告 1"


def test_late_projects_are_watched_before_slightly_late_ones_and_once_each():
    parts = [
        part(1, "aomori", SLIGHTLY_LATE),
        part(2, "aomori", LATE),
        part(2, "imabetsu", SLIGHTLY_LATE),
        part(2, "yomogita", LATE),
        part(3),
    ]
    found = [(one.project, one.state, one.towns) for one in home.watched(parts)]
    assert found == [
        ("事業2", LATE, ("aomori", "yomogita")),
        ("事業1", SLIGHTLY_LATE, ("aomori",)),
    ]


def test_a_section_finds_its_own_projects_the_worst_first():
    parts = [part(1), part(2, state=LATE), part(2, "aomori"), part(3, lead_post_id=8)]
    found = [(one.project, one.cell.spoken) for one in home.led(parts, 7)]
    assert found == [("事業2", "遅れ1件、参加2事業"), ("事業1", "順調、参加1事業")]
