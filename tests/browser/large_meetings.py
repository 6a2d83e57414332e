"""What two meetings of thirty municipalities bring with them, entered through the acts themselves."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from tests import cast
from tracker.accounts.queries import actor_of
from tracker.agreements.models import Agreement
from tracker.convening import actions as convening
from tracker.convening.rules import Coming
from tracker.decisions import actions as decisions
from tracker.decisions.actions import DecisionWords, Errand
from tracker.materials import actions as materials
from tracker.materials import papers
from tracker.materials import queries as packs
from tracker.materials.rules import next_number
from tracker.meetings import actions, queries
from tracker.meetings.agenda import actions as agenda
from tracker.meetings.agenda import queries as items
from tracker.meetings.minutes import actions as minutes
from tracker.meetings.models import MeetingRow
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.questions import actions as questions
from tracker.questions.actions import QuestionWords
from tracker.questions.rules import QuestionPlace

HELD, COMING = 6, 7
# Both the day of the tests and the one of a look at it are office days.
DAYS = 16
TITLE = "圏域の公共交通の見直しと、来年度の実証運行の区間・ダイヤ・負担の考え方について"
TEXT = (
    "実証運行は、令和9年4月から1年間とする。区間は、各市町村の案をもとに事務局がまとめる。\n"
    "負担の考え方は、担当課長会議で整理し、第4条第2項の協議に付す。"
)


def enter_meetings(at: datetime = cast.NOW) -> None:
    """The last meeting with minutes and decisions, the coming one with notice, agenda, materials."""
    office = Act(actor_of(cast.email("office", "hub")), at)
    _decide(office)
    _call(office)
    _doubt(office)


def _row(meeting_id: int) -> MeetingRow:
    return db.session.get_one(MeetingRow, meeting_id)


def _decide(office: Act) -> None:
    row, due_on, towns = _row(HELD), clock.day(office.at) + timedelta(days=DAYS), areas.towns()
    for title in (TITLE, "図書館の相互利用について"):
        item = agenda.propose(office, row, title, TEXT, 25)
        minutes.write(office, row, item, TEXT, TEXT)
    of_all = Errand("担当する区間の案を、利用者の数を添えて出す。", towns, due_on)
    made = decisions.record(office, row, item, DecisionWords(TITLE, TEXT, 1), of_all)
    decisions.record(office, row, item, DecisionWords("利用者カードの共通化", TEXT))
    officer = Act(actor_of(cast.email("officer", "town17")), office.at)
    its = decisions.queries.find(made.id)
    assert its is not None
    own = next(one for one in its.follow_ups if one.town.slug == "town17")
    one = db.session.get_one(decisions.FollowUpRow, own.id)
    decisions.report(officer, made, one, "運行会社に見積りをお願いしている。", False)
    minutes.send(office, row, due_on)


def _call(office: Act) -> None:
    row = _row(COMING)
    meeting = queries.of(row)
    actions.fix(
        office,
        row,
        next(iter(meeting.dates)),
        "全市町村の都合を電話で確かめた。",
        despite_required=True,
    )
    actions.send_notice(office, row, "圏域連第108号", "御出席くださいますようお願いいたします。")
    for number, seat in enumerate(queries.of(row).seats):
        if number % 3 < 2:
            attendance = list(Attendance)[number % 3]
            deputy = "副市町村長（企画財政担当）" if attendance is Attendance.DEPUTY else ""
            convening.answer(office, row, seat.id, Coming(attendance, deputy, 2, 1), "秘書")
    offered = items.offered(queries.of(row), clock.day(office.at))
    agenda.take(office, row, offered[:12])
    agenda.propose(office, row, TITLE, TEXT, 30, only=["town05", "town17", "town22"])
    taken = list[str]()
    for one in papers.offered(queries.of(row)):
        taken.append(next_number(one.kind, taken))
        words = materials.MaterialWords(taken[-1], one.title, only=one.only)
        materials.make(office, row, one.kind, words)
    there = packs.pack(row.id).materials
    made = {one: papers.material(queries.of(row), one.kind, office.at) for one in there}
    materials.send(office, row, materials.frozen(made))


def _doubt(office: Act) -> None:
    agreement = db.session.scalars(select(Agreement.id).order_by(Agreement.id)).first()
    assert agreement is not None
    words = QuestionWords(QuestionPlace(4, 2), TITLE, TEXT)
    row = questions.draft(office, agreement, words, TEXT)
    questions.put(office, row, date(2026, 12, 8) if office.at.year < 2027 else clock.day(office.at))
    questions.draft(office, agreement, words, TEXT)
