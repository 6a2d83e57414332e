"""Terms of the council's members, and how many of them it needs to meet.  Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.wareki import full
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import Attendance
from tracker.office_days import office_days


class QuorumRule(Labelled):
    """定足数: how many of the members have to come, as the council's own rules say."""

    MAJORITY = "majority", N_("過半数")
    HALF = "half", N_("半数以上")
    TWO_THIRDS = "two_thirds", N_("3分の2以上")
    NONE = "none", N_("定めない")


def quorum(members: int, rule: QuorumRule) -> int:
    """How many of so many members have to come; 0 where nothing is asked."""
    match rule:
        case QuorumRule.MAJORITY:
            return members // 2 + 1
        case QuorumRule.HALF:
            return -(-members // 2)
        case QuorumRule.TWO_THIRDS:
            return -(-members * 2 // 3)
        case QuorumRule.NONE:
            return 0


class CouncilMember(NamedTuple):
    """委員: a post as people call it (商工会議所 会頭), when appointed (委嘱), from and to when (任期)."""

    id: int
    seen: str
    post_id: int
    name: str
    email: str | None
    appointed_on: date
    begins_on: date
    ends_on: date

    def in_term(self, day: date) -> bool:
        """Whether it is a member on that day; the first and the last day count."""
        return self.begins_on <= day <= self.ends_on


def check_term(begins_on: date, ends_on: date) -> None:
    """A term ends after it begins, or on the same day; raises Refusal beside the field."""
    if ends_on < begins_on:
        raise Refusal(
            _("任期の終わりの日は、始まりの日か、それより後の日にしてください。"), field="ends_on"
        )


class Seating(NamedTuple):
    """Who of the council is to be seated at a meeting: `ended` and `early` are out of term that day."""

    wanted: Sequence[CouncilMember]
    ended: Sequence[CouncilMember]
    early: Sequence[CouncilMember]


def seating(members: Iterable[CouncilMember], seats: Iterable[Seat], day: date) -> Seating:
    """The members without a seat on that day, by whether they are in term."""
    seated = {one.post_id for one in seats if one.town is None}
    left = [one for one in members if one.post_id not in seated]
    return Seating(
        [one for one in left if one.in_term(day)],
        [one for one in left if one.ends_on < day],
        [one for one in left if one.begins_on > day],
    )


def check_seating(meeting: Meeting, members: Iterable[CouncilMember]) -> Sequence[CouncilMember]:
    """Whom a seat is added for; raises Refusal for a meeting that is none of the council's or over."""
    if meeting.is_yearly:
        raise Refusal(_("協約第5条の会議には、懇談会の委員の席は加えられません。"))
    if meeting.cancelled_at is not None:
        raise Refusal(_("この会議は取りやめになりました。"))
    if meeting.hours is None:
        raise Refusal(_("日程がまだ決まっていません。先に開催日を決めてください。"))
    if meeting.attendance_at is not None:
        raise Refusal(_("出席を記録した会議には、席を加えられません。"))
    found = seating(members, meeting.seats, meeting.hours.on).wanted
    if not found:
        raise Refusal(_("席に加える委員はいません。"))
    return found


class Presence(NamedTuple):
    """How many of the outside members come, or came; a deputy is none of the appointed members."""

    members: int
    coming: int
    silent: int
    rule: QuorumRule
    is_recorded: bool

    @property
    def needed(self) -> int:
        """The quorum."""
        return quorum(self.members, self.rule)

    @property
    def is_met(self) -> bool:
        """Whether so many come."""
        return self.coming >= self.needed

    def __str__(self) -> str:
        """「委員7名のうち5名出席。定足数（過半数・4名）を満たしています。」, before the meeting by answers."""
        counted = {"members": self.members, "coming": self.coming, "silent": self.silent}
        said = (
            _("委員%(members)s名のうち%(coming)s名出席。", **counted)
            if self.is_recorded
            else _(
                "委員%(members)s名のうち、出席の回答%(coming)s名、未回答%(silent)s名。", **counted
            )
        )
        return said + self._quorum()

    def _quorum(self) -> str:
        if self.rule is QuorumRule.NONE:
            return ""
        of = {"rule": self.rule.label, "needed": self.needed}
        if self.is_met:
            return _("定足数（%(rule)s・%(needed)s名）を満たしています。", **of)
        if self.is_recorded:
            return _("定足数（%(rule)s・%(needed)s名）を満たしていません。", **of)
        left = self.needed - self.coming
        return _("定足数（%(rule)s・%(needed)s名）まで、あと%(left)s名です。", left=left, **of)


def presence(meeting: Meeting, rule: QuorumRule) -> Presence | None:
    """Of the outside seats of a meeting; None where it has none."""
    seats = [one for one in meeting.seats if one.town is None]
    if not seats:
        return None
    said = [one.attendance for one in seats]
    return Presence(
        len(seats),
        said.count(Attendance.HEAD),
        said.count(None),
        rule,
        meeting.attendance_at is not None,
    )


ANSWERED_WITHIN = timedelta(days=90)


class Opinion(NamedTuple):
    """One opinion given at a meeting (on `held_on`): whose (empty: the council's), and its 対応."""

    id: int
    seen: str
    meeting_id: int
    meeting: str
    held_on: date | None
    seat_id: int | None
    whose: str
    text: str
    response: str | None
    responded_on: date | None

    @property
    def due_on(self) -> date | None:
        """By when what became of it is recorded: 90 days after the meeting, or the open day before."""
        return office_days.on_or_before(self.held_on + ANSWERED_WITHIN) if self.held_on else None


def check_opinion(meeting: Meeting, seat_id: int | None) -> None:
    """Opinions are given where members have seats, in writing before the day too; raises Refusal."""
    seats = [one.id for one in meeting.seats if one.town is None]
    if not seats:
        raise Refusal(_("委員の席がある会議で記録できます。先に委員を席に加えてください。"))
    if seat_id is not None and seat_id not in seats:
        raise Refusal(_("意見を出した委員を選び直してください。"), field="seat")


def check_response(
    response: str | None, responded_on: date | None, today: date, said_on: date | None = None
) -> None:
    """What became of an opinion comes with its day, not to come and not before it was said (`said_on`).

    Raises Refusal.
    """
    if response and responded_on is None:
        raise Refusal(_("対応の日を入力してください。"), field="responded_on")
    if responded_on is not None and not response:
        raise Refusal(
            _("対応を入力してください。まだのときは、対応の日も空けておきます。"), field="response"
        )
    if responded_on is not None and responded_on > today:
        raise Refusal(_("対応の日は、今日までの日にしてください。"), field="responded_on")
    if responded_on is not None and said_on is not None and responded_on < said_on:
        raise Refusal(
            _("対応の日は、意見が出された日（%(day)s）以後の日にしてください。", day=full(said_on)),
            field="responded_on",
        )
