"""The one table of kinds of duties: whole, said in words that fit, and shown to somebody."""

import dataclasses
import string
from datetime import date

import pytest

from tests.duties.makers import MEMBERS, somebody
from tracker.duty.duty import Duty, owed, some
from tracker.duty.kinds import Kind, KindRule
from tracker.kernel.permissions import Role
from tracker.mail.kinds import TextUse
from tracker.mail.texts import LETTER_KINDS
from tracker.sections.rules import NAV

# Shown at no home: once a meeting is being prepared, its next step stands there instead.
STANDS_BEHIND_ANOTHER = {Kind.MEETING_UNHELD}


def make_duty(kind: Kind, municipality: str = "imabetsu", **changes: object) -> Duty:
    """Something asked of one municipality by 31 March."""
    values: dict[str, object] = {
        "owner": MEMBERS.owner(municipality),
        "key": f"{kind}:2026:{municipality}",
        "due_on": date(2027, 3, 31),
        "url": "/somewhere",
        "text": "一文です。",
        "name": "議事録（案）",
        **changes,
    }
    return Duty(kind, **values)  # type: ignore[arg-type]


def test_every_kind_has_its_row_and_the_row_every_column():
    columns = dataclasses.fields(KindRule)
    assert [one.name for one in columns if one.default is not dataclasses.MISSING] == []
    assert [one.name for one in columns if one.default_factory is not dataclasses.MISSING] == []
    for kind in Kind:
        row = kind.rule
        assert all(value != "" and value is not None for value in vars(row).values())
        assert {type(getattr(row, one.name)) for one in columns} <= {str, int, bool, tuple}


@pytest.mark.parametrize("missing", [one.name for one in dataclasses.fields(KindRule)])
def test_a_row_that_misses_one_column_is_no_row(missing: str):
    columns = vars(Kind.REPORT_UNSUBMITTED.rule)
    with pytest.raises(TypeError, match=missing):
        KindRule(**{name: value for name, value in columns.items() if name != missing})


def test_no_two_kinds_have_the_same_label():
    assert len({kind.rule.label for kind in Kind}) == len(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_title_names_what_the_duty_gives(kind: Kind):
    for template in (kind.rule.title, kind.rule.subject):
        assert {name for _, name, _, _ in string.Formatter().parse(template) if name} <= {
            *("name", "detail", "n")
        }
    duty = make_duty(kind, remaining=3)
    assert "{" not in duty.title + duty.subject


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_mentioned_in_texts_that_there_are(kind: Kind):
    texts = {name for name, one in LETTER_KINDS.items() if one.use is TextUse.MATTER}
    assert set(kind.rule.letters) <= texts


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_counts_under_an_item_of_the_menu(kind: Kind):
    assert kind.rule.menu in NAV
    assert kind.rule.article in range(3, 7)


@pytest.mark.parametrize("place", MEMBERS.slugs)
@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_shown_at_somebody_s_home(kind: Kind, place: str):
    duty = make_duty(kind, place)
    finding = [role for role in Role if owed([duty], somebody(role, place))]
    assert bool(finding) is (kind not in STANDS_BEHIND_ANOTHER)
    assert [role for role in Role if owed([duty], somebody(role, "yomogita"))] == (
        finding if place == "yomogita" else []
    )


OFFICE, OFFICER, LEAD, CONFIRMER = Role.OFFICE, Role.OFFICER, Role.LEAD, Role.CONFIRMER
# Kind -> in a town and in the hub: who gets the letters, and who finds it at home.
WHO = {
    Kind.REPORT_UNSUBMITTED: (OFFICER, {OFFICER}, LEAD, {LEAD}),
    Kind.REPORT_UNCHECKED: (LEAD, {LEAD, OFFICE}, LEAD, {LEAD, OFFICE}),
    Kind.POLL_UNANSWERED: ("secretary", {OFFICER, OFFICE}, "secretary", {OFFICER, OFFICE}),
    Kind.ATTENDANCE_UNANSWERED: ("secretary", {OFFICER, OFFICE}, "secretary", {OFFICER, OFFICE}),
    Kind.VIEW_UNRECORDED: (OFFICER, {OFFICER, CONFIRMER}, OFFICE, {OFFICE, CONFIRMER}),
    Kind.MINUTES_UNCONFIRMED: (OFFICER, {OFFICER, CONFIRMER}, OFFICE, {OFFICE, CONFIRMER}),
    Kind.DECISION_OPEN: (OFFICER, {OFFICER}, OFFICE, {OFFICE}),
    Kind.COST_UNCONFIRMED: (CONFIRMER, {CONFIRMER}, CONFIRMER, {CONFIRMER}),
    Kind.INSTALMENT_DUE: (OFFICER, {OFFICER}, OFFICE, {OFFICE}),
    Kind.PAYMENT_UNPLANNED: (OFFICER, {OFFICER, LEAD}, LEAD, {LEAD, OFFICE}),
    Kind.RECEIPT_UNRECORDED: (OFFICER, {OFFICER, LEAD}, LEAD, {LEAD, OFFICE}),
    Kind.QUESTION_OPEN: (OFFICER, {OFFICER}, OFFICE, {OFFICE}),
    Kind.PERSON_UNCONFIRMED: (OFFICER, {OFFICER}, OFFICE, {OFFICE}),
    Kind.HANDOVER_UNWRITTEN: (OFFICER, {OFFICER}, OFFICE, {OFFICE}),
    Kind.CHANGE_UNSEEN: (OFFICER, {*Role}, OFFICE, {*Role}),
    Kind.NAME_SHARED: (Role.ADMIN, {Role.ADMIN}, Role.ADMIN, {Role.ADMIN}),
}


@pytest.mark.parametrize("kind", WHO)
def test_a_town_and_the_hub_are_asked_through_their_own_posts(kind: Kind):
    town, hub = make_duty(kind), make_duty(kind, "aomori")
    found = [
        part
        for duty in (town, hub)
        for part in (
            duty.to_role,
            {role for role in Role if duty.is_for(somebody(role, duty.owner.municipality))},
        )
    ]
    assert tuple(found) == WHO[kind]


def test_it_is_open_then_overdue_then_done():
    duty = make_duty(Kind.DECISION_OPEN)
    assert duty.state(date(2027, 3, 31)) == "open"
    assert duty.state(date(2027, 4, 1)) == "overdue"
    done = make_duty(Kind.DECISION_OPEN, remaining=0)
    assert (done.is_done, done.state(date(2027, 4, 1))) == (True, "done")
    assert owed([duty, done], somebody(OFFICER)) == (duty,)


def test_what_is_asked_of_one_post_is_not_its_neighbour_s():
    duty = make_duty(Kind.DECISION_OPEN, owner=MEMBERS.owner("imabetsu", 5))
    assert duty.is_for(somebody(OFFICER, post_id=5))
    assert not duty.is_for(somebody(OFFICER, post_id=6))


def test_a_secretary_s_poll_is_still_shown_to_the_officer_beside_it():
    duty = make_duty(Kind.POLL_UNANSWERED, owner=MEMBERS.owner("imabetsu", 5))
    assert duty.is_for(somebody(OFFICER, post_id=6))


def test_a_title_counts_what_is_left():
    duty = make_duty(Kind.COST_UNSTARTED, "aomori", name="令和8年度の費用負担", remaining=3)
    assert duty.title == "令和8年度の費用負担の協議を始める　3件"
    assert duty.subject == "令和8年度の費用負担"


def test_many_names_are_two_and_a_number():
    assert some(["移住", "移住"]) == "移住"
    assert some(["移住", "農業", "移住", "大学"]) == "移住、農業ほか1件"
