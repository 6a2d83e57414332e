"""Pages of projects, by role."""

from dataclasses import replace

from flask import Flask

from tests import cast
from tests.pages import Page, PageClient
from tests.projects.makers import (
    FILLED,
    WRITTEN,
    Browse,
    act,
    make_plan,
    make_project,
    make_round,
    path,
    report_of,
    submit,
    submit_before,
)
from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.plans import actions
from tracker.projects.plans.rules import Part


def test_a_year_without_projects_begins_with_a_copy(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project(year=FiscalYear(2025))
    officer, office = browse("officer", "imabetsu"), browse("office")
    page = officer.get("/projects")
    assert "令和8年度の事業はまだ登録されていません。" in page.text
    assert not page.all("main form[method=post]")
    page = office.follow(office.post(*act(office.get("/projects"), "/projects/copy?fy=2026")))
    assert "令和7年度の1事業を令和8年度に写しました。" in page.text
    assert page.link("農業研修事業").endswith("?fy=2026")


def test_the_list_says_what_a_project_is(browse: Browse, project_id: int) -> None:
    page = browse("reader").get("/projects?fy=2026")
    assert [cell.get_text(" ", strip=True) for cell in page.one("tbody tr").select("th, td")] == [
        "農業研修事業",
        "1-1　戦略的な観光施策の展開",
        "青森市 農業振興センター",
        "5",
        "5,000",
    ]


def test_a_list_is_fifty_a_page_and_costs_the_same_however_long(app: Flask, browse: Browse) -> None:
    with app.app_context():
        for number in range(5):
            make_project(name=f"事業{number:02}", indicators={}, parts={"imabetsu": Part()})
        make_round()
    office = browse("office")
    few = {where: count(office, where) for where in ("/projects", "/reports/2026-h1")}
    with app.app_context():
        for number in range(5, 60):
            make_project(name=f"事業{number:02}", indicators={}, parts={"imabetsu": Part()})
    many = {where: count(office, where) for where in ("/projects", "/reports/2026-h1")}
    assert few == many
    page = office.get("/projects?page=2")
    assert len(page.all("tbody tr")) == 10
    assert "60事業" in page.text and "2ページ中 2ページ目" in page.text


def count(client: PageClient, where: str) -> int:
    client.get(where)
    return len(client.get(where).queries)


def test_the_project_page_shows_a_partial_total_as_such(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        from tracker.projects.models import Project

        project = db.get_or_404(Project, project_id)
        submit_before(project, replace(WRITTEN, values={1: Exact(12)}))
        for slug, value in (("aomori", 210), ("hiranai", 31), ("yomogita", 6)):
            submit(report_of(project_id, slug), replace(WRITTEN, values={1: Exact(value)}))
        actions.change_project(
            Act(None, cast.NOW), project, make_plan(comment="会場を増やします。")
        )
    page = browse("officer", "imabetsu").get(f"/projects/{project_id}")
    assert "5市町村のうち3市町村が報告済み" in page.text
    assert "上期は3市町村分" in page.text and "会場を増やします。" in page.text
    rows = [
        [cell.get_text(strip=True) for cell in row.select("td.num")]
        for row in page.all("#breakdown tbody tr")
    ]
    none = "—未報告"
    assert rows == [
        [none, "210", "20"],
        [none, "31", "20"],
        ["12", none, "20"],
        [none, "6", "20"],
        [none, none, "20"],
    ]
    totals = [cell.get_text(strip=True) for cell in page.all("#breakdown tfoot td.num")]
    assert totals == ["12", "247", "100"]
    said = page.one("#indicator-title").get_text()
    assert "令和8年度（上期のみ） 247人（目標 100人）" in said
    assert "令和7年度（1市町村分） 12人" in said
    assert "今別町・外ヶ浜町：上期の報告を出す" in page.text
    assert "青森市 農業振興センター：青森市・平内町・蓬田村の上期の報告を確認する" in page.text
    assert page.link("進捗を報告する") == path(project_id)


def test_a_project_without_reports_says_until_when(browse: Browse, project_id: int) -> None:
    page = browse("reader").get(f"/projects/{project_id}")
    assert "まだ報告がありません。最初の報告は11月30日（月）までです。" in page.text
    assert not page.all("a[href$='/edit?fy=2026']")


PROJECT = {
    "name": "環境学習事業",
    "summary": "親子の環境学習を行います。",
    "lead_section": "環境政策課",
    "indicator_name": "実施箇所数",
    "indicator_unit": "箇所",
    "part_aomori": "y",
    "budget_aomori": "1,200千円",
    "target_aomori": "３",
    "part_imabetsu": "y",
}


def measure_choice(page: Page) -> str:
    return str(page.one("#measure option:nth-of-type(2)")["value"])


def test_the_office_enters_a_project_and_mends_its_year(browse: Browse) -> None:
    office = browse("office")
    form = office.get("/projects/new")
    filled = {**form.fields(), **PROJECT, "measure": measure_choice(form)}
    page = office.follow(office.post("/projects/new", filled))
    assert page.title == "環境学習事業" and "1,200千円" in page.text
    edit = page.link("事業を直す")
    fields = office.get(edit).fields()
    assert fields["budget_aomori"] == "1,200,000" and fields["part_imabetsu"] == ["y"]
    del fields["part_imabetsu"]
    page = office.follow(office.post(edit, {**fields, "mark": "not_started"}))
    assert "未着手" in page.text and "今別町" not in page.one("#breakdown").get_text()


def test_a_project_with_every_field_wrong_keeps_what_was_typed(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
    office = browse("office")
    typed = {
        "name": "",
        "summary": "あ" * 401,
        "measure": "x",
        "lead": "kyoto",
        "lead_section": " ",
        "lead_post": "999",
        "since_year": "昔",
        "indicator_name": "名" * 201,
        "indicator_unit": "単" * 21,
        "indicator_definition": "数" * 401,
        "mark": "x",
        "comment": "言" * 401,
        "part_imabetsu": "y",
        "budget_imabetsu": "いくらか",
        "actual_imabetsu": "-5",
        "target_imabetsu": "1.5",
    }
    page = office.fill("/projects/new", typed)
    assert page.status == 422
    for field, said in (
        ("name", "事業の名前を入力してください。"),
        ("summary", "今 401字"),
        ("measure", "連携施策を選んでください。"),
        ("lead", "主担当の市町村を選んでください。"),
        ("lead_section", "主担当の課・係の名前を"),
        ("lead_post", "お知らせの宛先を選んでください。"),
        ("since_year", "始まった年度を選んでください。"),
        ("indicator_name", "今 201字"),
        ("indicator_unit", "今 21字"),
        ("indicator_definition", "今 401字"),
        ("mark", "年度の扱いを1つ選んでください。"),
        ("comment", "今 401字"),
        ("budget_imabetsu", "金額は「115,000円」"),
        ("actual_imabetsu", "金額は0円以上で"),
        ("target_imabetsu", "今別町の目標は0以上の整数で"),
    ):
        assert said in page.one(f"#{field}-error").get_text()
    assert page.fields()["budget_imabetsu"] == "いくらか"


def test_a_project_is_refused_where_it_hurts(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
    office = browse("office")
    form = office.get("/projects/new")
    filled = {**form.fields(), **PROJECT, "measure": measure_choice(form), "name": "農業研修事業"}
    page = office.post("/projects/new", filled)
    assert page.status == 422
    assert "同じ名前の事業があります。" in page.one("#name-error").get_text()
    assert page.fields()["budget_aomori"] == "1,200千円"


def test_two_editors_of_a_project_do_not_overwrite_each_other(
    app: Flask, browse: Browse, project_id: int
) -> None:
    office, lead = browse("office"), browse("lead")
    mine = office.get(f"/projects/{project_id}/edit").fields()
    assert lead.fill(f"/projects/{project_id}/edit", {"summary": "先に直した"}).status == 302
    page = office.post(f"/projects/{project_id}/edit", {**mine, "summary": "後から直した"})
    assert page.status == 409 and "青森市 農業振興センターが" in page.text
    assert "先に直した" in page.one(".conflict").get_text()
    assert page.fields()["summary"] == "後から直した"


def test_a_section_edits_the_projects_its_municipality_leads(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        led = make_project(name="平内町の事業", lead="hiranai", lead_post_id=None).id
    lead = browse("lead")
    form = lead.get(f"/projects/{project_id}/edit")
    assert [o["value"] for o in form.all("#lead option")] == ["", "aomori"]
    lead.get(f"/projects/{led}/edit", status=403)
    browse("officer", "imabetsu").get("/projects/new", status=403)
    token = {"csrf_token": form.fields()["csrf_token"]}
    assert lead.post("/projects/copy?fy=2027", token).status == 403


LIKED = {"indicator_name_2": "満足度", "indicator_unit_2": "点", "indicator_decimals_2": "1"}


def test_a_project_has_several_indicators_and_each_is_reported(
    app: Flask, browse: Browse, project_id: int
) -> None:
    office, officer = browse("office"), browse("officer", "imabetsu")
    edit = f"/projects/{project_id}/edit?fy=2026"
    page = office.fill(edit, {"summary": "途中まで書いた。", "add": "1"})
    assert (page.status, page.fields()["summary"]) == (200, "途中まで書いた。")
    assert "成果指標2" in page.text and not office.get(edit).all("#indicator_name_2")
    typed = {**page.fields(), **LIKED, "target_imabetsu_2": "８.５"}
    office.follow(office.post(edit, typed))
    fields = office.get(edit).fields()
    assert (fields["target_imabetsu_2"], fields["indicator_decimals_2"]) == ("8.5", "1")

    where = path(project_id)
    page = officer.fill(where, {**FILLED, "value_2": "4.25"})
    assert "満足度は0以上の数字で、小数は1けたまで" in page.one("#value_2-error").get_text()
    page = officer.follow(officer.post(where, {**page.fields(), **FILLED, "value_2": "4.1"}))
    assert [row.get_text(" ", strip=True) for row in page.all("tbody tr")][:2] == [
        "参加者数 — 7人 変更 ：参加者数",
        "満足度 — 4.1点 変更 ：満足度",
    ]
    officer.follow(officer.post(page.response.request.path, page.fields()))
    page = office.get(f"/projects/{project_id}")
    rows = [row.get_text(" ", strip=True) for row in page.all("#breakdown-2 tbody tr")]
    assert rows[2] == "今別町 4.1 8.5"
    assert (
        "満足度。令和8年度（上期のみ） 4.1点（目標 8.5点）。" in page.one("#indicator-2-title").text
    )
    assert "7人 4.1点" in browse("lead").get("/reports/2026-h1/inbox").text
    # What was reported stays.
    emptied = {**office.get(edit).fields(), **dict.fromkeys(LIKED, ""), "indicator_decimals_2": "1"}
    page = office.post(edit, emptied)
    assert "報告のある成果指標は消せません。" in page.one("#indicator_name_2-error").get_text()
