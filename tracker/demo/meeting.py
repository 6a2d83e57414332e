"""The example's yearly meeting (Article 5)."""

from collections.abc import Mapping
from datetime import date, time, timedelta

from sqlalchemy import select

from tracker.annual_duty import actions as annual_duty
from tracker.annual_duty.queries import agreement_standings
from tracker.convening import actions as convening
from tracker.convening.rules import Coming
from tracker.decisions import actions as decisions
from tracker.decisions import queries as decided
from tracker.decisions.models import FollowUpRow
from tracker.demo.moment import Moment, actor, open_day
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Role
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.materials import actions as materials
from tracker.materials import papers
from tracker.materials import queries as packs
from tracker.materials.rules import next_number
from tracker.meetings import actions, queries
from tracker.meetings.agenda import actions as agenda_actions
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.minutes import actions as minutes
from tracker.meetings.models import MeetingRow
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import AgendaKind, Answer, Attendance, Candidate
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.reminders.notices import actions as notices

AFTERNOON, MORNING = (time(14), time(15, 30)), (time(10), time(11, 30))
# Tuesdays and Thursdays from the third Tuesday of January on: never a holiday.
DATES = ((0, AFTERNOON), (2, MORNING), (9, AFTERNOON), (14, MORNING), (16, AFTERNOON))
CHOSEN = 2
TUESDAY = 1
ANSWERS: Mapping[str, str] = {
    "aomori": "○△○×○",
    "hiranai": "×○○○△",
    "imabetsu": "○○○△○",
    "yomogita": "△○○○○",
    "sotogahama": "○○○○△",
}
SYMBOLS = {answer.symbol: answer for answer in Answer}
LOST, REFUSED = "sotogahama", "宛先がありません（550 5.1.1 no such user）"
DEPUTY = "yomogita"
# Who answers the notice; of the others nobody has said anything until the day itself.
COMING: Mapping[str, Coming] = {
    "aomori": Coming(Attendance.HEAD, companions=2),
    "hiranai": Coming(Attendance.HEAD, companions=1, vehicles=1),
    DEPUTY: Coming(Attendance.DEPUTY, "副村長", companions=1, vehicles=1),
}
TAKEN = (AgendaKind.PROGRESS, AgendaKind.WATCH, AgendaKind.COSTS, AgendaKind.DECISIONS)
MINUTES, NEXT_YEAR = 20, "来年度の連携事業について"
SAID = {
    AgendaKind.PROGRESS: (
        "事務局から、資料により上期の状況を説明した。\n住民に知られるようになってきたとの発言があった。",
        "年度末の報告まで、今の進め方を続ける。",
    ),
    AgendaKind.WATCH: (
        "遅れの理由と、年度内の見込みを確かめた。",
        "担当課長会議で、3月までに対応をまとめる。",
    ),
    AgendaKind.COSTS: ("算定の考え方を確かめた。", "案のとおり進める。"),
    AgendaKind.DECISIONS: ("担当の町から、状況を説明した。", "引き続き進める。"),
    AgendaKind.OWN: (
        "来年度も同じ事業を続けたいとの意見で一致した。",
        "事業の一覧の案を、4月に事務局が示す。",
    ),
}
DECIDED = "物産展への合同出店について"
DECISION, ERRAND = "来年度も、物産展に合同で出店する。", "出店の時期の案をまとめる。"
NOTICE = "出欠をお知らせください。資料は1月21日にお送りします。"


def candidates(year: FiscalYear) -> tuple[Candidate, ...]:
    """Five dates in January and February of the year."""
    first = date(year.year + 1, 1, 16)
    tuesday = first + timedelta(days=(TUESDAY - first.weekday()) % 7)
    return tuple(Candidate(tuesday + timedelta(days=days), *hours) for days, hours in DATES)


def ask_for_dates(m: Moment) -> None:
    """The office asks the secretaries; this year one mailbox does not exist."""
    place, due_on = areas.get_area().meeting_place, open_day(m.year, 11, 27)
    meeting = poll_actions.open_poll(
        _act(m), m.year, candidates(m.year), place, due_on, is_example=True
    )
    if m.is_present:
        _lose_letter(meeting, m)


def _lose_letter(meeting: MeetingRow, m: Moment) -> None:
    """What the mail server would have said; the example mails nothing."""
    lost = _lost_letter(meeting)
    lost.state, lost.attempts, lost.last_answer = LetterState.UNDELIVERABLE, 1, REFUSED
    lost.note = "例示"
    db.session.add(
        SendAttempt(
            letter_id=lost.id, token="例示", begun_at=m.at, ended_at=m.at, code=550, answer=REFUSED
        )
    )
    db.session.commit()


def _lost_letter(meeting: MeetingRow) -> Letter:
    town = areas.find_town(LOST)
    return db.session.scalars(
        select(Letter).where(
            Letter.kind == "poll_request",
            Letter.path == queries.of(meeting).path,
            Letter.municipality_id == (town and town.id),
        )
    ).one()


def answer(m: Moment, slug: str, by: Actor | None = None, told_by: str = "") -> None:
    """A secretary answers by the personal link."""
    meeting = _meeting(m)
    dates = queries.of(meeting).dates
    given = {id_: SYMBOLS[sign] for id_, sign in zip(dates, ANSWERS[slug], strict=True)}
    poll_actions.answer(Act(by, m.at), meeting, slug, given, "", told_by)


def answer_by_telephone(m: Moment, slug: str, told_by: str) -> None:
    """The office enters what a secretary said on the telephone (代理入力)."""
    answer(m, slug, actor(Role.OFFICE), told_by)


def mend_address(m: Moment) -> None:
    """The letter that did not arrive goes out once more."""
    if m.is_present:
        lost = _lost_letter(_meeting(m))
        notices.correct_and_resend(Act(actor(Role.OFFICE), m.at), lost, lost.to_email)


def fix(m: Moment) -> None:
    """The one date that suits all."""
    meeting = _meeting(m)
    chosen = list(queries.of(meeting).dates)[CHOSEN]
    actions.fix(_act(m), meeting, chosen, "")


def send_notice(m: Moment) -> None:
    """The notice of the meeting."""
    actions.send_notice(_act(m), _meeting(m), "青連第8号", NOTICE)


def say_who_comes(m: Moment) -> None:
    """Some of the secretaries answer behind their links."""
    row = _meeting(m)
    for seat in queries.of(row).seats:
        if coming := COMING.get(seat.slug):
            convening.answer(Act(None, m.at), row, seat.id, coming)


def set_agenda(m: Moment) -> None:
    """What the year's data offer, then next year's projects, each with its minutes."""
    row = _meeting(m)
    offered = agenda.offered(queries.of(row), clock.day(m.at))
    agenda_actions.take(_act(m), row, [one for one in offered if one.kind in TAKEN])
    agenda_actions.propose(_act(m), row, NEXT_YEAR, "", MINUTES)
    for item in agenda.rows(row.id)[:-1]:
        agenda_actions.change(_act(m), row, item, item.title, item.note, MINUTES, ())


def send_materials(m: Moment) -> None:
    """What the data offer, numbered and frozen as they stand on that day."""
    row, taken = _meeting(m), list[str]()
    for one in papers.offered(queries.of(row)):
        taken.append(next_number(one.kind, taken))
        words = materials.MaterialWords(taken[-1], one.title, only=one.only)
        materials.make(_act(m), row, one.kind, words)
    meeting = queries.of(row)
    there = packs.pack(meeting.id).materials
    made = materials.frozen({one: papers.material(meeting, one.kind, m.at) for one in there})
    materials.send(_act(m), row, made)


def write_minutes(m: Moment) -> None:
    """What the heads said and decided, item by item, put to every municipality."""
    row = _meeting(m)
    for item in agenda.rows(row.id):
        minutes.write(_act(m), row, item, *SAID[item.kind])
    minutes.send(_act(m), row, open_day(m.year, 2, 19))


def decide(m: Moment) -> None:
    """What the heads decided of one project, and what a town does of it until the next February."""
    row, towns = _meeting(m), [town for town in areas.towns() if town.slug == "hiranai"]
    project = select(Project.id).where(Project.name == "物産振興事業")
    words = decisions.DecisionWords(DECIDED, DECISION, db.session.scalar(project))
    errand = decisions.Errand(ERRAND, towns, open_day(m.year.next, 2, 26))
    item = agenda.rows(row.id)[-1]
    decisions.record(_act(m), row, item, words, errand, is_example=True)


def follow_up(m: Moment, text: str, is_done: bool = False) -> None:
    """The town says how it stands with what was decided the year before."""
    for one in decided.in_hand():
        for left in one.open if one.year < m.year.year else ():
            act = Act(actor(Role.OFFICER, left.town.slug), m.at)
            row = db.session.get_one(FollowUpRow, left.id)
            decisions.report(act, decided.row(one), row, text, is_done)


def confirm_minutes(m: Moment) -> None:
    """Every municipality confirms them, the office's own by somebody who did not write them."""
    row = _meeting(m)
    for town in areas.towns():
        minutes.confirm(Act(actor(Role.CONFIRMER, town.slug), m.at), row)


def record_attendance(m: Moment) -> None:
    """Four heads came, and one deputy."""
    entries = {
        town.slug: (Attendance.DEPUTY, "副村長") if town.slug == DEPUTY else (Attendance.HEAD, "")
        for town in areas.towns()
    }
    actions.record_attendance(_act(m), _meeting(m), entries)


def regard_as_held(m: Moment) -> None:
    """Both sides of the deputy's agreement say how they see it."""
    meeting = _meeting(m)
    [agreement] = [
        one
        for one in agreement_standings(m.year, clock.day(m.at))
        if DEPUTY in {party.slug for party in one.parties}
    ]
    for by in (actor(Role.OFFICE), actor(Role.CONFIRMER, DEPUTY)):
        annual_duty.view_as_held(Act(by, m.at), meeting, agreement.agreement_id, True)


def _act(m: Moment) -> Act:
    return Act(actor(Role.OFFICE), m.at)


def _meeting(m: Moment) -> MeetingRow:
    found = queries.find_meeting(m.year)
    assert found is not None
    return queries.row(found)
