"""What a meeting decided: recorded under an item, followed up by each municipality, on the next agenda."""

from dataclasses import replace
from datetime import date

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select

from tests import cast
from tests.cost_sharing.makers import act_of
from tests.decisions.makers import AT, DUE, make_decision, make_follow_up
from tests.duties.makers import MEMBERS
from tests.meetings.makers import TOWNS
from tests.meetings.test_minutes import held
from tests.projects.makers import make_project
from tests.questions.makers import make_consulted, make_settled
from tracker.decisions import actions, queries, rules
from tracker.decisions.actions import DecisionWords, Errand
from tracker.decisions.decision import FollowUpState
from tracker.decisions.duties import duties
from tracker.decisions.models import FollowUpRow
from tracker.duties.queries import all_duties
from tracker.duty.kinds import Kind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.materials.rules import MaterialKind
from tracker.materials.year.papers import of_year
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import actions as agenda
from tracker.meetings.agenda import queries as agenda_queries
from tracker.meetings.models import AgendaItem, MeetingRow
from tracker.meetings.rules import AgendaKind
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db
from tracker.questions import queries as questions
from tracker.questions.models import SettlementReply
from tracker.questions.rules import QuestionState
from tracker.record.queries import verdict

pytestmark = pytest.mark.engines_by_turns

WORDS = DecisionWords("案内板の共同設置", "案内板を共同で設置する。")
WHAT = "候補地を2か所挙げる。"


def test_it_is_open_until_everybody_has_done_its_part():
    one = make_follow_up("imabetsu")
    states = [
        make_follow_up("imabetsu", closed_at=at).state(on)
        for at, on in (
            (None, DUE),
            (None, date(2026, 12, 12)),
            (AT, date(2026, 12, 12)),
        )
    ]
    assert states == [FollowUpState.OPEN, FollowUpState.OVERDUE, FollowUpState.DONE]
    done, out = make_follow_up("aomori", closed_at=AT), one._replace(is_struck=True)
    assert make_decision(one, done, out).progress == "2件中1件済み　残り：今別町"
    many = [one._replace(town=replace(one.town, name=f"第{n}町")) for n in range(1, 8)]
    said = "7件中0件済み　残り：第1町・第2町・第3町・第4町・第5町ほか2市町村"
    assert make_decision(*many).progress == said
    assert make_decision(done, out).progress == "済み"
    assert make_decision(out).progress == "宿題はありません"
    assert make_decision(one, is_struck=True).open == ()
    told = [
        [duty.owner.municipality for duty in duties([make_decision(one, only=only)], MEMBERS)]
        for only in (None, ("imabetsu", "hiranai"), ("hiranai",))
    ]
    assert told == [["imabetsu"], ["imabetsu"], []]


REFUSED = [
    (lambda: rules.check_record(None, None), "出席を記録してから"),
    (lambda: rules.check_record(AT, AT), "取りやめ"),
    (lambda: rules.check_item(False), "議題を選んで"),
    (lambda: rules.check_towns([], None), "担当の市町村を選んで"),
    (
        lambda: rules.check_towns([TOWNS["yomogita"]], ["imabetsu"]),
        "蓬田村は、この議題を読めません",
    ),
    (lambda: rules.check_own(TOWNS["yomogita"], 99), "担当の市町村だけ"),
    (lambda: rules.check_strike(True), "取り消せません"),
]


@pytest.mark.parametrize(("check", "said"), REFUSED, ids=map(str, range(7)))
def test_what_may_not_be_recorded(check, said):
    with pytest.raises(Refusal, match=said):
        check()
    rules.check_towns([TOWNS["imabetsu"]], ["imabetsu"])
    rules.check_towns([TOWNS["imabetsu"]], None)


def towns(*slugs: str):
    return [town for town in areas.towns() if town.slug in slugs]


def owing() -> set[str]:
    found = all_duties(date(2026, 12, 1))
    return {one.owner.municipality for one in found if one.kind is Kind.DECISION_OPEN}


def test_from_the_decision_to_the_last_part_done(both):
    row, item = held()
    office, imabetsu = act_of("office"), act_of("officer", "imabetsu")
    with pytest.raises(Refusal, match="12月12日は土曜日です"):
        actions.record(
            office, row, item, WORDS, Errand(WHAT, towns("imabetsu"), date(2026, 12, 12))
        )
    errand = Errand(WHAT, towns("imabetsu", "yomogita"), DUE)
    made = actions.record(office, row, item, WORDS, errand)
    first, second = db.session.scalars(select(FollowUpRow).order_by(FollowUpRow.id)).all()
    assert owing() == {"imabetsu", "yomogita"}
    # Each says for itself alone, on what it saw.
    with pytest.raises(Refusal, match="担当の市町村だけ"):
        actions.report(act_of("officer", "hiranai"), made, first, "済んだ。", True)
    seen = first.seen
    actions.report(imabetsu, made, first, "1か所を挙げた。", False, seen)
    assert owing() == {"imabetsu", "yomogita"}
    with pytest.raises(Conflict):
        actions.report(imabetsu, made, first, "終わった。", True, seen)
    db.session.rollback()
    actions.report(imabetsu, made, first, "2か所を挙げた。", True)
    assert owing() == {"yomogita"}
    with pytest.raises(Refusal, match="取り消せません"):
        actions.strike_follow_up(office, made, first, "誤り。")
    actions.strike_follow_up(office, made, second, "不要になった。")
    assert owing() == set() and queries.in_hand() == []
    actions.put_follow_up_back(office, made, second)
    actions.strike(office, made, "重複。")
    assert owing() == set()
    actions.put_back(office, made)
    assert owing() == {"yomogita"} and not verdict().problems
    assert [one.text for one in queries.find(made.id).follow_ups[0].notes] == [
        "1か所を挙げた。",
        "2か所を挙げた。",
    ]


def test_an_item_keeps_its_decisions_and_whoever_does_something_of_them(both):
    row, item = held()
    office = act_of("office")
    made = actions.record(office, row, item, WORDS, Errand(WHAT, towns("imabetsu"), DUE))
    one = db.session.scalars(select(FollowUpRow)).one()

    def narrow(*only: str) -> None:
        agenda.change(office, row, item, item.title, "", None, only)

    refused = [
        (lambda: narrow("hiranai"), "今別町は、この議題の決定事項で宿題の担当です"),
        (lambda: agenda.strike(office, row, item, "誤り。"), "先に決定事項を取り消して"),
    ]
    for press, said in refused:
        with pytest.raises(Refusal, match=said):
            press()
        db.session.rollback()
    narrow("imabetsu", "hiranai")
    # Taken out, nobody does anything of it, until the item can be read by whoever would.
    actions.strike_follow_up(office, made, one, "不要。")
    narrow("hiranai")
    with pytest.raises(Refusal, match="宿題の担当です"):
        actions.put_follow_up_back(office, made, one)
    db.session.rollback()
    narrow()
    actions.put_follow_up_back(office, made, one)
    actions.strike(office, made, "誤り。")
    narrow("hiranai")
    with pytest.raises(Refusal, match="宿題の担当です"):
        actions.put_back(office, made)
    db.session.rollback()
    agenda.strike(office, row, item, "誤り。")
    with pytest.raises(Refusal, match="先に議題を元に戻して"):
        actions.put_back(office, made)


def test_what_is_kept_to_a_town_stays_with_it_and_comes_onto_the_next_agenda(browse, app):
    with app.app_context():
        row, item = held()
        office, project = act_of("office"), make_project()
        kept = agenda.propose(office, row, "二町の件", "", only=["imabetsu", "yomogita"])
        with pytest.raises(Refusal, match="平内町は、この議題を読めません"):
            actions.record(office, row, kept, WORDS, Errand(WHAT, towns("hiranai"), DUE))
        about = DecisionWords("案内板", "設置する。", project.id)
        open_id = actions.record(office, row, item, about, Errand(WHAT, towns("hiranai"), DUE)).id
        secret = DecisionWords("二町の取決め", "続ける。")
        kept_id = actions.record(office, row, kept, secret, Errand(WHAT, towns("imabetsu"), DUE)).id
        project_path, meeting_id = f"/projects/{project.id}", row.id
        # On the agenda of the next meeting: what is kept to two towns is an item of theirs.
        upcoming = replace(meetings.of(row), id=99, year=FiscalYear(2027))
        sources = agenda_queries.offered(upcoming, date(2027, 4, 1))
        found = {one.note: one.only for one in sources if one.kind is AgendaKind.DECISIONS}
        assert found == {"案内板": (), "二町の取決め": ("imabetsu", "yomogita")}
        told = of_year(upcoming, date(2027, 4, 1), MaterialKind.DECISIONS)
        assert [one.title for one in told.decided] == ["案内板"]
        same = agenda_queries.offered(meetings.of(row), date(2027, 4, 1))
        assert AgendaKind.DECISIONS not in {one.kind for one in same}
        db.session.remove()
    town, outsider = browse("officer", "imabetsu"), browse("officer", "hiranai")
    shown = town.get("/meetings/decisions").text
    assert "二町の取決め" in shown and "案内板" in shown
    assert "二町の取決め" not in outsider.get("/meetings/decisions").text
    outsider.get(f"/meetings/decisions/{kept_id}", status=404)
    assert "令和8年度 市町村長会議 案内板" in outsider.get(project_path).text
    assert "二町の取決め" not in outsider.get(f"/meetings/{meeting_id}").text
    # Only whoever owes it says how it stands.
    path = outsider.get(f"/meetings/decisions/{open_id}").link("状況を知らせる")
    page = outsider.get(path)
    wrong = outsider.post(path, page.fields())
    assert wrong.status == 422 and "状況を入力してください。" in wrong.text
    done = outsider.post(path, {**page.fields(), "text": "挙げました。", "is_done": "y"})
    told = outsider.follow(done).text
    assert "状況をお知らせいただきました。" in told and "終わりました" in told
    town.get(path, status=403)


def test_a_question_on_the_agenda_is_answered_there_and_settled_by_its_sides(browse, app):
    with app.app_context():
        row, _item = held()
        question, office = make_consulted(), act_of("office")
        [source] = [
            one
            for one in agenda_queries.offered(meetings.of(row), date(2026, 11, 24))
            if one.kind is AgendaKind.QUESTIONS
        ]
        agenda.take(office, row, [source])
        item = agenda_queries.rows(row.id)[-1]
        with pytest.raises(Refusal, match="その双方だけ"):
            agenda.change(office, row, item, item.title, "", None, ["imabetsu", "hiranai"])
        db.session.rollback()
        made = actions.record(office, row, item, DecisionWords("協議の方法", "電話でよい。"))
        assert made.question_id == question.id and question.state is QuestionState.CONSULTING
        path, decision, meeting_id = f"/questions/{question.no}", made.id, row.id
        db.session.remove()
    town, outsider = browse("officer", "imabetsu"), browse("officer", "hiranai")
    shown = town.get(path).text
    assert "この疑義の載る議題" in shown and "協議の方法" in shown
    assert "双方が確認するまで定まりません" in town.get(f"/meetings/decisions/{decision}").text
    assert "疑義 第8-01号を開く" in town.get(f"/meetings/{meeting_id}/agenda").text
    outsider.get(f"/meetings/decisions/{decision}", status=404)
    assert "疑義の協議" not in outsider.get(f"/meetings/{meeting_id}/agenda").text


def test_the_office_records_one_with_what_each_does(browse, app):
    with app.app_context():
        row, item = held()
        meeting_id, item_id = row.id, item.id
        db.session.remove()
    office = browse("office")
    page = office.get(f"/meetings/{meeting_id}/decisions/new?item={item_id}")
    fields = {**page.fields(), "title": "案内板", "text": "設置する。", "what": WHAT}
    path = f"/meetings/{meeting_id}/decisions/new"
    wrong = office.post(path, {**fields, "towns": ["imabetsu"]})
    assert wrong.status == 422 and "宿題の期限を入力してください。" in wrong.text
    wrong = office.post(path, {**fields, "what": "", "due_on": "12/11"})
    assert wrong.status == 422 and "宿題を入力してください。" in wrong.text
    for name, sent in (("project", "99"), ("project", "-5"), ("case", "9" * 12)):
        wrong = office.post(path, {**fields, "what": "", name: sent})
        assert wrong.status == 422 and "一覧の中から選んでください。" in wrong.text
    fields = {**fields, "towns": ["imabetsu", "aomori"], "due_on": "12/11"}
    show = office.follow(office.post(path, fields))
    assert show.title == "案内板" and "2件中0件済み 残り：青森市・今別町" in show.text
    assert "案内板" in office.get(f"/meetings/{meeting_id}/minutes").text
    # The office says so for the hub, and for nobody else.
    assert len([one for one in show.all("a") if "状況を知らせる" in one.text]) == 1
    listed = office.get(f"/meetings/decisions?meeting={meeting_id}").text
    assert WHAT not in listed and "対応中" in listed
    # One whose item was struck before items kept their decisions says so.
    assert "議題は取り消されています" not in show.text
    with app.app_context():
        db.session.get_one(AgendaItem, item_id).strike("連携推進担当", cast.NOW, "重複。")
        db.session.commit()
        [made] = queries.decisions()
    again = office.get(made.path).text
    assert "この決定事項の議題は取り消されています。" in again and "理由：重複。" in again
    # A form that would refuse whatever is typed says so before.
    strike = show.link("この決定事項を取り消す")
    office.post(strike, {**office.get(strike).fields(), "reason": "誤り。"})
    closed = office.get(show.link("宿題を加える")).text
    assert "取り消されています。" in closed and 'name="what"' not in closed
    with app.app_context():
        db.session.get_one(MeetingRow, meeting_id).attendance_at = None
        db.session.commit()
    closed = office.get(path).text
    assert "出席を記録してから" in closed and 'name="title"' not in closed


def test_decisions_are_gone_with_their_tables_and_a_question_keeps_its_words(both):
    row, _item = held()
    question, office = make_settled(), act_of("office")
    item = agenda.propose(office, row, "疑義", "")
    item.question_id, place = question.id, question.no
    db.session.commit()
    actions.record(office, row, item, WORDS, Errand(WHAT, towns("imabetsu"), DUE))
    before = db.session.scalars(select(SettlementReply.mark).order_by(SettlementReply.id)).all()
    db.session.commit()
    downgrade(revision="0048")
    there = set(inspect(db.engine).get_table_names())
    assert not there & {"decision", "follow_up", "progress_note"}
    assert "question_id" not in {
        one["name"] for one in inspect(db.engine).get_columns("agenda_item")
    }
    db.session.commit()
    upgrade()
    # What was shown is kept no more, and the words of before count for the text.
    assert all(before) and len(questions.find(place).words) == 2
    assert queries.decisions() == [] and len(db.session.scalars(select(FollowUpRow)).all()) == 0
