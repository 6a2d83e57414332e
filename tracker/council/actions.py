"""Enters the council's members and their terms, sets its quorum, and seats the members at a meeting."""

from dataclasses import dataclass
from datetime import date

from tracker.accounts.models import Post, PostKind
from tracker.accounts.people import actions as people
from tracker.council import queries, rules
from tracker.council.models import CouncilMemberRow, CouncilOpinion, CouncilRow
from tracker.council.rules import QuorumRule
from tracker.history.columns import subject_of
from tracker.history.history import last_of
from tracker.meetings import queries as meetings
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


@dataclass(frozen=True)
class Appointment:
    """What is entered of a member; without an address it is invited on paper."""

    name: str
    email: str | None
    appointed_on: date
    begins_on: date
    ends_on: date


def add_member(act: Act, wanted: Appointment) -> CouncilMemberRow:
    """Enters a member with the post that its letters go to, kept among the hub's.

    Raises Refusal as `check_term`, `check_address` and `create_post` do.
    """
    rules.check_term(wanted.begins_on, wanted.ends_on)
    with act:
        post = people.create_post(
            act, areas.hub().slug, PostKind.COUNCIL, wanted.name, wanted.email, None
        )
        said = f"ビジョン懇談会の委員「{wanted.name}」を登録しました。"
        with act.change("council.member_added", None, said) as entry:
            entry.subject = row = CouncilMemberRow(
                post_id=post.id,
                appointed_on=wanted.appointed_on,
                begins_on=wanted.begins_on,
                ends_on=wanted.ends_on,
            )
            db.session.add(row)
    return row


def change_member(
    act: Act, row: CouncilMemberRow, wanted: Appointment, seen: str | None = None
) -> None:
    """Changes a member's post or term; 解嘱 is a term that ends earlier.  Raises as `add_member`."""
    rules.check_term(wanted.begins_on, wanted.ends_on)
    post = db.session.get_one(Post, row.post_id)
    with act:
        act.lock((row, seen))
        if (post.name, post.email) != (wanted.name, wanted.email):
            kept = post.phone, post.chief_id
            people.change_post(act, post, wanted.name, wanted.email, *kept)
        said = f"ビジョン懇談会の委員「{wanted.name}」の登録を直しました。"
        with act.change("council.member_changed", row, said):
            row.appointed_on = wanted.appointed_on
            row.begins_on, row.ends_on = wanted.begins_on, wanted.ends_on


@dataclass(frozen=True)
class OpinionWords:
    """What was said, by whose seat (None: the council), and what became of it on which day."""

    seat_id: int | None
    text: str
    response: str | None = None
    responded_on: date | None = None


def record_opinion(act: Act, row: MeetingRow, words: OpinionWords) -> CouncilOpinion:
    """Records what was said at a meeting; raises Refusal where no member sits there."""
    act.lock((row, None))
    rules.check_opinion(meetings.of(row), words.seat_id)
    said = f"{row.name}：ビジョン懇談会で出された意見を記録しました。"
    with act.change("council.opinion_recorded", None, said) as entry:
        entry.subject = new = CouncilOpinion(
            meeting_id=row.id, seat_id=words.seat_id, text=words.text
        )
        db.session.add(new)
    return new


def follow_opinion(
    act: Act, row: CouncilOpinion, words: OpinionWords, seen: str | None = None
) -> None:
    """Records what became of an opinion, or corrects it.  Raises Refusal as the rules do."""
    meeting = db.session.get_one(MeetingRow, row.meeting_id)
    act.lock((meeting, None), (row, seen))
    rules.check_opinion(meetings.of(meeting), words.seat_id)
    # One that came in writing before its meeting was known from the day it was recorded.
    entry = last_of(subject_of(row), "council.opinion_recorded")
    days = [meeting.held_on, entry and clock.day(entry.at)]
    said_on = min((one for one in days if one), default=None)
    rules.check_response(words.response, words.responded_on, act.today, said_on)
    said = f"{meeting.name}：ビジョン懇談会で出された意見と、その対応を記録しました。"
    with act.change("council.opinion_followed", row, said):
        row.seat_id, row.text = words.seat_id, words.text
        row.response, row.responded_on = words.response, words.responded_on


def set_quorum(act: Act, rule: QuorumRule, seen: str | None = None) -> None:
    """Says how many of the members have to come."""
    row = act.own(CouncilRow, queries.COUNCIL, seen)
    said = f"ビジョン懇談会の定足数を「{rule.label}」にしました。"
    with act.change("council.quorum_set", row, said) as entry:
        if row is None:
            entry.subject = row = CouncilRow(id=queries.COUNCIL, quorum=rule)
            db.session.add(row)
        row.quorum = rule


def seat_members(act: Act, row: MeetingRow, seen: str | None = None) -> int:
    """Adds a seat at a meeting for each member in term on its day who has none; how many.

    The notice then invites them.  Raises Refusal as `check_seating` does.
    """
    act.lock((row, seen, row.name))
    found = rules.check_seating(meetings.of(row), queries.members())
    said = f"{row.name}：ビジョン懇談会の委員{len(found)}名を席に加えました。"
    with act.change("meeting.members_seated", row, said):
        db.session.add_all(
            MeetingSeat(meeting_id=row.id, title=one.name, post_id=one.post_id) for one in found
        )
    return len(found)
