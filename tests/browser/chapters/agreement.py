"""Articles 1-3: the agreement is read, its doubts are answered, its measures get projects."""

from playwright.sync_api import expect
from sqlalchemy import select

from tests.agreements.makers import FILE, REAL
from tests.browser.chapters import MOVING, OFFICE, TRAINING
from tests.browser.house import House, Visitor
from tests.projects.makers import make_project
from tracker.accounts.queries import actor_of
from tracker.agreements.models import Measure
from tracker.agreements.review import actions as agreements
from tracker.demo.area import sister
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.plans.rules import IndicatorText, Part


def import_the_agreement(house: House) -> None:
    """Art. 1-3: the real text is read, each doubt answered by a person, then registered."""
    office = house.signed_in("office")
    office.presses("別表と事業")
    office.presses("協約を取り込む")
    office.view.get_by_label("協約のファイル").set_input_files(FILE)
    office.presses("読み取る")
    office.sees_title("読み取った内容の確認")
    office.sees("連携施策 15件", "条文 6条")
    for doubt, answer in (
        ("行がページで分かれていました", "つなげてよい"),
        ("協約の文ではないかもしれません", "除いてよい"),
        ("氏名が途中で切れているかもしれません", "この氏名で登録する"),
        ("改行で分かれた語をつなげました", "つなげてよい"),
        ("毎年度の予定にします", "予定を作る"),
    ):
        expect(office.view.get_by_role("button", name="登録する（要確認")).to_be_disabled()
        asked = office.view.get_by_role("heading", name=doubt)
        card = office.view.locator("section.card").filter(has=asked)
        office.presses(answer, within=card)
        expect(card).to_contain_text("確認済み")
    office.presses("登録する")
    office.sees("協約を登録しました。", "中嶋久", "令和元年12月25日")
    rows = office.view.locator("table.annex tbody tr")
    expect(rows).to_have_count(15)
    expect(rows.filter(has_text="教育・文化・スポーツ")).to_contain_text("取り組む。")
    expect(rows.filter(has_text="取り組む。む。")).to_have_count(0)
    house.everybody_leaves()


def enter_its_sisters(house: House) -> None:
    """The agreements with the other three towns, the same text by their names."""
    _enter(house, "平内町", "蓬田村", "外ヶ浜町")


def _enter(house: House, *towns: str) -> None:
    with house.app.app_context():
        for town in towns:
            agreements.import_text(
                Act(actor_of(OFFICE), clock.now()),
                sister(REAL, town),
                f"{town}.txt",
                accept=True,
                is_example=True,
            )


def plan_two_projects(house: House) -> None:
    """Art. 3: the lead's own project, and one the office enters for it."""
    lead = house.signed_in("lead")
    lead.presses("別表と事業")
    lead.presses("事業の一覧を開く")
    lead.presses("事業を加える")
    describe_project(
        lead,
        {
            "事業の名前": TRAINING,
            "事業の内容": "新規就農者と農業者に、栽培と経営の研修を行う。",
            "連携施策": "地域資源を活用した地域経済の裾野拡大",
            "主担当の課・係": "農業振興センター",
            "成果指標の名前": "研修・講座 参加者数",
            "単位": "人",
            "数え方": "実人数。同じ人が2回受けても1人と数えます。",
        },
        {"青森市": ("3,000千円", "300"), "平内町": ("500000", "60"), "今別町": ("", "20")},
    )
    lead.sees("3,500千円", "青森市・平内町・今別町")
    house.everybody_leaves()

    office = house.signed_in("office")
    office.goes_to("/projects")
    office.presses("事業を加える")
    everybody = dict.fromkeys(("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町"), ("", "30"))
    describe_project(
        office,
        {
            "事業の名前": MOVING,
            "事業の内容": "移住の相談会と、お試し移住を行う。",
            "連携施策": "移住促進",
            "主担当の課・係": "農業振興センター",
            "お知らせの宛先": "農業振興センター",
            "成果指標の名前": "移住相談 件数",
            "単位": "件",
        },
        {**everybody, "青森市": ("3,620千円", "200")},
    )
    office.presses("別表と事業")
    office.sees("地域資源を活用した地域経済の裾野拡大")
    expect(office.row("移住促進", "table.mx")).to_contain_text(
        "蓬田村　移住促進　未報告1件、参加1事業"
    )
    house.everybody_leaves()


def plan_behind_the_pages(house: House) -> None:
    """What this chapter leaves to the next, made by the same actions without a browser."""
    _enter(house, "今別町", "平内町", "蓬田村", "外ヶ浜町")
    with house.app.app_context():
        make_project(
            name=TRAINING,
            measure_id=_measure_id("地域資源を活用した地域経済の裾野拡大"),
            parts={"aomori": Part(3_000_000), "hiranai": Part(500_000), "imabetsu": Part()},
            indicators={1: IndicatorText("研修・講座 参加者数", "人", "実人数。")},
        )
        make_project(
            name=MOVING,
            measure_id=_measure_id("移住促進"),
            indicators={1: IndicatorText("移住相談 件数", "件", "")},
        )


def _measure_id(title: str) -> int:
    return db.session.scalars(select(Measure.id).where(Measure.title == title)).one()


def describe_project(
    person: Visitor, words: dict[str, str], parts: dict[str, tuple[str, str]]
) -> None:
    """Fills in the form of a project: its words, and each town's budget and target."""
    person.fills(words)
    for town, (budget, target) in parts.items():
        own = person.group(town)
        own.get_by_label("参加する").check()
        person.fills({"予算額": budget, "目標": target}, within=own)
    person.presses("保存する")
    person.sees_title(words["事業の名前"])
