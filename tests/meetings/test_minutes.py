"""The minutes: written, circulated, confirmed by every municipality, locked; silence is no word."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from tests.cost_sharing.makers import act_of
from tests.duties.makers import MEMBERS
from tests.meetings.makers import TOWNS, make_meeting
from tracker.kernel.kinds import Kind
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.meetings import actions as meeting_actions
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import actions as agenda
from tracker.meetings.duties import minutes_duties
from tracker.meetings.meeting import Unminuted
from tracker.meetings.minutes import actions, queries, rules
from tracker.meetings.minutes.rules import MinutesSheet, MinutesState, MinutesWord, PartText
from tracker.meetings.models import AgendaItem, MeetingRow, MinutesPart
from tracker.meetings.rules import Attendance
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db
from tracker.record.queries import verdict

pytestmark = pytest.mark.engines_by_turns

AT, DUE = datetime(2026, 11, 24, 1, tzinfo=UTC), date(2026, 12, 4)
FIVE = tuple(sorted(TOWNS.values(), key=lambda town: town.code))
SHEET = MinutesSheet(
    *(2, "1", AT, DUE, None, frozenset({9}), {1: PartText("述べた。")}, (), (), FIVE)
)


def somebody(role: Role, slug: str, person: int = 1) -> Actor:
    town = TOWNS[slug]
    return Actor(person, "担当", role, slug, town.id, town.name, 1, town.is_hub)


def word(slug: str, revision: int = 2, *, is_confirmed: bool = True) -> MinutesWord:
    return MinutesWord(revision, TOWNS[slug], is_confirmed, 1, "", "担当", AT)


def test_words_on_an_older_text_count_no_more():
    said = [word("aomori", 1), word("hiranai"), word("imabetsu", is_confirmed=False)]
    sheet = SHEET._replace(words=said)
    assert [town.slug for town in sheet.confirmed] == ["hiranai"]
    assert "aomori" in {town.slug for town in sheet.waiting} and len(sheet.waiting) == 4
    assert len(sheet.open_requests) == 1
    assert SHEET._replace(words=said, sent_at=None).waiting == ()


# The state, the day, who reads them.
SHOWN = [
    (SHEET._replace(sent_at=None), DUE, {"office"}),
    (SHEET._replace(sent_at=None, parts={}), DUE, {"office"}),
    (SHEET, DUE, {"office", "officer", "confirmer"}),
    (SHEET, date(2026, 12, 5), {"office", "officer", "confirmer", "reader", "lead"}),
    (SHEET._replace(final_at=AT), DUE, {"office", "officer", "confirmer", "reader", "lead"}),
]


@pytest.mark.parametrize(("sheet", "today", "readers"), SHOWN, ids=map(str, range(5)))
def test_who_reads_the_minutes(sheet, today, readers):
    people = {
        role.value: somebody(role, "aomori" if role is Role.OFFICE else "imabetsu")
        for role in (Role.OFFICE, Role.OFFICER, Role.CONFIRMER, Role.READER, Role.LEAD)
    }
    assert {n for n, one in people.items() if rules.is_shown(sheet, one, today)} == readers


REFUSED = [
    (SHEET._replace(sent_at=None), 1, "この議事録は「作成中」です。"),
    (SHEET._replace(final_at=AT), 1, "この議事録は「確定」です。"),
    (SHEET, 9, "ご自分が書いた議事録は確認できません。"),
    (SHEET._replace(words=[word("imabetsu")]), 1, "すでに確認済みです。"),
    (SHEET._replace(parties=FIVE[:2]), 1, "席のある市町村だけ"),
]


@pytest.mark.parametrize(("sheet", "person", "said"), REFUSED, ids=map(str, range(5)))
def test_who_may_not_confirm(sheet, person, said):
    with pytest.raises(Refusal, match=said):
        rules.check_word(sheet, somebody(Role.CONFIRMER, "imabetsu", person), confirms=True)


def test_each_step_has_an_owner_until_the_minutes_are_final():
    one = Unminuted("/meetings/1", "会議", date(2027, 1, 28), AT, None, None, ("imabetsu",), ())
    [duty] = minutes_duties([one], MEMBERS)
    assert (duty.kind, duty.municipality, duty.is_done) == (
        *(Kind.MINUTES_UNCIRCULATED, "aomori", False),
    )
    sent = one._replace(sent_at=AT, reply_due_on=DUE, asked=("hiranai", "imabetsu"))
    told = list(minutes_duties([sent._replace(waiting=("imabetsu",))], MEMBERS))
    assert [(duty.kind, duty.municipality, duty.is_done) for duty in told] == [
        (Kind.MINUTES_UNCONFIRMED, "hiranai", True),
        (Kind.MINUTES_UNCONFIRMED, "imabetsu", False),
    ]


def held() -> tuple[MeetingRow, AgendaItem]:
    """A meeting that took place, with one item."""
    row = make_meeting()
    row.held_on, row.begins, row.ends = date(2026, 11, 20), time(14), time(15)
    row.fixed_at = AT
    db.session.commit()
    everybody = {town.slug: (Attendance.HEAD, "") for town in FIVE}
    meeting_actions.record_attendance(act_of("office"), row, everybody)
    return row, agenda.propose(act_of("office"), row, "進捗について", "")


def state(row: MeetingRow) -> MinutesState:
    return queries.sheet(meetings.of(row)).state


def test_from_the_first_word_to_the_last(both):
    row, item = held()
    office = act_of("office")
    with pytest.raises(Refusal, match="1つ以上書いてから"):
        actions.send(office, row, DUE)
    actions.write(office, row, item, "述べた。", "続ける。")
    assert [one.sent_at for one in meetings.unminuted([meetings.of(row)])] == [None]
    written = actions.send(office, row, DUE)
    asked = select(func.count()).where(Letter.kind == "minutes_request")
    assert written == db.session.scalar(asked) > 0
    actions.ask_correction(act_of("officer", "imabetsu"), row, item, "「続ける」は「広げる」。")
    actions.confirm(act_of("confirmer", "hiranai"), row, "1")
    # A changed text is another: the word given is void, and it goes out again.
    actions.write(office, row, item, "述べた。", "広げる。")
    assert state(row) is MinutesState.DRAFT
    actions.send(office, row, DUE)
    with pytest.raises(Conflict):
        actions.confirm(act_of("confirmer", "hiranai"), row, "1")
    db.session.rollback()
    for slug in ("hiranai", "imabetsu", "yomogita", "sotogahama", "aomori"):
        assert state(row) is MinutesState.SENT
        actions.confirm(act_of("confirmer", slug), row, "2")
    assert state(row) is MinutesState.FINAL and row.minutes_final_at == office.at
    with pytest.raises(Refusal, match="確定しています"):
        actions.write(office, row, item, "別の文", "")
    actions.add_erratum(office, row, "「広げる」の対象は農業研修である。")
    sheet = queries.sheet(meetings.of(row))
    assert (len(sheet.requests), len(sheet.errata), sheet.waiting) == (1, 1, ())
    assert meetings.unminuted([meetings.of(row)]) == [] and not verdict().problems
    with pytest.raises(DatabaseError):
        db.session.get_one(MinutesPart, item.id).decided = "別の決定"
        db.session.flush()
    db.session.rollback()


def test_the_one_who_wrote_does_not_confirm(both):
    row, item = held()
    by = act_of("office")
    actions.write(by, row, item, "述べた。", "")
    actions.send(by, row, DUE)
    confirmer = act_of("confirmer", "aomori")
    same = replace(confirmer, by=replace(confirmer.person, person_id=by.person.person_id))
    with pytest.raises(Refusal, match="ご自分が書いた"):
        actions.confirm(same, row)


def test_office_and_town_on_the_pages(browse, app):
    with app.app_context():
        row, item = held()
        meeting_id, item_id = row.id, item.id
    path = f"/meetings/{meeting_id}/minutes"
    office = browse("office")
    page = office.get(f"{path}/items/{item_id}")
    office.post(
        f"{path}/items/{item_id}", {**page.fields(), "gist": "述べた。", "decided": "続ける。"}
    )
    town = browse("confirmer", "imabetsu")
    assert "議事録はまだ公開されていません。" in town.get(path).text
    page = office.get(f"{path}/send")
    done = office.post(f"{path}/send", page.fields())
    assert "確認待ち：青森市・平内町・今別町・蓬田村・外ヶ浜町" in office.follow(done).text
    page = town.get(f"{path}/confirm")
    assert "続ける。" in page.text and "この画面に表示した議題について" in page.text
    told = town.follow(town.post(f"{path}/confirm", page.fields()))
    assert "議事録を確認しました。" in told.text and "確認 1/5" in told.text
    asked = browse("officer", "hiranai")
    page = asked.get(f"{path}/correction")
    wrong = asked.post(f"{path}/correction", {**page.fields(), "item": str(item_id)})
    assert wrong.status == 422 and "修正の箇所と修正案を入力してください。" in wrong.text
    asked.post(
        f"{path}/correction", {**page.fields(), "item": str(item_id), "words": "広げる、です。"}
    )
    assert "修正のお願いが1件あります。" in office.get(path).text
    browse("officer", "imabetsu").get(f"{path}/confirm", status=403)
