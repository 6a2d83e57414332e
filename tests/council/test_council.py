"""The council from outside: terms and quorum as tables, and its way from a member to a meeting."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests import cast
from tests.cost_sharing.makers import act_of
from tests.duties.makers import MEMBERS
from tests.meetings.makers import TOWNS, act, make_pure
from tests.sent import links_in, sent_to
from tracker.accounts import queries as people
from tracker.accounts.handover.actions import confirm_people
from tracker.accounts.models import PostKind
from tracker.council import actions, queries, rules
from tracker.council.actions import Appointment, OpinionWords
from tracker.council.duties import duties, opinion_duties
from tracker.council.models import CouncilMemberRow
from tracker.council.rules import CouncilMember, Opinion, QuorumRule, quorum, seating
from tracker.duties.queries import all_duties
from tracker.duty.kinds import Kind
from tracker.kernel.refusal import Refusal
from tracker.kernel.wareki import full, long
from tracker.meetings import actions as meetings
from tracker.meetings.meeting import Seat
from tracker.meetings.models import MeetingRow
from tracker.meetings.queries import of
from tracker.meetings.rules import Attendance, Candidate
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.record.queries import verdict
from tracker.reminders import actions as reminders

pytestmark = pytest.mark.engines_by_turns

HEAD, DEPUTY, ABSENT = Attendance
MAJORITY, HALF, TWO_THIRDS, NONE = QuorumRule
BEGINS, ENDS = date(2026, 4, 1), date(2027, 1, 20)
HOURS = Candidate(date(2027, 1, 21), time(14), time(15, 30))


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        (MAJORITY, [2, 2, 3, 3, 4, 4, 5]),
        (HALF, [1, 2, 2, 3, 3, 4, 4]),
        (TWO_THIRDS, [2, 2, 3, 4, 4, 5, 6]),
        (NONE, [0] * 7),
    ],
)
def test_a_quorum_is_so_many_of_two_to_eight_members(rule, needed):
    assert [quorum(members, rule) for members in range(2, 9)] == needed
    for members in range(1, 200):
        share = {MAJORITY: 1 / 2 + 1e-9, HALF: 1 / 2, TWO_THIRDS: 2 / 3, NONE: 0}[rule]
        found = quorum(members, rule)
        assert found <= members and found >= members * share - 1e-6
        assert found == 0 or found - 1 < members * share


def member(number: int, begins: date = BEGINS, ends: date = ENDS) -> CouncilMember:
    return CouncilMember(number, "1", number, f"委員{number}", None, begins, begins, ends)


def test_a_term_holds_on_its_first_and_last_day_and_says_who_is_seated():
    day = timedelta(days=1)
    told = [member(1).in_term(on) for on in (BEGINS - day, BEGINS, ENDS, ENDS + day)]
    assert told == [False, True, True, False]
    people = [member(1), member(2, ends=HOURS.on), member(3, HOURS.on + day, HOURS.on + day)]
    people.append(member(4, ends=HOURS.on))
    town_seat = Seat(1, 1, TOWNS["imabetsu"], "今別町長", post_id=2)
    found = seating(people, [town_seat, Seat(2, 1, None, "委員4", post_id=4)], HOURS.on)
    assert [[one.id for one in part] for part in found] == [[2], [1], [3]]
    with pytest.raises(Refusal) as refused:
        rules.check_term(ENDS, BEGINS)
    assert refused.value.field == "ends_on"


DAY = timedelta(days=1)
LATER = member(3, ENDS + DAY, date(2029, 1, 20))
LONGER = member(1, ends=LATER.ends_on)


@pytest.mark.parametrize(
    ("council", "today", "left"),
    [
        ([member(1), member(2)], ENDS - 61 * DAY, []),
        ([member(1), member(2)], ENDS - 60 * DAY, [2]),
        ([member(1), member(2)], ENDS + 60 * DAY, [2]),
        ([member(1), member(2)], ENDS + 61 * DAY, []),
        ([member(1), member(2, ends=ENDS - DAY)], ENDS, [1, 1]),
        ([member(1), member(2), LATER], ENDS, [1]),
        ([member(1), LATER, LATER], ENDS, [0]),
        ([member(1), member(2, ends=ENDS - DAY), LATER], ENDS, [1, 0]),
        ([LONGER, member(2)], ENDS, [1]),
        ([LONGER, LONGER], ENDS, []),
        ([], ENDS, []),
    ],
)
def test_a_day_on_which_terms_end_asks_for_as_many_as_nobody_follows(app, council, today, left):
    with app.test_request_context():
        found = duties(council, MEMBERS, today)
    assert [one.remaining for one in found] == left
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert one.known_since <= datetime.combine(today, time.min, UTC)


def test_what_a_term_asks_is_said_with_its_number_and_day(app):
    for today, said in ((ENDS, "終わります"), (ENDS + DAY, "終わりました")):
        with app.test_request_context():
            [found] = duties([member(1), member(2)], MEMBERS, today)
            assert f"委員2名の任期が令和9年1月20日で{said}。" in found.text
            assert found.title == "ビジョン懇談会の委員の再任か後任を登録する　2名"
        assert (found.url, found.due_on) == ("/meetings/council", ENDS)


def opinion(number: int, meeting_id: int, held_on: date | None, response: str | None = None):
    return Opinion(
        *(number, "1", meeting_id, f"懇談会{meeting_id}", held_on, None, "", "意見", response, None)
    )


@pytest.mark.parametrize(
    ("opinions", "wanted"),
    [
        ([opinion(1, 7, ENDS)], [(1, "/meetings/council/opinions/1")]),
        ([opinion(1, 7, ENDS), opinion(2, 7, ENDS)], [(2, "/meetings/7/council")]),
        (
            [opinion(1, 7, ENDS, "改めた。"), opinion(2, 7, ENDS)],
            [(1, "/meetings/council/opinions/2")],
        ),
        ([opinion(1, 7, ENDS, "改めた。")], []),
        ([opinion(1, 7, None)], []),
        (
            [opinion(1, 8, ENDS), opinion(2, 7, BEGINS)],
            [(1, "/meetings/council/opinions/2"), (1, "/meetings/council/opinions/1")],
        ),
    ],
)
def test_what_was_said_waits_for_what_became_of_it(app, opinions, wanted):
    with app.test_request_context():
        found = list(opinion_duties(opinions, MEMBERS))
        assert [(one.remaining, one.url) for one in found] == wanted
        assert all(f"うち、{one.remaining}件の対応が" in one.text for one in found)
    assert len({one.key for one in found}) == len(found)


def test_what_became_of_it_is_due_ninety_days_after_the_meeting_or_the_open_day_before():
    # 21 January and 90 days are a Wednesday, 23 January and 90 days a Friday.
    for held_on, due_on in ((HOURS.on, date(2027, 4, 21)), (date(2027, 1, 25), date(2027, 4, 23))):
        [found] = opinion_duties([opinion(1, 7, held_on)], MEMBERS)
        assert (found.due_on, found.state(due_on), found.state(due_on + DAY)) == (
            *(due_on, "open", "overdue"),
        )


def seated(*said: Attendance | None, **changes):
    """A meeting with a town's seat and outside members of whom this was said."""
    outside = [Seat(n, 1, None, f"委員{n}", n, attendance=one) for n, one in enumerate(said, 2)]
    town = Seat(1, 1, TOWNS["imabetsu"], "今別町長", attendance=HEAD)
    return make_pure(is_yearly=False, hours=HOURS, seats=(town, *outside), **changes)


@pytest.mark.parametrize(
    ("said", "rule", "is_recorded", "sentence"),
    [
        (
            (*[HEAD] * 5, DEPUTY, ABSENT),
            *(MAJORITY, True),
            "委員7名のうち5名出席。定足数（過半数・4名）を満たしています。",
        ),
        (
            (*[HEAD] * 3, *[DEPUTY] * 4),
            *(MAJORITY, True),
            "委員7名のうち3名出席。定足数（過半数・4名）を満たしていません。",
        ),
        (
            (HEAD, None, None, ABSENT),
            *(MAJORITY, False),
            "委員4名のうち、出席の回答1名、未回答2名。定足数（過半数・3名）まで、あと2名です。",
        ),
        (
            (HEAD, HEAD, None),
            *(TWO_THIRDS, False),
            "委員3名のうち、出席の回答2名、未回答1名。定足数（3分の2以上・2名）を満たしています。",
        ),
        ((ABSENT, ABSENT), NONE, True, "委員2名のうち0名出席。"),
    ],
)
def test_who_comes_is_said_with_the_quorum(app, said, rule, is_recorded, sentence):
    meeting = seated(*said, attendance_at=cast.NOW if is_recorded else None)
    with app.test_request_context():
        assert str(rules.presence(meeting, rule)) == sentence
    assert rules.presence(seated(), rule) is None


@pytest.mark.parametrize(
    ("response", "on", "field"),
    [
        ("看板を改めた。", None, "responded_on"),
        (None, BEGINS, "response"),
        ("看板を改めた。", BEGINS + timedelta(days=1), "responded_on"),
        ("看板を改めた。", BEGINS - timedelta(days=2), "responded_on"),
    ],
)
def test_what_became_of_an_opinion_comes_with_its_day(response, on, field):
    with pytest.raises(Refusal) as refused:
        rules.check_response(response, on, BEGINS, BEGINS - timedelta(days=1))
    assert refused.value.field == field
    rules.check_response(None, None, BEGINS)
    rules.check_response("看板を改めた。", BEGINS, BEGINS, BEGINS)
    rules.check_opinion(seated(HEAD), None)
    for meeting, seat_id in ((seated(), None), (seated(HEAD), 1)):
        with pytest.raises(Refusal):
            rules.check_opinion(meeting, seat_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_yearly": True},
        {"hours": None},
        {"cancelled_at": cast.NOW},
        {"attendance_at": cast.NOW},
    ],
)
def test_no_seat_is_added_to_what_is_over_or_none_of_the_councils(changes):
    wanted = {"is_yearly": False, "hours": HOURS, **changes}
    with pytest.raises(Refusal):
        rules.check_seating(make_pure(**wanted), [member(1, ends=HOURS.on)])
    with pytest.raises(Refusal):
        rules.check_seating(make_pure(**{**wanted, "is_yearly": False}), [])


def test_a_member_is_entered_seated_invited_and_counted(browse, app, now):
    office = browse("office")
    typed = {
        **{"name": "商工会議所 会頭", "email": "ＣＨＡＩＲ@chamber.example"},
        **{"appointed_on": "令和8年4月1日", "begins_on": "令和8年4月1日"},
    }
    wrong = office.fill("/meetings/council/new", {**typed, "ends_on": "令和8年3月31日"})
    assert "任期の終わりの日は" in wrong.text and "商工会議所 会頭" in wrong.html.decode()
    office.fill("/meetings/council/new", {**typed, "ends_on": "令和10年3月31日"})
    with app.app_context():
        ending = actions.add_member(act(), Appointment("住民代表", None, BEGINS, BEGINS, ENDS))
        row = meetings.prepare_other(act(), "ビジョン懇談会", HOURS, "庁議室")
        path, ending_id = f"/meetings/{row.id}", ending.id
    assert "chair@chamber.example" in office.get("/meetings/council").text
    seen_by_town = browse("officer", "imabetsu")
    listed = seen_by_town.get("/meetings/council").text
    assert "商工会議所 会頭" in listed and "chamber.example" not in listed
    for closed in ("new", "quorum", str(ending_id)):
        seen_by_town.get(f"/meetings/council/{closed}", status=403)
    assert "委員を席に加えられます" in office.get(path).text
    asked = office.get(f"{path}/council")
    assert "住民代表は、任期が令和9年1月20日（水）で終わるため加えません。" in asked.text
    office.post(f"{path}/council/seats", asked.fields())
    told = office.get(path).text
    assert (
        "委員1名のうち、出席の回答0名、未回答1名。定足数（過半数・1名）まで、あと1名です。" in told
    )
    assert "出席の回答" not in seen_by_town.get(path).text
    # Sent on what the page showed before, it is refused; and nobody is seated twice.
    stale = office.post(f"{path}/council/seats", {**asked.fields(), "once": "again"})
    assert stale.status == 409
    with app.app_context():
        row = db.session.get_one(MeetingRow, row_id(path))
        with pytest.raises(Refusal, match="席に加える委員はいません"):
            actions.seat_members(act(), row)
        meetings.send_notice(act(), row, "", "御出席ください。")
        reminders.run_once()
        [invited] = sent_to("chair@chamber.example")
        assert links_in(invited, "/r/")
        rest = [one for one in of(row).seats if one.town]
        [seat] = [one for one in of(row).seats if not one.town]
        came = {**{one.key: (ABSENT, "") for one in rest}, seat.key: (HEAD, "")}
        later = datetime(2027, 1, 21, 7, tzinfo=UTC)
        meetings.record_attendance(act(at=later), row, came)
    said = {"seat": str(seat.id), "text": "観光案内を\n分かりやすく。"}
    office.fill(f"{path}/council/opinions/new", said)
    seen_by_town.get(f"{path}/council/opinions/new", status=403)
    assert "まだありません" in seen_by_town.get(f"{path}/council").text
    assert "令和9年4月21日（水）までに記録します" in office.get(f"{path}/council").text
    assert "までに記録" not in seen_by_town.get(f"{path}/council").text
    assert "出された意見1件、うち対応の記録がまだのもの1件" in seen_by_town.get(path).text
    half = office.fill("/meetings/council/opinions/1", {"response": "看板を改めた。"})
    assert half.status == 422 and "対応の日を入力してください" in half.text
    assert "ビジョン懇談会の意見への対応を記録する 1件" in office.get("/").text
    assert "ビジョン懇談会の意見" not in seen_by_town.get("/").text
    followed = {"response": "看板を改めた。", "responded_on": "令和8年4月1日"}
    early = office.fill("/meetings/council/opinions/1", followed)
    assert early.status == 422 and f"意見が出された日（{full(cast.TODAY)}）以後" in early.text
    office.fill("/meetings/council/opinions/1", {**followed, "responded_on": long(cast.TODAY)})
    assert "ビジョン懇談会の意見" not in office.get("/").text
    with app.app_context():
        next_day = HOURS._replace(on=date(2027, 3, 1))
        after = meetings.prepare_other(act(at=later), "ビジョン懇談会（次）", next_day, "庁議室")
        actions.seat_members(act(at=later), after)
        next_path = f"/meetings/{after.id}/council"
    for shown in (f"{path}/council", next_path):
        assert "看板を改めた。" in seen_by_town.get(shown).text
    assert "前回の意見と対応" in seen_by_town.get(next_path).text
    counted = "委員1名のうち1名出席。定足数（過半数・1名）を満たしています。"
    assert counted in seen_by_town.get(path).text
    with app.app_context():
        assert verdict().problems == []


def row_id(path: str) -> int:
    return int(path.rpartition("/")[2])


@pytest.mark.usefixtures("both")
def test_a_term_is_ended_on_what_was_seen_and_members_go_with_the_release():
    wanted = Appointment("住民代表", "resident@town.example", BEGINS, BEGINS, ENDS)
    row = actions.add_member(act(), wanted)
    seen = row.seen
    actions.change_member(act(), row, replace(wanted, name="住民の代表", ends_on=BEGINS), seen)
    with pytest.raises(Conflict):
        actions.change_member(act(), row, wanted, seen)
    [one] = queries.members()
    assert (one.name, one.ends_on, one.in_term(ENDS)) == ("住民の代表", BEGINS, False)
    # April's 担当者の確認 is the offices' own, and no member is anybody's chief.
    assert [one.kind for one in all_duties(BEGINS)].count(Kind.TERM_ENDING) == 1
    assert PostKind.COUNCIL in {post.kind for post in people.staffed_posts()}
    office = act_of("office")
    held = [*people.in_use().posts, *people.staffed_posts(office.person.municipality_id)]
    assert PostKind.COUNCIL not in {post.kind for post in held}
    assert "住民の代表" not in str(people.post_names())
    april = Act(office.by, datetime(2027, 4, 1, 1, tzinfo=UTC))
    assert confirm_people(april) == sum(
        one.municipality == "aomori" for one in people.in_use().posts
    )
    actions.set_quorum(act(), TWO_THIRDS, "0")
    assert queries.quorum_rule() is TWO_THIRDS
    row = meetings.prepare_other(act(), "ビジョン懇談会", HOURS, "庁議室")
    actions.change_member(act(), db.session.get_one(CouncilMemberRow, one.id), wanted)
    actions.add_member(act(), replace(wanted, name="観光協会 会長", ends_on=HOURS.on))
    actions.seat_members(act(), row)
    actions.record_opinion(act(), row, OpinionWords(None, "分かりやすく。"))
    assert len(queries.opinions(row.id)) == 1
    left = [one for one in all_duties(BEGINS) if one.kind is Kind.OPINION_UNANSWERED]
    assert [(one.due_on, one.remaining) for one in left] == [(date(2027, 4, 21), 1)]
    kinds = text("SELECT DISTINCT kind FROM post JOIN council_member ON post_id = post.id")
    for go, revision, kind in ((downgrade, "0057", "chief"), (upgrade, "0058", "council")):
        assert db.session.scalars(kinds).one() != kind
        db.session.remove()
        go(revision=revision)
        assert db.session.scalars(kinds).one() == kind
    db.session.remove()
    downgrade(revision="0056")
    assert db.session.scalar(text("SELECT count(*) FROM council_member")) == 2
    db.session.remove()
    downgrade(revision="0055")
    posts = text("SELECT count(*) FROM post WHERE name = '住民代表'")
    assert db.session.scalar(posts) == 1
    db.session.remove()
    upgrade()
    assert (queries.members(), queries.quorum_rule()) == ([], MAJORITY)
