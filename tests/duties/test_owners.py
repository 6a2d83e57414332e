"""Whose home shows it? Every state of every subject, and every kind of duty: nothing open is without
an owner, an open day and an escalation (product.md 8).

A new kind or state fails here until it is walked, or stands below with its reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, product

import pytest

from tests.annual_duty.makers import make_article
from tests.cost_sharing.cases import IMABETSU, YOMOGITA, make_case
from tests.decisions.makers import make_decision, make_follow_up
from tests.duties.makers import MEMBERS, TODAY
from tests.meetings.makers import TOWNS, YEAR, make_pure
from tests.payments.makers import make_instalment
from tests.projects.makers import PURE_TOWNS, make_report
from tests.questions.test_duties import walk as walk_questions
from tracker.accounts import duties as people
from tracker.accounts.duties import HeldPost, SharedName, UnseenChange
from tracker.accounts.rules import StaffMember
from tracker.annual_duty.duties import duties as of_article_5
from tracker.annual_duty.rules import FULFILLED
from tracker.annual_duty.standing import AgreementStanding, ArticleFive, PartyView
from tracker.convening.duties import duties as of_replies
from tracker.cost_sharing.case import Reply
from tracker.cost_sharing.duties import duties as of_cases
from tracker.cost_sharing.rules import CaseNumber, CaseState, Decision
from tracker.council.duties import duties as of_council
from tracker.council.duties import opinion_duties
from tracker.council.rules import CouncilMember, Opinion
from tracker.decisions.duties import duties as of_decisions
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Actor, Role
from tracker.mail import duties as of_letters
from tracker.mail.duties import OpenLetter
from tracker.mail.letters import LetterState
from tracker.meetings.duties import duties as of_meetings
from tracker.meetings.duties import minutes_duties, proposal_duties
from tracker.meetings.meeting import (
    Meeting,
    Seat,
    Unminuted,
)
from tracker.meetings.rules import Attendance, Candidate, Standing
from tracker.office_days import office_days
from tracker.payments.duties import duties as of_payments
from tracker.payments.rules import PaymentState
from tracker.projects.duties import duties as of_reports
from tracker.projects.duties import to_close
from tracker.projects.report import Report
from tracker.projects.rules import ReportState
from tracker.questions.rules import QuestionState

AT = datetime(2026, 11, 21, 1, tzinfo=UTC)  # a Saturday
STAFF = (
    StaffMember(1, 1, Role.OFFICE, "aomori"),
    StaffMember(2, 2, Role.LEAD, "aomori"),
    StaffMember(3, 3, Role.CONFIRMER, "aomori"),
    StaffMember(4, 4, Role.OFFICER, "imabetsu"),
    StaffMember(5, 5, Role.CONFIRMER, "imabetsu"),
    StaffMember(6, 6, Role.OFFICER, "yomogita"),
    StaffMember(7, 7, Role.CONFIRMER, "yomogita"),
    StaffMember(8, 8, Role.ADMIN, "aomori"),
)
ADMINS = frozenset({8})
NAMES = {slug: town.name for slug, town in PURE_TOWNS.items()}
# What the office and the admin owe themselves escalates nowhere.
THEIR_OWN = {Role.OFFICE, Role.ADMIN}
# Nobody can do it after its day: the office has the next step on its home (MEETING_UNDATED).
ENDS = {kind for kind in Kind if kind.rule.ends_with_its_day}
# Nobody waits for the memo but the next holder; April asks who that is.
WITHOUT = {*ENDS, Kind.HANDOVER_UNWRITTEN}
# The agreement's own limit is 31 March, open or not (Article 5; contracts.md, Letters).
STATUTORY = {Kind.MEETING_UNPLANNED, Kind.MEETING_UNHELD}
# The kinds of what the product does not keep yet.
NOT_KEPT = {
    Kind.RESULTS_UNPUBLISHED,
}
# What is owed under one agreement by its name; the rest holds for all of a municipality's.
OF_ONE_AGREEMENT = {
    *(Kind.POLL_UNANSWERED, Kind.ATTENDANCE_UNANSWERED, Kind.VIEW_UNRECORDED),
    *(Kind.MINUTES_UNCONFIRMED, Kind.DECISION_OPEN, Kind.COST_UNCONFIRMED),
    *(Kind.INSTALMENT_DUE, Kind.RECEIPT_UNRECORDED),
    *(Kind.QUESTION_OPEN, Kind.QUESTION_UNSETTLED, Kind.QUESTION_UNCONFIRMED),
}
# States in which a subject waits for nobody, each with its reason.
AT_REST = {
    ReportState.CONFIRMED: "the report is done",
    CaseState.AGREED: "both sides of each pair have confirmed",
    CaseState.WITHDRAWN: "it was ended",
    CaseState.REPLACED: "another took its place",
    Standing.HELD: "the heads have met",
    Standing.MINUTED: "the heads have met",
    Standing.UNRECORDED: "the year was over before anything was kept here",
    Standing.MISSED: "the year is over: nobody can hold its meeting any more",
    PaymentState.RECEIVED: "it is paid",
    PaymentState.REPLACED: "another case took the place of its own, with a plan of its own",
    LetterState.PLANNED: "the clock sends it at its hour",
    LetterState.QUEUED: "the clock sends it; a stopped clock stands on every page",
    LetterState.SENDING: "a lease ends by itself",
    LetterState.SENT: "the mail server took it",
    LetterState.RETRYING: "the clock tries on until it is sent or undeliverable",
    LetterState.RESENT: "the mail server took it",
    LetterState.SKIPPED: "nobody needs it any more",
    LetterState.CANCELLED: "it was called off",
}


def homes(duty: Duty, staff: Iterable[StaffMember] = STAFF) -> list[StaffMember]:
    """Those on whose home it stands."""
    return [
        one
        for one in staff
        if duty.is_for(
            Actor(
                one.person_id,
                "役職",
                one.role,
                one.municipality,
                1,
                NAMES[one.municipality],
                one.post_id,
                one.municipality == MEMBERS.hub,
            )
        )
    ]


def check(found: Iterable[Duty]) -> set[Kind]:
    """Whoever owes each, since when and by which day, and who hears of it when nothing happens."""
    kinds = set()
    for duty in found:
        assert homes(duty) or duty.kind is Kind.MEETING_UNHELD, f"{duty.key}: on nobody's home"
        is_open = office_days.is_open(duty.due_on)
        assert is_open or duty.kind in STATUTORY, f"{duty.key} is due on {duty.due_on}"
        assert duty.url.startswith("/") and duty.title and duty.text, duty.key
        days = [step.day(duty.due_on, frozenset()) for step in duty.rule.steps]
        assert all(map(office_days.is_open, days)), duty.key
        if duty.to_role not in THEIR_OWN and duty.kind not in WITHOUT:
            told = {step.to for step in duty.rule.steps}
            assert {Audience.CHIEF, Audience.OFFICE} <= told, f"{duty.key}: nobody else hears of it"
        kinds.add(duty.kind)
    return kinds


def left(found: Iterable[Duty]) -> list[Duty]:
    return [one for one in found if not one.is_done]


# --- reports and rounds -----------------------------------------------------------------------------


def walk_reports() -> Iterator[tuple[ReportState, list[Duty]]]:
    """Every report of a town and of the hub, with and without a section named to check it."""
    for state, slug, lead_post in product(ReportState, ("aomori", "imabetsu"), (None, 2)):
        report = make_report(
            slug, state=state, is_asked=True, lead_post_id=lead_post, submitted_at=AT, asked_at=AT
        )
        yield state, left(of_reports([report], (), (), MEMBERS, STAFF, TODAY))


def test_a_report_in_every_state_stands_on_somebody_s_home() -> None:
    for state, found in walk_reports():
        assert bool(found) is (state not in AT_REST), state
        check(found)


def walk_rounds() -> Iterator[tuple[str, list[Duty]]]:
    """A round not opened, open with a report in every state and with none, and closed."""
    for on in (date(2026, 10, 1), date(2027, 4, 1), date(2028, 4, 1)):
        year = FiscalYear.containing(on).previous.year
        yield "unopened", left(of_reports((), {year, year + 1}, (), MEMBERS, STAFF, on))
    for state, closed_at in product([None, *ReportState], (None, AT)):
        reports = [] if state is None else [round_report(state, closed_at)]
        opened = {Period(2026, Half.H1): None if closed_at else date(2026, 11, 30)}
        found = [
            *of_reports(reports, {2026}, opened, MEMBERS, STAFF, TODAY),
            *to_close(opened, reports, MEMBERS),
        ]
        yield "closed" if closed_at else "open", left(found)


def round_report(state: ReportState, closed_at: datetime | None) -> Report:
    at = {"submitted_at": AT, "asked_at": AT, "confirmed_at": AT}
    return make_report(state=state, closed_at=closed_at, lead_post_id=2, **at)


def test_a_round_in_every_state_stands_on_somebody_s_home_until_it_is_closed() -> None:
    for state, found in walk_rounds():
        # Of a closed round only what was submitted is still confirmed.
        waits = state != "closed" or {one.kind for one in found} == {Kind.REPORT_UNCHECKED}
        assert bool(found) is waits or (state, found) == ("closed", []), (state, found)
        check(found)


# --- cost cases -------------------------------------------------------------------------------------


def walk_cases() -> Iterator[tuple[CaseState, list[Duty]]]:
    """Every case, whoever drafted it and whatever a side said."""
    for state, drafter, decision in product(CaseState, (1, 2, 99), (None, *Decision)):
        said = {(11, IMABETSU.id): Reply(decision, None, "企画課長", AT)} if decision else {}
        if state is CaseState.AGREED:
            sides = [(11, 1), (11, IMABETSU.id), (12, 1), (12, YOMOGITA.id)]
            said = {side: Reply(Decision.CONFIRMED, None, "課長", AT) for side in sides}
        case = make_case(state=state, drafter_id=drafter, answers=said)
        yield state, left(of_cases([case], MEMBERS, STAFF, TODAY))


def test_a_case_in_every_state_stands_on_somebody_s_home() -> None:
    for state, found in walk_cases():
        assert bool(found) is (state not in AT_REST), state
        check(found)


def walk_years_of_costs() -> Iterator[list[Duty]]:
    """What is agreed this year is asked for anew, and reconciled, in the next."""
    case = make_case(state=CaseState.AGREED, goes_on=True)
    for on in (date(2027, 4, 1), date(2027, 6, 10)):
        yield left(of_cases([case], MEMBERS, STAFF, on))


# --- questions --------------------------------------------------------------------------------------


def test_a_question_in_every_state_stands_on_somebody_s_home() -> None:
    for state, found in walk_questions():
        # A draft only its own side knows of, and may leave; one settled waits for its sister.
        is_left = state in (QuestionState.DRAFT, QuestionState.WITHDRAWN)
        assert bool(found) is not is_left, state
        check(found)


# --- payments ---------------------------------------------------------------------------------------


def walk_payments() -> Iterator[tuple[PaymentState, bool, list[Duty]]]:
    """An instalment in every state, paid to the hub and given back by it."""
    for is_refund, town in product((False, True), (IMABETSU, YOMOGITA)):
        plain = make_instalment(town=town, is_refund=is_refund)
        told = replace(plain, noticed_on=date(2026, 11, 2))
        for state, one in (
            (PaymentState.PLANNED, plain),
            (PaymentState.NOTICED, told),
            (PaymentState.STATED, replace(told, stated_on=date(2026, 11, 22))),
            (PaymentState.LATE, replace(told, due_on=date(2026, 11, 20))),
            (PaymentState.LATE, replace(plain, due_on=date(2026, 11, 20))),
            (PaymentState.RECEIVED, replace(told, received_yen=told.yen)),
            (PaymentState.REPLACED, replace(told, is_replaced=True)),
        ):
            assert one.state(TODAY) is state
            yield state, is_refund, left(of_payments([one], [], MEMBERS, TODAY))


def test_an_instalment_stands_on_its_payer_s_home_and_then_on_its_payee_s() -> None:
    for state, is_refund, found in walk_payments():
        check(found)
        kinds = {one.kind for one in found}
        assert (Kind.INSTALMENT_DUE in kinds) <= (
            state in (PaymentState.NOTICED, PaymentState.LATE)
        )
        assert (Kind.RECEIPT_UNRECORDED in kinds) is (
            state in (PaymentState.STATED, PaymentState.LATE)
        )
        assert (Kind.PAYMENT_UNNOTICED in kinds) <= (state is PaymentState.PLANNED)
        # A refund is nobody's to give notice of; it is late like any other.
        rests = {"received", "replaced", *(["planned"] if is_refund else [])}
        assert bool(found) is not (state.value in rests)


def walk_plans() -> Iterator[list[Duty]]:
    """A case that all agreed on, and one that took the place of another."""
    case = make_case(state=CaseState.AGREED, agreed_at=AT)
    for one in (case, replace(case, replaces=CaseNumber(2026, 1))):
        yield left(of_payments([], [one], MEMBERS, TODAY))


def test_what_is_agreed_waits_on_its_lead_s_home_for_a_plan() -> None:
    for found in walk_plans():
        assert check(found) == {Kind.PAYMENT_UNPLANNED}
        assert {one.role for duty in found for one in homes(duty)} == {Role.LEAD, Role.OFFICE}


# --- meetings ---------------------------------------------------------------------------------------

ASKED, SAID = datetime(2026, 11, 18, 1, tzinfo=UTC), datetime(2026, 11, 20, 1, tzinfo=UTC)
DUE = date(2026, 11, 27)
HOURS = Candidate(date(2027, 1, 28), time(14), time(15, 30))
DAYS = (TODAY, DUE, DUE + timedelta(days=1), HOURS.on, HOURS.on + timedelta(days=9))
HUB, PARTNERS = TOWNS["aomori"], (TOWNS["imabetsu"], TOWNS["yomogita"])
SEATS = tuple(
    Seat(town.id, 1, town, f"{town.name}長", post_id=post_id, is_revoked=revoked)
    for town, post_id, revoked in (
        (HUB, 9, False),
        (PARTNERS[0], None, False),
        (PARTNERS[1], 9, True),
    )
)
POLL = make_pure(
    reply_due_on=DUE, polled_at=ASKED, dates={1: HOURS}, last_added_at=ASKED, seats=SEATS
)
FIXED = replace(POLL, hours=HOURS, fixed_at=SAID, dates={}, last_added_at=None)
MEETINGS: dict[Standing, Meeting | None] = {
    Standing.NONE: None,
    Standing.POLLING: POLL,
    Standing.FIXED: FIXED,
    Standing.NOTICED: replace(FIXED, noticed_at=SAID),
    Standing.HELD: replace(FIXED, noticed_at=SAID, attendance_at=AT),
}


def walk_meetings() -> Iterator[tuple[Standing, date, list[Duty]]]:
    """Every stage of the year's meeting, on days before and after its deadline and its day."""
    for (standing, meeting), on in product(MEETINGS.items(), DAYS):
        article = make_article(standing, standing, meeting=meeting)
        steps = of_meetings([meeting] if meeting else [], MEMBERS, on, "電話")
        yield standing, on, left(chain(of_article_5([article], MEMBERS, on), steps))


def test_a_meeting_in_every_stage_stands_on_somebody_s_home() -> None:
    for standing, on, found in walk_meetings():
        check(found)
        shown = [one for one in found if homes(one)]
        # Between the notice and the day nobody has anything to do for it.
        rests = standing in AT_REST or (standing is Standing.NOTICED and on < HOURS.on)
        assert bool(shown) is not rests, (standing, on, found)


def walk_polls() -> Iterator[tuple[Seat, date, list[Duty]]]:
    """Every seat, answered or not, with and without a secretary, its link alive or revoked."""
    for seat, on, answered in product(SEATS, DAYS[:3], (None, SAID)):
        own = replace(seat, answered_at=answered)
        meeting = replace(POLL, seats=(own,), year=FiscalYear.containing(on))
        yield own, on, left(of_meetings([meeting], MEMBERS, on, "電話"))


def test_every_seat_that_has_not_answered_stands_on_its_officer_s_home_and_the_office_s() -> None:
    for seat, _on, found in walk_polls():
        check(found)
        kinds = {one.kind for one in found}
        assert (Kind.POLL_UNANSWERED in kinds) is (seat.answered_at is None)
        assert Kind.MEETING_UNDATED in kinds


def walk_replies() -> Iterator[tuple[Seat, list[Duty]]]:
    """Every seat of a meeting whose notice went out, with what was said of it, invited or not."""
    for seat, said, days in product(SEATS, (None, *Attendance), (-30, -8, -3, 0)):
        own = replace(seat, attendance=said, is_invited=seat.post_id is not None)
        meeting = MEETINGS[Standing.NOTICED]
        assert meeting
        on = HOURS.on + timedelta(days=days)
        yield own, left(of_replies([replace(meeting, seats=(own,))], MEMBERS, on, "電話"))


def test_a_seat_of_which_nobody_said_who_comes_stands_on_its_officer_s_home_and_the_office_s():
    for seat, found in walk_replies():
        check(found)
        assert [one.kind for one in found] == [Kind.ATTENDANCE_UNANSWERED] * (not seat.attendance)


def walk_views() -> Iterator[tuple[set[str], bool, list[Duty]]]:
    """After a deputy came: each combination of what the two parties of an agreement said."""
    for hub, town in product((None, True, False), repeat=2):
        said = {
            slug: PartyView(view, 1)
            for slug, view in (("aomori", hub), ("imabetsu", town))
            if view is not None
        }
        is_held = all((hub, town))
        standing = Standing.HELD if is_held else Standing.NOTICED
        bound = AgreementStanding(1, (HUB, PARTNERS[0]), standing, said, True)
        meeting = MEETINGS[Standing.HELD]
        assert meeting
        for year in (YEAR, FiscalYear(2028)):  # its 31 March is a Saturday
            article = ArticleFive(year, replace(meeting, year=year), (bound,))
            found = of_article_5([article], MEMBERS, HOURS.on)
            yield set(said), is_held, left(found)


def test_until_both_parties_regard_it_as_held_somebody_is_to_see_to_it() -> None:
    for said, is_held, found in walk_views():
        check(found)
        shown = {one.owner.municipality for one in found if homes(one)}
        silent = {"aomori", "imabetsu"} - said
        # Where both have spoken and do not agree, the office brings them together.
        assert shown == (silent or (set() if is_held else {"aomori"}))


def test_where_the_year_is_over_nobody_can_hold_its_meeting() -> None:
    bound = AgreementStanding(1, (HUB, PARTNERS[0]), Standing.MISSED, {}, False)
    article = ArticleFive(YEAR, MEETINGS[Standing.HELD], (bound,))
    found = left(of_article_5([article], MEMBERS, date(2027, 4, 2)))
    assert [one for one in found if homes(one)] == []


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_meeting_beside_article_5_is_recorded_in_the_year_after_too(is_recorded: bool) -> None:
    held = replace(FIXED, is_yearly=False, attendance_at=AT if is_recorded else None)
    found = left(of_meetings([held], MEMBERS, date(2027, 4, 2), "電話"))
    assert check(found) == (set() if is_recorded else {Kind.ATTENDANCE_UNRECORDED})
    called_off = replace(held, cancelled_at=AT)
    assert list(of_meetings([called_off], MEMBERS, date(2027, 4, 2), "電話")) == []


def walk_minutes() -> Iterator[tuple[set[str], list[Duty]]]:
    """Minutes that are written, and circulated ones with each set of municipalities silent."""
    written = Unminuted("/meetings/1", "会議", HOURS.on, AT, None, None, ("aomori", "imabetsu"), ())
    yield {"aomori"}, left(minutes_duties([written], MEMBERS))
    for silent in ((), ("aomori",), ("imabetsu",), ("aomori", "imabetsu")):
        sent = written._replace(sent_at=AT, reply_due_on=HOURS.on, waiting=silent)
        yield set(silent), left(minutes_duties([sent], MEMBERS))


def test_minutes_stand_on_the_home_of_whoever_is_to_say_something() -> None:
    for waiting, found in walk_minutes():
        check(found)
        assert {one.owner.municipality for one in found if homes(one)} == waiting


def walk_decisions() -> Iterator[tuple[set[str], list[Duty]]]:
    """A decision with something left to the hub and to a town, and with each of it done or out."""
    left_, done = make_follow_up("imabetsu"), make_follow_up("aomori", closed_at=AT)
    for follow_ups, owing in (
        ((left_, make_follow_up("aomori")), {"imabetsu", "aomori"}),
        ((left_, done), {"imabetsu"}),
        ((done, left_._replace(is_struck=True)), set()),
    ):
        yield owing, left(of_decisions([make_decision(*follow_ups)], MEMBERS))
    yield set(), left(of_decisions([make_decision(left_, is_struck=True)], MEMBERS))


def test_what_a_decision_asks_stands_on_the_home_of_whoever_owes_it() -> None:
    for owing, found in walk_decisions():
        check(found)
        assert {one.owner.municipality for one in found if homes(one)} == owing


def walk_proposals() -> Iterator[list[Duty]]:
    """What a municipality proposed on a Saturday."""
    yield left(proposal_duties([replace(POLL, proposed=2, proposed_since=AT)], MEMBERS))


def test_a_proposed_item_stands_on_the_office_s_home() -> None:
    for found in walk_proposals():
        assert check(found) == {Kind.PROPOSAL_UNANSWERED}
        [duty] = found
        assert {one.role for one in homes(duty)} == {Role.OFFICE}
        assert (duty.title, duty.due_on) == (
            "提案された議題を確かめる　2件",
            date(2026, 11, 30),
        )


def walk_terms() -> Iterator[tuple[bool, list[Duty]]]:
    """A member whose term ends on a Sunday, alone and with a successor from the day after."""
    ends_on = date(2027, 1, 24)
    ending = CouncilMember(1, "1", 1, "委員", None, TODAY, TODAY, ends_on)
    next_day = ends_on + timedelta(days=1)
    after = CouncilMember(2, "1", 2, "後任", None, TODAY, next_day, date(2029, 1, 23))
    for has_successor, on in product((False, True), (date(2026, 11, 25), ends_on, next_day)):
        council = [ending, after] if has_successor else [ending]
        yield has_successor, left(of_council(council, MEMBERS, on))


def test_a_term_that_ends_stands_on_the_office_s_home_until_somebody_follows() -> None:
    for has_successor, found in walk_terms():
        assert check(found) == (set() if has_successor else {Kind.TERM_ENDING})
        assert {one.role for duty in found for one in homes(duty)} <= {Role.OFFICE}


def walk_opinions() -> Iterator[tuple[bool, list[Duty]]]:
    """What was said at a meeting 90 days before a Saturday, with what became of it and without."""
    for response in (None, "看板を改めた。"):
        said = (1, "1", 7, "懇談会", date(2027, 1, 24), None, "", "意見", response, None)
        yield response is None, left(opinion_duties([Opinion(*said)], MEMBERS))


def test_an_opinion_stands_on_the_office_s_home_until_it_is_said_what_became_of_it() -> None:
    for waits, found in walk_opinions():
        assert check(found) == ({Kind.OPINION_UNANSWERED} if waits else set())
        assert {one.role for duty in found for one in homes(duty)} <= {Role.OFFICE}


# --- letters ----------------------------------------------------------------------------------------


def walk_letters() -> Iterator[tuple[LetterState, list[Duty]]]:
    """The states that wait for a person; what was found on a Saturday is due on Monday."""
    lost = [OpenLetter(1, "今別町 秘書", AT), OpenLetter(2, "蓬田村 秘書", AT)]
    yield LetterState.UNDELIVERABLE, list(of_letters.duties(lost[:1], MEMBERS.office))
    yield LetterState.UNDELIVERABLE, list(of_letters.duties(lost, MEMBERS.office))
    yield LetterState.HELD, list(of_letters.held_duties(lost, MEMBERS.office))


def test_letters_that_wait_for_a_person_stand_on_the_office_s_home() -> None:
    walked = set()
    for state, found in walk_letters():
        assert {one.role for duty in found for one in homes(duty)} == {Role.OFFICE}
        check(found)
        walked.add(state)
    assert walked | (AT_REST.keys() & {*LetterState}) == {*LetterState}
    assert list(of_letters.held_duties([], MEMBERS.office)) == []


# --- people -----------------------------------------------------------------------------------------


def walk_people() -> Iterator[tuple[date, bool, list[Duty]]]:
    """Posts confirmed and not, with a memo and without, in every month of three years."""
    days = [date(year, month, 15) for year in (2026, 2027, 2028, 2029) for month in range(1, 13)]
    for on, is_done in product(days, (False, True)):
        year = FiscalYear.containing(on).year - (not is_done)
        posts = [
            HeldPost("aomori", "office", year, year),
            HeldPost("imabetsu", "officer", year, year if is_done else None),
            HeldPost("imabetsu", "confirmer", year, None),
        ]
        yield on, is_done, left(people.duties(posts, MEMBERS, on))


def test_posts_are_confirmed_every_year_and_memos_written_in_march() -> None:
    for on, is_done, found in walk_people():
        wanted = {Kind.PERSON_UNCONFIRMED} | ({Kind.HANDOVER_UNWRITTEN} if on.month == 3 else set())
        assert check(found) == (set() if is_done else wanted)
        if not is_done:
            assert {one.owner.municipality for one in found} == {"aomori", "imabetsu"}


def walk_looks() -> Iterator[list[Duty]]:
    """An address moved by others, and an account opened: of the town's and of the hub's posts."""
    for slug, account in product(("aomori", "imabetsu"), (None, "課長")):
        change = (1, slug, "企画担当", account, None, "b@x.example", "平内町 企画担当", AT, None, 1)
        yield list(people.look_duties([UnseenChange(*change)], MEMBERS))


def test_what_others_entered_waits_for_somebody_of_the_municipality_itself() -> None:
    for found in walk_looks():
        check(found)
        for duty in found:
            assert {one.municipality for one in homes(duty)} == {duty.owner.municipality}


def walk_vacancies() -> Iterator[tuple[set[StaffMember], list[Duty]]]:
    """Each of those a municipality acts through gone, or invited and never come."""
    for one in STAFF:
        for staff in (
            [other for other in STAFF if other != one],
            [other._replace(has_password=other != one) for other in STAFF],
        ):
            gone = {one} - {other for other in STAFF if other.role in (Role.LEAD, Role.ADMIN)}
            yield gone, list(people.vacancy_duties(staff, NAMES, ADMINS, MEMBERS, TODAY))


def test_a_municipality_that_nobody_signs_in_for_is_the_admin_s_to_see_to() -> None:
    assert list(people.vacancy_duties(STAFF, NAMES, ADMINS, MEMBERS, TODAY)) == []
    for gone, found in walk_vacancies():
        check(found)
        assert {one.role for duty in found for one in homes(duty)} == (
            {Role.ADMIN} if gone else set()
        )
        for one in gone:
            assert f"{NAMES[one.municipality]}の{one.role.label}" in found[0].text


def walk_names() -> Iterator[list[Duty]]:
    for on in (TODAY, date(2026, 11, 22)):
        yield list(people.name_duties([SharedName(1, "今別町", "課長", None)], ADMINS, MEMBERS, on))


# --- the whole --------------------------------------------------------------------------------------


def test_every_kind_of_duty_is_walked_or_not_kept_yet() -> None:
    found = [
        *(one for *_, many in walk_reports() for one in many),
        *(one for _, many in walk_rounds() for one in many),
        *(one for _, many in walk_cases() for one in many),
        *(one for many in walk_years_of_costs() for one in many),
        *(one for _, many in walk_questions() for one in many),
        *(one for *_, many in walk_payments() for one in many),
        *(one for many in walk_plans() for one in many),
        *(one for *_, many in walk_meetings() for one in many),
        *(one for *_, many in walk_polls() for one in many),
        *(one for *_, many in walk_replies() for one in many),
        *(one for *_, many in walk_views() for one in many),
        *(one for _, many in walk_minutes() for one in many),
        *(one for _, many in walk_decisions() for one in many),
        *(one for many in walk_proposals() for one in many),
        *(one for _, many in walk_terms() for one in many),
        *(one for _, many in walk_opinions() for one in many),
        *(one for _, many in walk_letters() for one in many),
        *(one for *_, many in walk_people() for one in many),
        *(one for many in walk_looks() for one in many),
        *(one for _, many in walk_vacancies() for one in many),
        *(one for many in walk_names() for one in many),
    ]
    assert check(found) == {*Kind} - NOT_KEPT
    assert {one.kind for one in found if one.owner.agreement} == OF_ONE_AGREEMENT


def test_every_state_is_walked_or_at_rest_for_a_reason() -> None:
    walked = {*MEETINGS, Standing.MINUTED, Standing.MISSED, Standing.UNRECORDED}
    assert walked == {*Standing} and set(FULFILLED) < AT_REST.keys()
    assert all(AT_REST.values())
    states = {*ReportState, *CaseState, *PaymentState, *QuestionState, *Standing, *LetterState}
    assert AT_REST.keys() < states


@pytest.mark.parametrize("kind", [one for one in Kind if one not in WITHOUT])
@pytest.mark.parametrize("is_hub", [False, True])
def test_what_others_owe_goes_on_to_the_chief_and_the_office(kind: Kind, is_hub: bool) -> None:
    row = kind.rule
    if row.who[is_hub].role not in THEIR_OWN:
        assert {Audience.CHIEF, Audience.OFFICE} <= {step.to for step in row.steps}
