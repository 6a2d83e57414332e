"""The agenda: who proposes, who reads, in which order, for how long."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.cost_sharing.makers import act_of
from tests.meetings.makers import make_fixed, make_meeting
from tests.projects.makers import WRITTEN, make_project, make_round, report_of, submit
from tests.questions.makers import make_draft, make_put
from tracker.convening.letters import notice_words
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal
from tracker.meetings import actions as meeting_actions
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import actions, queries, rules
from tracker.meetings.agenda.rules import AgendaEntry, AgendaSource
from tracker.meetings.models import AgendaItem
from tracker.meetings.rules import AgendaKind, Candidate
from tracker.plumbing.db import db

HOURS = Candidate(date(2027, 1, 28), time(14), time(15, 30))


def entry(**changes) -> AgendaEntry:
    one = AgendaEntry(
        *(1, "1", AgendaKind.OWN, "冬季講座", "", None, None, "今別町 企画担当", "imabetsu"),
        *(None, True, False),
    )
    return one._replace(**changes)


# Of an item of 今別町: accepted, struck, kept to; who reads it.
READERS = [
    ({}, {"office", "imabetsu", "hiranai", "lead"}),
    ({"is_accepted": False}, {"office", "imabetsu"}),
    ({"is_struck": True}, {"office", "imabetsu"}),
    ({"is_accepted": False, "is_struck": True}, {"office", "imabetsu"}),
    ({"only": ("hiranai",)}, {"office", "hiranai"}),
    ({"only": ("hiranai", "imabetsu")}, {"office", "hiranai", "imabetsu"}),
    ({"only": ("aomori",)}, {"office"}),
]


@pytest.mark.parametrize(("changes", "readers"), READERS, ids=[str(n) for n in range(7)])
def test_who_reads_an_item(changes, readers):
    people = {
        name: Actor(1, name, role, slug, 1, slug, 1, slug == "aomori")
        for name, role, slug in (
            ("office", Role.OFFICE, "aomori"),
            ("lead", Role.LEAD, "aomori"),
            ("imabetsu", Role.OFFICER, "imabetsu"),
            ("hiranai", Role.OFFICER, "hiranai"),
        )
    }
    assert {
        name for name, one in people.items() if rules.is_shown(entry(**changes), one)
    } == readers


@given(st.lists(st.integers(0, 99), min_size=1, max_size=9, unique=True), st.data())
def test_moving_up_and_down_again_changes_nothing_and_loses_nothing(ids, data):
    one = data.draw(st.sampled_from(ids))
    at = ids.index(one)
    for step in (-1, 1):
        if 0 <= at + step < len(ids):
            there = rules.moved(ids, one, step)
            assert sorted(there) == sorted(ids) and there.index(one) == at + step
            assert rules.moved(there, one, -step) == ids
        else:
            with pytest.raises(Refusal, match="動かせません"):
                rules.moved(ids, one, step)


@pytest.mark.parametrize(
    ("minutes", "over"), [((), 0), ((90,), 0), ((60, 31), 1), ((60, None, 60), 30)]
)
def test_the_items_may_exceed_the_hours(minutes, over):
    entries = [entry(minutes=one) for one in minutes]
    assert rules.overrun(entries, HOURS) == over
    assert rules.overrun(entries, None) == 0
    assert (
        rules.planned([entry(minutes=50, is_struck=True), entry(minutes=5, is_accepted=False)]) == 0
    )


def test_what_is_offered_is_offered_until_it_was_taken():
    progress = AgendaSource(AgendaKind.PROGRESS, "進捗", "")
    asked = [AgendaSource(AgendaKind.CONSULTATION, "相談", "", id_) for id_ in (1, 2)]
    on_it = [
        entry(kind=AgendaKind.CONSULTATION, report_id=1),
        entry(kind=AgendaKind.PROGRESS, is_struck=True),
    ]
    assert rules.left([progress, *asked], on_it) == [progress, asked[1]]


def test_a_town_proposes_and_the_office_decides(both):
    row = make_meeting()
    own = actions.propose(act_of("office"), row, "進捗について", "", 20)
    theirs = actions.propose(act_of("officer", "imabetsu"), row, "冬季講座", "町での開催")
    assert (own.accepted_at is None, theirs.accepted_at is None) == (False, True)
    with pytest.raises(Refusal, match="議題に加えてから"):
        actions.move(act_of("office"), row, theirs, -1)
    waiting = meetings.of(row)
    assert (waiting.proposed, waiting.proposed_since) == (1, theirs.proposed_at)
    actions.accept(act_of("office"), row, theirs)
    assert meetings.of(row).proposed == 0
    actions.move(act_of("office"), row, theirs, -1)
    assert [one.title for one in queries.entries(row.id)] == ["冬季講座", "進捗について"]
    actions.strike(act_of("office"), row, theirs, "次の会議で扱うため。")
    assert queries.entries(row.id)[0].is_struck
    with pytest.raises(Refusal, match="（分）は1から480までの整数で"):
        actions.propose(act_of("office"), row, "長い", "", 481)


def test_a_notice_proposes_the_items_that_everybody_reads(both):
    row = make_fixed()
    usual = notice_words(meetings.of(row))
    assert "　議題　1　連携事業の進捗について\n" in usual
    actions.propose(act_of("office"), row, "進捗について", "")
    actions.propose(act_of("office"), row, "今別町の件", "", only=("imabetsu",))
    actions.propose(act_of("officer", "imabetsu"), row, "まだ加えていない件", "")
    actions.propose(act_of("office"), row, "冬季講座", "")
    words = notice_words(meetings.of(row))
    assert "　議題　1　進捗について\n　　　　2　冬季講座\n　出欠" in words
    assert "件" not in words
    for number in range(7):
        actions.propose(act_of("office"), row, f"議題{number}", "")
    assert "　議題　会議次第でお知らせします。\n　出欠" in notice_words(meetings.of(row))


def test_no_more_items_once_the_minutes_are_final(both):
    row = make_meeting()
    row.minutes_final_at = act_of("office").at
    with pytest.raises(Refusal, match="議事録が確定している"):
        actions.propose(act_of("office"), row, "遅れて", "")


def test_a_report_that_asks_for_the_meeting_is_offered_without_its_words(both):
    project = make_project()
    make_round()
    asked = replace(WRITTEN, trouble="講師が足りない", for_meeting=True)
    report = submit(report_of(project, "imabetsu"), asked)
    meeting = meetings.of(make_meeting())
    offered = queries.offered(meeting, date(2026, 11, 24))
    [told] = [one for one in offered if one.kind is AgendaKind.CONSULTATION]
    assert told.title.endswith("（今別町から）") and "足りない" not in told.title + told.note
    actions.take(act_of("office"), meetings.row(meeting), offered)
    left = rules.left(queries.offered(meeting, date(2026, 11, 24)), queries.entries(meeting.id))
    assert left == []
    taken = select(AgendaItem.report_id).where(AgendaItem.kind == AgendaKind.CONSULTATION)
    assert db.session.scalars(taken).all() == [report.id]


@pytest.mark.engines_by_turns
def test_a_report_is_offered_until_a_meeting_that_took_place_talked_it_over(both):
    project = make_project()
    make_round()
    submit(report_of(project, "imabetsu"), replace(WRITTEN, trouble="講師", for_meeting=True))
    row, office = make_meeting(), act_of("office")
    hours = Candidate(date(2026, 12, 21), time(14), time(15, 30))
    other = meetings.of(meeting_actions.prepare_other(office, "担当者会議", hours, "庁議室"))

    def is_offered() -> bool:
        there = queries.offered(other, date(2026, 11, 24))
        return AgendaKind.CONSULTATION in {one.kind for one in there}

    actions.take(office, row, queries.offered(meetings.of(row), date(2026, 11, 24)))
    item = next(one for one in queries.rows(row.id) if one.report_id)
    assert is_offered()
    row.attendance_at = office.at
    assert not is_offered()
    item.strike("連携推進担当", office.at, "時間が足りない")
    assert is_offered()


@pytest.mark.engines_by_turns
def test_a_question_of_two_is_offered_by_its_number_alone(both):
    make_put()
    make_draft()
    offered = queries.offered(meetings.of(make_meeting()), date(2026, 11, 24))
    [told] = [one for one in offered if one.kind is AgendaKind.QUESTIONS]
    assert (told.title, told.note) == ("疑義の協議（第6条）　第8-01号", "青森市・今別町")
    assert told.question_id and set(told.only) == {"aomori", "imabetsu"}


def test_office_and_town_on_the_pages(browse, app):
    with app.app_context():
        meeting_id = make_meeting().id
    path = f"/meetings/{meeting_id}/agenda"
    town = browse("officer", "imabetsu")
    page = town.get(f"{path}/new")
    assert page.title == "議題を提案する"
    done = town.post(f"{path}/new", {**page.fields(), "title": "冬季講座の町村開催について"})
    assert "議題を提案しました。" in town.follow(done).text
    assert "冬季講座" not in browse("officer", "hiranai").get(path).text
    office = browse("office")
    page = office.get(path)
    assert "提案された議題" in page.text
    accept = next(n for n, one in enumerate(page.all("main form")) if "/accept" in one["action"])
    taken = office.post(page.all("main form")[accept]["action"], page.fields(accept))
    assert "議題に加えました。" in office.follow(taken).text
    assert "冬季講座の町村開催について" in browse("officer", "hiranai").get(path).text
    assert "冬季講座の町村開催について" in browse("reader").get(f"/meetings/{meeting_id}").text
    wrong = office.get(f"{path}/new")
    again = office.post(f"{path}/new", {**wrong.fields(), "title": "", "note": "残る文"})
    assert (
        again.status == 422 and "議題を入力してください。" in again.text and "残る文" in again.text
    )
