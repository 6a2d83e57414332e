"""Who is written to, and who is not: moved, done, cancelled, copied, late, silent (product.md 8)."""

from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from tests import cast
from tests.cost_sharing.makers import make_agreed, somebody
from tests.meetings.makers import ANSWERS, DATES, dates_of, make_answers, make_fixed, make_meeting
from tests.pages import counting
from tests.reminders.makers import make_round
from tests.reminders.test_outages import HOUR, MINUTE, fall_asleep, nine
from tracker.accounts.models import Person, Post, PostKind
from tracker.agreements.models import Measure
from tracker.cost_sharing.cases import actions as costs
from tracker.cost_sharing.consultations import actions as consultations
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience, Step, Unit
from tracker.history import history
from tracker.history.history import Subject
from tracker.mail.letters import Letter, LetterState, hold_all
from tracker.mail.links import SHOWN
from tracker.meetings import actions as meetings
from tracker.meetings.poll import actions as poll_actions
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import (
    Participation,
    Project,
    ProjectYear,
    ReportingRound,
    RoundPart,
)
from tracker.projects.rounds.actions import ask
from tracker.reminders import actions, queries
from tracker.reminders.models import LetterItem
from tracker.reminders.notices import actions as notices
from tracker.reminders.schedule.actions import set_schedule

pytestmark = pytest.mark.engines_by_turns

LATER = cast.NOW + timedelta(hours=2)


def letters(kind: str = "reminder") -> list[Letter]:
    """The letters of a kind, oldest first."""
    return list(db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


def pass_by(*moments: datetime) -> Counter[str]:
    """The clock looks at each of these moments; whom it wrote to, how often."""
    for at in moments:
        actions.plan(at)
    return Counter(letter.to_email for letter in letters())


def every_day(first: date, last: date) -> list[datetime]:
    """A look at a minute past nine on each day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [nine(day.month, day.day).replace(year=day.year) + MINUTE for day in days]


def open_round(**changes: object) -> None:
    """Changes the open round."""
    db.session.execute(update(ReportingRound).values(**changes))
    db.session.commit()


def test_a_moved_deadline_of_the_poll_moves_its_mentions(both):
    meeting = make_meeting()
    fall_asleep(cast.NOW)
    poll_actions.add_dates(Act(None, LATER), meeting, [], date(2026, 12, 11))
    told = pass_by(*every_day(date(2026, 11, 25), date(2026, 12, 11)))
    assert told["secretary@imabetsu.example"] == 2
    days = {
        clock.day(letter.send_at)
        for letter in letters()
        if letter.to_email == "secretary@imabetsu.example"
    }
    assert days == {date(2026, 12, 8), date(2026, 12, 10)}


def test_a_moved_meeting_moves_the_mention_of_its_notice(both):
    meeting = make_fixed()
    fall_asleep(cast.NOW)
    earlier = dates_of(meeting)[1]
    meetings.fix(Act(None, LATER), meeting, earlier, "会場の都合による。")
    assert meeting.hours == DATES[1]
    pass_by(*every_day(date(2026, 12, 20), date(2027, 1, 31)))
    notices = [one for one in letters() if "開催案内を送る" in one.subject]
    # Two weeks before the 21st is the 7th, three days before that the 4th.
    assert [clock.day(one.send_at) for one in notices] == [date(2027, 1, 4)]


def test_only_the_silent_are_asked_again(both):
    make_answers(make_meeting(), ANSWERS)
    fall_asleep(cast.NOW)
    told = pass_by(nine(11, 26) + MINUTE)
    assert {address for address in told if address.startswith("secretary")} == {
        "secretary@imabetsu.example",
        "secretary@sotogahama.example",
    }


def test_a_letter_that_keeps_failing_is_tried_no_longer_than_it_helps(both):
    make_meeting()
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 26) + MINUTE, nine(11, 27) + MINUTE)
    until = {one.to_email.split("@")[0]: one.useful_until for one in letters()}
    midnight = nine(11, 28) - 9 * HOUR
    assert (until["secretary"], until["officer"]) == (midnight, None)


def test_who_hears_of_another_s_silence_gets_no_link_of_theirs(both, actor):
    make_meeting()
    steps = [Step(0, Unit.OFFICE_DAYS, to) for to in (Audience.OWNER, Audience.OFFICE)]
    set_schedule(Act(actor("office"), cast.NOW), Kind.POLL_UNANSWERED, steps, time(9), True, "0")
    fall_asleep(cast.NOW)
    told = pass_by(nine(11, 27) + MINUTE)
    assert {"office@aomori.example", "secretary@imabetsu.example"} <= told.keys()
    for letter in letters():
        is_owner = letter.to_email.startswith("secretary@")
        assert letter.has_secrets is is_owner, letter.to_email
        assert (SHOWN in letter.body) is is_owner
    [office] = [one for one in letters() if one.to_email == "office@aomori.example"]
    assert "/meetings/1/answers/" in office.body


def test_a_cancelled_meeting_is_silent(both):
    meetings.cancel(Act(None, cast.NOW), make_meeting(), "大雪の予報のため。")
    fall_asleep(cast.NOW)
    assert pass_by(*every_day(date(2026, 11, 25), date(2026, 12, 4))) == {}


def test_a_done_duty_is_silent(both):
    make_round()
    fall_asleep(cast.NOW)
    open_round(closed_at=cast.NOW)
    assert pass_by(*every_day(date(2026, 11, 25), date(2026, 12, 10))) == {}


def test_a_copied_case_fires_nothing_until_it_is_sent(both):
    copied = costs.replace(Act(somebody("office"), cast.NOW), make_agreed(), "内訳が変わったため。")
    fall_asleep(cast.NOW)
    pass_by(*every_day(date(2026, 11, 25), date(2026, 12, 31)))
    assert not [one for one in letters() if one.to_email.startswith("confirmer")]
    talk = (date(2026, 12, 25), "オンライン", "5市町村の担当者", "同じ割り方とした。")
    later = Act(somebody("office"), nine(12, 28))
    consultations.add_consultation(later, copied, *talk)
    costs.send(later, copied, date(2027, 1, 15))
    pass_by(*every_day(date(2027, 1, 12), date(2027, 1, 15)))
    assert len([one for one in letters() if one.to_email.startswith("confirmer")]) == 5


def test_what_was_asked_for_after_a_step_s_moment_is_not_mentioned_for_it(both):
    fall_asleep(nine(11, 26) - MINUTE)
    make_round(opened_at=nine(11, 27) + HOUR)
    assert pass_by(nine(11, 27) + 2 * HOUR) == {}
    assert pass_by(nine(12, 1) + MINUTE)["officer@imabetsu.example"] == 1


def test_a_due_day_put_off_is_mentioned_anew_before_the_new_one(both):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    open_round(due_on=date(2026, 12, 14))
    told = pass_by(nine(12, 11) + MINUTE)
    assert told["officer@imabetsu.example"] == 2
    assert "【あと3日】" in letters()[-1].subject


def test_an_hour_put_forward_into_the_past_still_sends_today(both, actor):
    make_round()
    office = actor("office")
    steps = queries.schedules()[Kind.REPORT_UNSUBMITTED].steps
    set_schedule(Act(office, cast.NOW), Kind.REPORT_UNSUBMITTED, steps, time(15), True, "0")
    fall_asleep(cast.NOW)
    assert pass_by(nine(11, 27) + 3 * HOUR) == {}
    set_schedule(
        Act(office, nine(11, 27) + 3 * HOUR), Kind.REPORT_UNSUBMITTED, steps, time(9), True, "1"
    )
    assert pass_by(nine(11, 27) + 3 * HOUR + MINUTE)["officer@imabetsu.example"] == 1
    assert pass_by(nine(11, 27) + 4 * HOUR)["officer@imabetsu.example"] == 1


def test_a_row_of_today_that_vanished_is_written_again(both):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    before = {one.message_id for one in letters()}
    lost = letters()[1]
    db.session.execute(delete(LetterItem).where(LetterItem.letter_id == lost.id))
    db.session.execute(delete(Letter).where(Letter.id == lost.id))
    db.session.commit()
    pass_by(nine(11, 27) + HOUR)
    assert {one.message_id for one in letters()} == before


def test_who_is_entered_at_noon_hears_of_today(both):
    make_round()
    fall_asleep(cast.NOW)
    db.session.execute(
        update(Person).where(Person.email == "officer@imabetsu.example").values(is_active=False)
    )
    db.session.commit()
    assert pass_by(nine(11, 27) + MINUTE)["officer@imabetsu.example"] == 0
    db.session.execute(update(Person).values(is_active=True))
    db.session.commit()
    assert pass_by(nine(11, 27) + 3 * HOUR)["officer@imabetsu.example"] == 1


def test_the_april_confirmation_is_asked_for_whatever_day_the_year_begins_on():
    for year in range(2019, 2061):
        due_on = date(year, 4, 30)
        days = [step.day(due_on, frozenset()) for step in Kind.PERSON_UNCONFIRMED.rule.steps]
        assert min(days) > date(year, 4, 1), "the duty must exist by then"


# --- chiefs, the office, once a week ---------------------------------------------------------------


def test_what_stays_undone_goes_to_the_chief_and_then_to_the_office(both):
    make_round()
    town = db.session.scalars(select(Municipality).where(Municipality.slug == "imabetsu")).one()
    chief = Post(
        municipality_id=town.id,
        kind=PostKind.CHIEF,
        name="総務課長",
        email="chief@imabetsu.example",
        confirmed_year=2026,
    )
    db.session.add(chief)
    db.session.flush()
    officer = select(Post.id).where(Post.municipality_id == town.id, Post.kind == PostKind.OFFICER)
    db.session.execute(
        update(Post).where(Post.id == officer.scalar_subquery()).values(chief_id=chief.id)
    )
    db.session.commit()
    fall_asleep(cast.NOW)
    pass_by(*every_day(date(2026, 11, 30), date(2026, 12, 10)))
    [told] = [one for one in letters() if one.to_email == "chief@imabetsu.example"]
    assert clock.day(told.send_at) == date(2026, 12, 3)
    assert told.subject == "【期限を過ぎています】上期の進捗報告（今別町 企画担当）"
    assert "（3日超過）" in told.body
    office = [one for one in letters() if one.to_email == "office@aomori.example"]
    assert [clock.day(one.send_at) for one in office] == [date(2026, 12, 7)]
    # One letter about all four towns.
    assert office[0].subject.endswith("ほか3件")
    assert all(f"{name} 企画担当" in office[0].body for name in ("平内町", "今別町", "蓬田村"))


def test_who_prefers_it_gets_one_letter_a_week_with_the_record_s_head(both):
    make_round()
    db.session.execute(
        update(Person).where(Person.email == "officer@imabetsu.example").values(weekly_digest=True)
    )
    db.session.commit()
    fall_asleep(nine(11, 24) - MINUTE)
    history.record(None, "round.opened", Subject("round", 1), "依頼しました。", at=cast.NOW)
    db.session.commit()
    told = pass_by(*every_day(date(2026, 11, 24), date(2026, 12, 11)))
    own = [one for one in letters() if one.to_email == "officer@imabetsu.example"]
    assert [clock.day(one.send_at) for one in own] == [date(2026, 11, 30), date(2026, 12, 7)]
    assert own[0].subject == "【今週の予定】11月30日〜12月4日　期限 1件"
    assert own[1].subject == "【今週の予定】12月7日〜11日　期限 0件、期限を過ぎたもの 1件"
    assert history.head() in own[0].body
    assert told["officer@hiranai.example"] == 2, "the others are written to as before"


# --- what did not arrive, what is held -------------------------------------------------------------


def lose(address: str, at: datetime) -> None:
    """As if the server had refused the letter to this address."""
    db.session.execute(
        update(Letter)
        .where(Letter.to_email == address, Letter.kind != "undeliverable")
        .values(
            state=LetterState.UNDELIVERABLE,
            last_answer="宛先がありません。（550 5.1.1 no such user）",
            next_attempt_at=at,
            attempts=1,
        )
    )
    db.session.commit()


def test_the_office_hears_once_and_at_once_of_each_letter_that_did_not_arrive(both):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    lose("officer@imabetsu.example", nine(11, 27) + 2 * MINUTE)
    for minutes in (3, 4):
        actions.plan(nine(11, 27) + minutes * MINUTE)
    [told] = letters("undeliverable")
    assert told.to_email == "office@aomori.example"
    assert told.subject == "【要対応】お知らせメールが届いていません（今別町 企画担当）"
    assert "宛先がありません。" in told.body
    lose("officer@hiranai.example", nine(11, 27) + 5 * MINUTE)
    lose("officer@yomogita.example", nine(11, 27) + 5 * MINUTE)
    actions.plan(nine(11, 27) + 6 * MINUTE)
    assert letters("undeliverable")[1].subject.endswith("（平内町 企画担当 ほか1件）")


def test_a_letter_that_is_lost_again_after_its_mending_is_told_of_again(both, actor):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    address = "officer@imabetsu.example"
    for minutes in (2, 10):
        lose(address, nine(11, 27) + minutes * MINUTE)
        actions.plan(nine(11, 27) + (minutes + 1) * MINUTE)
        [lost] = [one for one in letters() if one.state is LetterState.UNDELIVERABLE]
        address = "kikaku@imabetsu.example"
        notices.correct_and_resend(
            Act(actor("office"), nine(11, 27) + (minutes + 2) * MINUTE), lost, address
        )
    assert len(letters("undeliverable")) == 2


def test_a_lost_letter_about_a_lost_letter_is_not_told_of_for_ever(both):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    lose("officer@imabetsu.example", nine(11, 27) + 2 * MINUTE)
    actions.plan(nine(11, 27) + 3 * MINUTE)
    db.session.execute(update(Letter).values(state=LetterState.UNDELIVERABLE))
    db.session.commit()
    for minutes in (4, 5, 6):
        actions.plan(nine(11, 27) + minutes * MINUTE)
    # The other three reminders are lost as well by now; they are told of in one letter.
    assert len(letters("undeliverable")) == 2


def test_held_letters_wait_for_a_person_who_sends_or_passes_them_over(both, actor, now):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    assert hold_all(nine(11, 27) + 2 * MINUTE) == 4
    db.session.commit()
    now.move_to(nine(11, 27) + HOUR)
    assert actions.run_once().sent == 0
    first = letters()[0].id
    at = clock.now()
    assert notices.let_go(Act(actor("office"), at), first) == 1
    assert notices.give_up(Act(actor("office"), at), 0) == 3
    assert actions.run_once().sent == 1
    states = Counter(one.state for one in letters())
    assert states == {LetterState.RESENT: 1, LetterState.SKIPPED: 3}


def test_who_had_a_letter_that_day_gets_no_second_one_and_the_rest_is_passed_over(both):
    make_round()
    fall_asleep(cast.NOW)
    pass_by(nine(11, 27) + MINUTE)
    # As if the four mentions had come up anew after the day's letters were written.
    db.session.execute(delete(LetterItem))
    db.session.commit()
    assert actions.plan(nine(11, 27) + HOUR) == (0, 4)
    assert len(letters()) == 4
    assert set(db.session.scalars(select(LetterItem.state))) == {LetterState.SKIPPED}
    assert actions.plan(nine(11, 27) + 2 * HOUR) == (0, 0)


# --- many --------------------------------------------------------------------------------------


def make_leads(count: int) -> None:
    """A round in which so many sections of the hub, each with a post of its own, owe a report."""
    hub = db.session.scalars(select(Municipality).where(Municipality.is_hub)).one()
    measure = db.session.scalar(select(Measure.id).limit(1))
    first = 100_000

    def rows(make) -> list[dict[str, object]]:
        return [make(first + number) for number in range(count)]

    opened = ReportingRound(
        fiscal_year=2026,
        half="h1",
        due_on=date(2026, 11, 30),
        covering_note="",
        opened_at=cast.NOW,
    )
    db.session.add(opened)
    for table, made in (
        (
            Post,
            rows(
                lambda n: {
                    "id": n,
                    "municipality_id": hub.id,
                    "kind": PostKind.LEAD,
                    "name": f"第{n}課",
                    "email": f"lead{n}@aomori.example",
                    "confirmed_year": 2026,
                }
            ),
        ),
        (
            Project,
            rows(
                lambda n: {
                    "id": n,
                    "name": f"事業{n}",
                    "search_key": f"事業{n}",
                    "summary": "",
                    "measure_id": measure,
                    "lead_municipality_id": hub.id,
                    "lead_post_id": n,
                    "lead_section": "課",
                    "since_year": 2020,
                }
            ),
        ),
        (ProjectYear, rows(lambda n: {"id": n, "project_id": n, "fiscal_year": 2026})),
        (
            Participation,
            rows(lambda n: {"id": n, "project_year_id": n, "municipality_id": hub.id}),
        ),
    ):
        db.session.execute(insert(table), made)
    ask(opened)
    db.session.commit()


def plan_many(count: int) -> int:
    """Plans the reminders of so many duties; how many statements it took."""
    make_leads(count)
    fall_asleep(cast.NOW)
    with counting() as queries:
        assert actions.plan(nine(11, 27) + MINUTE) == (count, 0)
    assert len({letter.to_email for letter in letters()}) == count
    return len(queries)


def test_planning_takes_the_same_few_queries_for_few_duties_and_for_many(both):
    few = plan_many(20)
    for table in (RoundPart, Participation, ProjectYear, Project, ReportingRound):
        db.session.query(table).delete()
    db.session.query(Post).filter(Post.id >= 100_000).delete()
    db.session.commit()
    assert plan_many(1000) <= few < 40


@pytest.mark.slow
def test_planning_ten_thousand_duties_takes_no_more_queries(both):
    assert plan_many(10_000) < 40
