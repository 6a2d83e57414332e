"""利用実績: a project's lead enters it, and only cases of that project may count by it."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests import cast
from tests.cost_sharing.makers import CASE, make_draft
from tracker.figures import queries
from tracker.figures.actions import enter_figures
from tracker.figures.models import FigureSeries
from tracker.figures.rules import FigureKind
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project

USAGE = {
    "period": "2025",
    "name": "令和7年度の延べ利用者数",
    "unit": "人",
    "as_of_on": "令和8年3月31日",
    "source": "予約システムの集計",
    "is_confirmed": "y",
    "value_aomori": "1,200",
    "value_imabetsu": "８０",
}


def make_other(lead: str) -> None:
    """A second project, led by that municipality (slug)."""
    first = db.session.get(Project, 1)
    told = {name: getattr(first, name) for name in ("summary", "measure_id", "lead_section")}
    id_ = areas.find_town(lead).id
    db.session.add(Project(name="別の事業", since_year=2020, lead_municipality_id=id_, **told))
    db.session.commit()


def enter(project_id: int | None, name: str = "令和7年度の利用者", **more: object) -> FigureSeries:
    told = {"is_confirmed": True, "unit": "人", "period": "2025", **more}
    values = {"aomori": 70, "imabetsu": 30, "hiranai": 20, "yomogita": 10, "sotogahama": 10}
    of = (FigureKind.USAGE, name, cast.TODAY, "集計", values)
    return enter_figures(Act(None, cast.NOW), *of, project_id=project_id, **told)


def test_a_lead_enters_the_usage_of_its_project_and_another_lead_does_not(browse, given):
    given(make_draft)
    given(lambda: enter(1, "令和6年度の延べ利用者数", period="2024"))
    lead = browse("lead")
    address = "/admin/bases/projects/1/new"
    assert lead.get("/projects/1").one(f"a[href='{address}']")
    rows = {row.th.text: row.td.text.strip() for row in lead.get(address).all("table tbody tr")}
    assert rows["今別町"] == "30"
    shown = lead.follow(lead.fill(address, USAGE))
    row = next(row for row in shown.all("tbody tr") if USAGE["name"] in row.get_text())
    assert "東青地域移住促進事業" in row.th.get_text()
    assert "令和7年度" in row.th.get_text()
    assert [cell.text.strip() for cell in row.select("td")][1:] == ["1,200", "—", "80", "—", "—"]
    given(lambda: make_other("imabetsu"))
    theirs = "/admin/bases/projects/2/new"
    lead.get(theirs, status=403)
    token = lead.get(address).fields()["csrf_token"]
    assert lead.post(theirs, {**USAGE, "csrf_token": token}).status == 403
    assert not lead.get("/projects/2").all(f"a[href='{theirs}']")
    browse("officer", "imabetsu").get(theirs, status=403)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"period": ""}, "いつの実績かを選んでください。"),
        ({"period": "1999"}, "いつの実績かを選んでください。"),
        ({"value_aomori": "12.5"}, "青森市の数値は0以上の整数で入力してください"),
        ({"as_of_on": "令和9年4月1日"}, "基準日がまだ来ていません"),
    ],
)
def test_wrong_usage_gets_a_sentence_and_nothing_is_saved(browse, given, changes, sentence):
    given(make_draft)
    page = browse("lead").fill("/admin/bases/projects/1/new", {**USAGE, **changes})
    assert page.status == 422
    assert sentence in page.one(".error-summary").get_text()
    assert page.fields()["value_imabetsu"] == "８０"
    assert USAGE["name"] not in browse("lead").get("/admin/bases").text


def test_usage_is_offered_in_cases_of_its_project_alone(browse, given):
    def make() -> None:
        make_draft()
        enter(1, "相談の件数")
        make_other("aomori")
        enter(2, "別の事業の件数")

    given(make)
    office = browse("office")
    page = office.fill(f"{CASE}/formula", {"add": "usage"})
    offered = [one.text for one in page.all("select[name=parts-2-series_id] option")]
    assert offered == ["相談の件数（確定値）"]
    forged = office.post(
        f"{CASE}/formula", {**page.fields(), "parts-2-series_id": "3", "calculate": "1"}
    )
    assert "利用実績割の基礎数値を選んでください。" in forged.text


@pytest.mark.usefixtures("both")
def test_two_projects_may_use_one_name_and_one_project_may_not_twice():
    make_draft()
    enter(None)
    first = enter(1)
    with pytest.raises(Refusal, match="すでに登録されています"):
        enter(1)
    assert [one.name for one in queries.series(FigureKind.USAGE)] == ["令和7年度の利用者"]
    assert {one.project_id for one in queries.series(FigureKind.USAGE, 1)} == {None, 1}
    assert queries.named([first.id])[first.id].words == (
        "令和7年度の利用者（確定値、令和7年度分、令和8年11月24日現在、出典 集計）"
    )


@pytest.mark.engines_by_turns
@pytest.mark.usefixtures("both")
def test_usage_of_projects_goes_back_to_figures_of_the_area_and_keeps_its_values():
    make_draft()
    enter(None)
    own = enter(1).id
    values = "SELECT municipality_id, value FROM base_figure WHERE series_id = :id ORDER BY 1"
    before = [tuple(row) for row in db.session.execute(text(values), {"id": own})]
    db.session.commit()
    downgrade(revision="0039")
    names = "SELECT name FROM figure_series WHERE kind = 'usage' ORDER BY id"
    assert db.session.scalars(text(names)).all() == [
        "令和7年度の利用者",
        f"令和7年度の利用者（{own}）",
    ]
    db.session.commit()
    upgrade(revision="0040")
    assert [tuple(row) for row in db.session.execute(text(values), {"id": own})] == before
    columns = "SELECT project_id, period FROM figure_series WHERE kind = 'usage'"
    assert set(map(tuple, db.session.execute(text(columns)))) == {(None, None)}
