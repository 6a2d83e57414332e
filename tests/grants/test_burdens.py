"""年度別の負担額: of each project and year the case that counts, summed, on page, paper and CSV."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.cost_sharing.makers import NAMES, SHARES, make_agreed, make_project, make_proposal
from tests.pages import PageClient
from tracker.cost_sharing.rules import CaseNumber, Stage
from tracker.grants import queries as ledger
from tracker.grants.burdens import queries
from tracker.grants.burdens.papers import BurdenPaper, burden_table, find
from tracker.grants.burdens.rules import Burden, BurdenRow, Burdens, points
from tracker.grants.rules import AgreedShare
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.rules import Town
from tracker.papers.kinds import Grid, paper
from tracker.plumbing.db import db

PAGE = "/costs/burdens?town=imabetsu"
TOWNS = [Town(n, f"{n:05}", f"t{n}", f"第{n:02}町", n == 1, None) for n in range(1, 31)]


def burdens(years: range) -> Burdens:
    """Thirty municipalities, three projects; the share is year, town and project in one number."""
    return Burdens(
        [
            Burden(
                *(FiscalYear(year), town, project, f"事業{project}"),
                AgreedShare(
                    CaseNumber(year, project), Stage.FIXED, year * 10_000 + town.id * 10 + project
                ),
            )
            for year in years
            for town in TOWNS
            for project in (1, 2, 3)
        ],
        TOWNS,
    )


def test_the_last_ten_years_with_anything_are_shown() -> None:
    table = burdens(range(2010, 2027))
    assert [year.year for year in table.years] == list(range(2017, 2027))
    skipped = Burdens([one for one in table.burdens if one.year.year % 2 == 0], TOWNS)
    assert [year.year for year in skipped.years] == list(range(2010, 2027, 2))
    assert Burdens([], TOWNS).years == []


def test_rows_add_up_both_ways() -> None:
    table = burdens(range(2015, 2027))
    whole = table.whole(None)
    assert [row.name for row in table.by_town] == [town.name for town in TOWNS]
    assert table.by_town[6].yen[0] == 3 * (20_170_000 + 70) + 6
    for at, _year in enumerate(table.years):
        assert whole.yen[at] == sum(row.yen[at] or 0 for row in table.by_town)
        for town in (None, TOWNS[3]):
            assert table.whole(town).yen[at] == sum(
                row.yen[at] or 0 for row in table.by_project(town)
            )
    assert whole.total == sum(row.total for row in table.by_town)
    [first, *_more] = table.by_project(TOWNS[3])
    assert [one and one.case.fiscal_year for one in first.cases] == [2017 + at for at in range(10)]
    assert not any(next(iter(table.by_project(None))).cases)


def test_what_was_not_agreed_is_not_nought() -> None:
    table = burdens(range(2025, 2027))
    left = Burdens([one for one in table.burdens if one.town != TOWNS[4]], TOWNS)
    assert left.by_town[4].yen == [None, None]
    nothing = Burdens(
        [one._replace(share=one.share._replace(yen=0)) for one in table.burdens], TOWNS
    )
    assert nothing.by_town[4].yen == [0, 0]


@pytest.mark.parametrize(
    ("yen", "in_millions", "value"),
    [(1_499, False, 1), (1_500, False, 2), (50_000_000, False, 50_000), (50_500_000, True, 51)],
)
def test_a_plot_tells_numbers_that_have_room(yen: int, in_millions: bool, value: int) -> None:
    told, bars = points(BurdenRow("", [None, yen]), [FiscalYear(2025), FiscalYear(2026)])
    assert told is in_millions
    assert [(one.label, one.value) for one in bars] == [("令和7", None), ("令和8", value)]


# --- from the database --------------------------------------------------------------------------------


def two_years() -> None:
    """A project settled this year, another one of last year, and one that nobody has agreed."""
    make_agreed(make_proposal(stage=Stage.FIXED, total_yen=4_620_000))
    make_agreed(make_proposal(stage=Stage.RECONCILIATION))
    make_agreed(project=make_project(name="図書館の相互利用"), year=FiscalYear(2025))
    db.session.commit()


def test_the_case_that_counts_is_the_ledger_s(both: Flask) -> None:
    two_years()
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    queries.areas.towns()
    before = len(asked)
    table = queries.burdens()
    assert len(asked) - before == 1
    assert {row.name: row.yen for row in table.by_town} == {
        name: [yen, yen] for name, yen in SHARES.items()
    }
    shared = {
        row.town.name: row.shared and row.shared.yen
        for row in ledger.rows(FiscalYear(2026))
        if row.shared
    }
    assert shared == {row.name: row.yen[1] for row in table.by_town}
    [settled] = [row for row in table.by_project(table.towns[2]) if row.name.startswith("東青")]
    assert settled.cases[1] is not None and settled.cases[1].stage is Stage.RECONCILIATION


Visit = Callable[..., PageClient]


def test_the_page_shows_one_and_all_with_the_cases_behind(app: Flask, browse: Visit) -> None:
    office = browse("office")
    assert "合意した費用の案件は、まだありません" in office.get(PAGE).text
    office.get("/costs/burdens/papers/burden_table.csv", status=404)
    with app.app_context():
        two_years()
        db.session.remove()
    page = browse("officer", "hiranai").get("/costs/burdens")
    own, whole = (one.get_text() for one in page.all("figure title"))
    assert own.startswith("平内町。令和7 168千円、令和8 168千円。")
    assert "圏域の合計。令和7 2,500千円" in whole
    assert page.one("tr.own").get_text(" ", strip=True).split() == [
        *("平内町", "168,000", "168,000", "336,000")
    ]
    links = [one.get("href") for one in page.all("table a")]
    assert sorted(links) == ["/costs/2025-01", "/costs/2026-02"]
    assert len(browse("office").get("/costs/burdens?town=all").all("figure")) == 1


def test_the_paper_and_the_csv_tell_the_same(app: Flask, browse: Visit) -> None:
    with app.app_context():
        two_years()
        of = find("imabetsu")
        assert of is not None and find("nowhere") is None
        made = paper("burden_table", of, "csv")
        db.session.remove()
    answer = browse("officer", "hiranai").client.get(
        "/costs/burdens/papers/burden_table.csv?town=imabetsu"
    )
    nowhere = "/costs/burdens/papers/burden_table.csv?town=zzz"
    assert browse("officer", "hiranai").client.get(nowhere).status_code == 404
    assert answer.data == made and made.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"))))
    assert rows[0] == ["市町村", "令和7年度", "令和8年度", "合計"]
    assert rows[1:6] == [[name, *2 * [str(SHARES[name])], str(2 * SHARES[name])] for name in NAMES]
    assert rows[6] == ["合計", "2500000", "2500000", "5000000"]
    assert rows[8] == ["事業", *rows[0][1:]]
    assert [row[0] for row in rows[9:]] == ["図書館の相互利用", "東青地域移住促進事業", "合計"]


def test_what_a_name_begins_with_is_no_formula_in_the_csv(app: Flask) -> None:
    with app.app_context():
        of: Any = BurdenPaper(burdens(range(2025, 2027)), None)
        odd = [one._replace(project="=1+1") for one in of.burdens.burdens]
        paper_ = paper("burden_table", BurdenPaper(Burdens(odd, TOWNS), None), "csv")
        assert "\r\n'=1+1," in paper_.decode("utf-8-sig")
        grids = [one for one in burden_table(of).blocks if isinstance(one, Grid)]
        assert [len(one.rows) for one in grids] == [30, 3]
