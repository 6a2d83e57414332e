"""Home by role, the annex table, and the page of a measure."""

import pytest
from sqlalchemy import update

from tests import cast
from tests.agreements.makers import clear_agreements
from tests.meetings.makers import make_answers, make_fixed, make_meeting
from tests.overview.makers import enter, enter_case, the_round, word_otherwise
from tests.pages import Page
from tests.projects.makers import make_project, make_round, report_of, submit
from tracker.accounts.queries import actor_of
from tracker.annual_duty.rules import overall_label
from tracker.cost_sharing.rules import CaseState
from tracker.meetings.rules import Standing
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import ProgressReport
from tracker.projects.reports import actions as report_actions
from tracker.projects.rules import YearMark

EVERYBODY = [
    (role, slug)
    for slug in ("aomori", "imabetsu")
    for role in (
        ("office", "lead", "confirmer", "reader", "admin")
        if slug == "aomori"
        else ("officer", "confirmer")
    )
]


@pytest.fixture
def year(app):
    """Two projects with reports in the round of the shots."""
    with app.app_context():
        enter("農業研修事業", "○○△ ×")
        enter("地域医療事業", "○d-○○", "3(1)-1")


def card(page: Page, title: str) -> str:
    """The words of the card with that heading."""
    found = [one for one in page.all("section.card") if one.h2 and one.h2.get_text() == title]
    assert found, f"no card {title!r}"
    return " ".join(found[0].get_text(" ", strip=True).split())


def spoken(page: Page) -> list[str]:
    """The cells of the annex table as a screen reader says them."""
    return [one.get_text() for one in page.all("a.cell .vh")]


@pytest.mark.parametrize(("role", "slug"), EVERYBODY)
def test_everybody_has_a_home(browse, year, role, slug):
    page = browse(role, slug).get("/")
    assert page.all("[aria-current=page]")[0].get_text(strip=True).startswith("ホーム")
    assert len(page.all(".btn-primary")) <= 1


def test_the_first_task_has_the_only_filled_button(browse, app, year):
    with app.app_context():
        make_answers(make_meeting())
    page = browse("officer", "imabetsu").get("/")
    assert page.title == "今、していただくこと　2件"
    assert [one.h2.get_text() for one in page.all(".task")] == [
        "今別町長のご予定を回答する",
        "上期（4月〜9月）の進捗を報告する",
    ]
    assert page.one(".btn-primary").get_text() == "回答する"
    assert "地域医療事業" in page.one(".task .sub").get_text()


def test_overdue_comes_first(browse, app, year, now):
    with app.app_context():
        make_meeting()
    now.move_to("2026-12-01 10:00+09:00")
    first = browse("officer", "imabetsu").get("/").all(".task")[0]
    assert "4日超過" in first.get_text()


def test_a_long_list_of_reports_is_cut_and_says_so(browse, app):
    with app.app_context():
        for n in range(9):
            enter(f"事業{n}", "○○-○○")
    page = browse("officer", "imabetsu").get("/")
    assert len(page.all(".sub li")) == 6
    assert "下の6事業のほかに、3事業あります。" in page.text


def test_with_nothing_to_do_the_home_page_says_what_comes_next(browse, app):
    with app.app_context():
        enter("農業研修事業", "--○--")
    page = browse("officer", "imabetsu").get("/")
    assert page.title == "今、していただくこと"
    expected = (
        "今、していただくことはありません。次の予定は3月31日（水）『市町村長会議（第5条）』です。"
    )
    assert expected in page.text


def test_a_town_sees_its_own_year(browse, app, year):
    with app.app_context():
        enter_case(CaseState.AGREED, {"aomori": 1, "imabetsu": 2}, 1)
        enter_case(CaseState.AWAITING, {"aomori": 1, "imabetsu": 2}, 2)
        enter_case(CaseState.AWAITING, {"aomori": 1, "hiranai": 2}, 3)
        enter_case(CaseState.DRAFT, {"aomori": 1, "imabetsu": 2}, 4)
        make_meeting()
    words = card(browse("officer", "imabetsu").get("/"), "今別町の令和8年度")
    assert "2 事業（圏域全体 2）" in words
    assert "1 / 2 提出済み" in words
    assert "やや遅れ 1、未報告 1" in words
    assert "合意済み 1 ・ 協議中 1" in words
    assert "日程調整中" in words


def test_a_town_finds_its_agreement_in_one_click(browse):
    town = browse("officer", "imabetsu")
    page = town.get(town.get("/").link("青森市・今別町（全文・別表）"))
    assert page.title.startswith("青森市及び今別町における")


def test_the_office_sees_what_the_agreements_ask_each_year(browse, app, year):
    with app.app_context():
        enter_case(CaseState.AGREED, {"aomori": 1}, 1)
        enter_case(CaseState.CONSULTING, {"aomori": 1}, 2)
    words = card(browse("office").get("/"), "協約で毎年度行うこと")
    assert "令和9年3月31日まで 4本の協約 準備前" in words
    assert "その都度協議（今年度 2件） 合意 1 協議中 1" in words


def test_the_office_sees_whom_it_waits_for(browse, year):
    page = browse("office").get("/")
    rows = [" ".join(row.get_text(" ", strip=True).split()) for row in page.all("tbody tr")]
    assert rows == [
        "青森市 2 / 2 すべて提出",
        "平内町 1 / 2 1件",
        "今別町 1 / 2 1件",
        "蓬田村 1 / 1 すべて提出",
        "外ヶ浜町 2 / 2 すべて提出",
    ]
    assert page.one("tfoot").get_text(" ", strip=True) == "合計 7 / 9 2件"


def test_the_office_sees_the_projects_to_watch_and_never_a_draft(browse, year):
    words = card(browse("office").get("/"), "気をつけたい事業")
    assert "遅れ 農業研修事業 外ヶ浜町" in words
    assert "地域医療事業" not in words


def test_a_section_sees_its_own_projects(browse, year):
    words = card(browse("lead").get("/"), "自課の事業")
    assert words.index("農業研修事業") < words.index("地域医療事業")


def test_a_reader_has_no_tasks_but_ways_in(browse, year):
    page = browse("reader").get("/")
    assert page.title == "青森圏域連携中枢都市圏の令和8年度"
    assert "していただくこと" not in page.one("main").get_text()
    assert page.link("別表と事業の状況") == "/measures"


def test_an_admin_finds_people_and_closed_days(browse):
    page = browse("admin").get("/")
    for label in ("利用者と役職", "閉庁日と議会日程", "基礎数値（人口など）", "協約の取込み"):
        assert page.link(label)


def test_recent_movements_are_the_towns_own_and_what_all_were_told(browse, app):
    with app.app_context():
        project = make_project()
        make_round()
        for slug in ("imabetsu", "hiranai"):
            submit(report_of(project, slug))
        lead = actor_of(cast.email("lead"))
        report_actions.return_report(Act(lead, cast.NOW), report_of(project), "人数は？")
        make_answers(make_meeting())
        db.session.commit()
    words = card(browse("officer", "imabetsu").get("/"), "最近の動き")
    assert "今別町の令和8年度上期「農業研修事業」の報告を質問して戻しました" in words
    assert "候補日を出しました" in words
    assert "平内町" not in words
    assert "回答しました" not in words


def test_a_fixed_meeting_stands_in_the_year(browse, app):
    with app.app_context():
        make_fixed()
    events = browse("reader").get("/").one(".ribbon-events").get_text(" ", strip=True)
    assert "市町村長会議（第5条） 1月28日（木） 日程決定" in " ".join(events.split())


def test_the_annex_table_speaks_every_cell(browse, year):
    page = browse("reader").get("/measures")
    assert page.title == "別表と事業の状況"
    assert "3の連携施策 × 5市町村" in page.text
    assert "今別町　戦略的な観光施策の展開　やや遅れ1件、参加1事業" in spoken(page)
    assert "平内町　地域医療　未報告1件、参加1事業" in spoken(page)
    assert len(page.all("td .cell-none")) == 1 + 5
    sums = [one.get_text() for one in page.all("tfoot td")]
    assert sums == ["2", "2", "2", "1", "2", "2", "9,000"]
    assert "予算額" in page.one("thead").get_text()


def test_a_cell_leads_to_that_municipality_on_the_measures_page(browse, year):
    client = browse("officer", "imabetsu")
    cell = client.get("/measures").html.select_one("a.cell-late")
    assert cell["href"] == "/measures/1-1?fy=2026&half=1#sotogahama"
    page = client.get(cell["href"])
    assert "農業研修事業" in page.one("#sotogahama").get_text()
    assert "遅れ" in page.one("#sotogahama").get_text()


def test_the_annex_table_is_narrowed_by_its_address(browse, year):
    client = browse("office")
    late = client.get("/measures?fy=2026&half=1&show=late")
    assert [one.get_text() for one in late.all("tbody th a")] == ["戦略的な観光施策の展開"]
    assert late.one("option[selected]").get_text() == "遅れ・やや遅れだけ"
    assert len(client.get("/measures?show=none").all("tbody th a")) == 2
    assert len(client.get("/measures?show=nonsense").all("tbody th a")) == 3


def test_the_annex_table_turns_round_to_one_municipality(browse, year):
    client = browse("officer", "imabetsu")
    page = client.get("/measures?fy=2026&half=1&town=sotogahama")
    assert [one.get_text() for one in page.all("thead .town")] == ["外ヶ浜町"]
    row = page.html.find("a", string="戦略的な観光施策の展開").find_parent("tr").get_text()
    assert "遅れ 1" in row and "農業研修事業　遅れ" in row
    client.get("/measures?town=nowhere", status=404)


def test_a_filter_that_finds_nothing_says_so_and_leads_back(browse, app):
    with app.app_context():
        enter("農業研修事業")
    page = browse("office").get("/measures?show=late")
    assert "「遅れ・やや遅れだけ」に当たる枠はありません。" in page.text
    assert page.link("すべての事業を表示する") == "/measures?fy=2026&half=1"


def test_a_year_called_off_is_shown_as_such(browse, app):
    with app.app_context():
        enter("農業研修事業", "-----", mark=YearMark.SKIPPED)
    page = browse("office").get("/measures")
    assert "今別町　戦略的な観光施策の展開　見送り、参加1事業" in spoken(page)
    assert "見送り" in page.one(".legend").get_text()


def test_actual_costs_are_named_so(browse, app):
    with app.app_context():
        enter("農業研修事業", actual_yen=200_499)
    page = browse("office").get("/measures")
    assert "決算額" in page.one("thead").get_text()
    assert page.all("tfoot td")[-1].get_text() == "1,002"


def test_a_year_without_projects_says_how_to_begin(browse, year):
    page = browse("office").get("/measures?fy=2027")
    assert "令和9年度の事業はまだ登録されていません。" in page.text
    assert page.link("事業の一覧を開く") == "/projects?fy=2027"
    assert page.link("前の時期（令和8年度上期）") == "/measures?fy=2026&half=1"


def test_an_area_without_agreements_says_how_to_begin(browse, app):
    with app.app_context():
        clear_agreements()
    assert browse("office").get("/measures").link("協約を取り込む") == "/agreements/import"
    assert "協約を取り込む" not in browse("reader").get("/measures").text


@pytest.mark.parametrize("query", ["fy=x", "fy=99999", "half=3", "fy=2026&half=h1"])
def test_an_address_that_names_no_period_is_not_found(browse, query):
    browse("office").get(f"/measures?{query}", status=404)


def test_a_half_that_was_not_asked_about_says_so(browse, year):
    assert "まだお願いしていません" in browse("office").get("/measures?half=2").text


def test_a_measure_is_quoted_with_each_agreement_that_words_it_otherwise(browse, app):
    with app.app_context():
        word_otherwise("sotogahama")
    page = browse("reader").get("/measures/1-1")
    assert page.title == "戦略的な観光施策の展開"
    assert "外ヶ浜町の協約では文言が異なります。" in page.text
    assert "別の文言で取り組む。" in page.one(".note details").get_text()
    assert "乙の役割 （平内町・今別町・蓬田村）" in page.text


def test_the_articles_are_one_click_from_the_measure(browse):
    client = browse("reader")
    target = client.get("/measures/3(1)-1").link("今別町")
    assert client.get(target).one(f"[id='{target.partition('#')[2]}']")


def test_a_role_without_a_project_is_named_on_the_measures_page(browse, year):
    page = browse("reader").get("/measures/1-1")
    assert "参加している事業はありません" in page.one("#yomogita").get_text()


def test_a_measure_without_projects_says_so(browse):
    assert "令和8年度の事業はまだ登録されていません。" in browse("office").get("/measures/1-1").text


def test_an_unknown_measure_is_not_found(browse):
    browse("office").get("/measures/9-9", status=404)


@pytest.mark.parametrize("path", ["/", "/measures", "/measures/1-1"])
def test_queries_do_not_grow_with_the_projects(browse, app, path):
    client = browse("office")
    counts = []
    for many in (5, 55):
        with app.app_context():
            the_round()
            for n in range(many):
                enter(f"事業{many}-{n}", "○△×-d", ("1-1", "3(1)-1")[n % 2])
        cold, warm = client.get(path, most_queries=30), client.get(path)
        counts.append((len(cold.queries), len(warm.queries)))
    assert counts[0] == counts[1]
    assert counts[0][1] <= 8


def test_every_number_carries_its_year_and_every_open_round_is_counted(browse, app, now):
    """In April an older round stands under its own year, before the new one that holds nothing."""
    with app.app_context():
        enter("物産振興事業", "--d--", year=2025)
        enter("農業研修事業", "○○-○○")
        enter("地域医療事業", "○○○○○")
    now.move_to("2027-04-05 10:00+09:00")
    page = browse("officer", "imabetsu").get("/")
    years = [one.get_text() for one in page.all(".card h2") if "今別町の" in one.get_text()]
    assert years == ["今別町の令和7年度", "今別町の令和8年度", "今別町の令和9年度"]
    assert "0 / 1 提出済み" in card(page, "今別町の令和7年度")
    assert "1 / 2 提出済み" in card(page, "今別町の令和8年度")
    assert "提出済み" not in card(page, "今別町の令和9年度")
    assert [one.h2.get_text() for one in page.all(".task")][:2] == [
        "令和7年度上期（4月〜9月）の進捗を報告する",
        "令和8年度上期（4月〜9月）の進捗を報告する",
    ]
    office = browse("office").get("/")
    heads = [one.get_text() for one in office.all("h2") if one.get_text().endswith("の進捗報告")]
    assert heads == [
        "令和7年度上期（4月〜9月）の進捗報告",
        "令和8年度上期（4月〜9月）の進捗報告",
    ]


def test_what_is_more_than_sixty_days_off_stands_under_what_is_to_come(browse, app, now):
    with app.app_context():
        make_project()
    page = browse("office").get("/")
    present, ahead = page.all("section.tasks")
    assert (
        "令和8年度の市町村長会議を準備する" in ahead.get_text() and "あと90日" in ahead.get_text()
    )
    assert not ahead.select(".btn-primary")
    assert "市町村長会議を準備" not in present.get_text()
    assert page.title == f"今、していただくこと　{len(present.select('.task'))}件"
    now.move_to("2027-02-01 10:00+09:00")
    assert "市町村長会議を準備" in browse("office").get("/").all("section.tasks")[0].get_text()


def test_the_button_opens_the_first_form_and_the_next_one_is_ones_own_draft(browse, app):
    with app.app_context():
        enter("あ最初の事業", "○○-○○")
        enter("い下書きの事業", "○○d○○")
        enter("う提出した事業", "○○○○○")
        enter("年度の古い事業", "○○-○○", year=2025)
        db.session.execute(update(ProgressReport).values(receipt="R8上-今別-001"))
        db.session.commit()
    officer = browse("officer", "imabetsu")
    buttons = {
        one.h2.get_text(): one.select_one("a.btn")["href"] for one in officer.get("/").all(".task")
    }
    assert buttons["上期（4月〜9月）の進捗を報告する"] == "/reports/2026-h1/2/imabetsu"
    done = officer.get("/reports/2026-h1/3/imabetsu/done")
    # Over all open rounds, oldest first.
    assert done.link("次の事業へ（残り3）") == "/reports/2025-h1/4/imabetsu"


def test_projects_stand_in_the_order_of_the_annex(browse, app):
    with app.app_context():
        enter("あとの施策の事業", "○○-○○", "3(1)-1")
        enter("前の施策の事業", "○○-○○", "1-1")
    page = browse("officer", "imabetsu").get("/")
    assert [one.a.get_text() for one in page.all(".sub li")] == [
        "前の施策の事業",
        "あとの施策の事業",
    ]


def test_a_meeting_held_for_some_says_for_how_many():
    held, noticed = Standing.HELD, Standing.NOTICED
    assert overall_label([held, held, noticed, held]) == "4協約のうち3協約で開催済み"
    assert overall_label([noticed] * 4) == "案内済み"
    assert overall_label([held] * 4) == "開催済み"
