"""Article 5: every fiscal year the heads of each agreement meet (product.md 5, contracts.md)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from tracker.kernel import tokyo, wareki
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.office_days import office_days
from tracker.office_days.office_days import moved

LINK_OUTLIVES_DEADLINE = timedelta(days=7)
# So long before a meeting its members say who comes.
REPLY_BEFORE = timedelta(days=7)
# Numbers of /meetings/… from here on are fiscal years, not meetings.
FIRST_YEAR = 2000
_DAY = timedelta(days=1)
ENDS_FIRST = N_("終わりの時刻は、始まりの時刻より後にしてください。")
DEPUTY_WANTED = N_("代理の方の職・氏名を入力してください（例 副町長）。")


class Standing(Labelled):
    """How far one agreement has come with its meeting of the year (contracts.md, States)."""

    NONE = "none", N_("準備前")
    POLLING = "polling", N_("日程調整中")
    FIXED = "fixed", N_("日程決定")
    NOTICED = "noticed", N_("案内済み")
    HELD = "held", N_("開催済み")
    MINUTED = "minuted", N_("議事録確定")
    MISSED = "missed", N_("未開催")
    # The year was over before anything of Article 5 was kept here.
    UNRECORDED = "unrecorded", N_("記録なし")

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return f"meeting_{self}"


class Answer(Labelled):
    """A head's answer for one candidate date; always shown as symbol and words."""

    YES = "yes", N_("出席できる"), "○"
    MAYBE = "maybe", N_("調整すれば可"), "△"
    NO = "no", N_("出席できない"), "×"

    def __init__(self, _value: str, _label: str = "", symbol: str = "") -> None:
        self.symbol = symbol


class Attendance(Labelled):
    """Who comes, or came, to a seat."""

    HEAD = "head", N_("本人")
    DEPUTY = "deputy", N_("代理")
    ABSENT = "absent", N_("欠席")


class AgendaKind(Labelled):
    """What an item comes from: the data of the year, or somebody's proposal."""

    PROGRESS = "progress", N_("進捗")
    WATCH = "watch", N_("気をつけたい事業")
    COSTS = "costs", N_("費用負担の協議")
    QUESTIONS = "questions", N_("疑義の協議")
    DECISIONS = "decisions", N_("前回の決定事項")
    CONSULTATION = "consultation", N_("進捗報告の「相談」から")
    OWN = "own", N_("提案")


class Candidate(NamedTuple):
    """候補日: a day and its hours in Tokyo."""

    on: date
    begins: time
    ends: time

    @property
    def label(self) -> str:
        """「令和9年1月19日（火）14時〜15時30分」."""
        begins, ends = wareki.clock_time(self.begins), wareki.clock_time(self.ends)
        return f"{wareki.full(self.on)}{begins}〜{ends}"


class Tally(NamedTuple):
    """The answers to one candidate date, counted."""

    yes: int
    maybe: int
    no: int

    def __str__(self) -> str:
        """「回答済み全員 ○」 or 「○ 1　△ 1　× 1」: the まとめ column of the answers."""
        if not (self.maybe or self.no):
            return _("回答済み全員 ○") if self.yes else _("回答はまだありません")
        return "　".join(f"{answer.symbol} {n}" for answer, n in zip(Answer, self, strict=True))


def summary(answers: Iterable[Answer]) -> Tally:
    """Counts the answers given to one candidate date; the silent are not in it."""
    given = list(answers)
    return Tally(*(given.count(answer) for answer in Answer))


def best_candidate(ids: Sequence[int], answers: Mapping[int, Iterable[Answer]]) -> int | None:
    """The candidate (by id) most can attend: nobody refuses, most ○, then most △, then the first given.

    None while nobody has answered, and when every date was refused by somebody.
    """
    tallies = {one: summary(answers.get(one, ())) for one in ids}
    possible = [c for c in ids if any(tallies[c]) and not tallies[c].no]
    return max(possible, key=lambda c: tallies[c], default=None)


def link_ends(reply_due: date) -> datetime:
    """From when on a poll link opens no more (UTC): seven days after the deadline are over."""
    return tokyo.at(moved(reply_due, LINK_OUTLIVES_DEADLINE + timedelta(days=1)), time.min)


def reply_due(on: date, noticed_on: date) -> date:
    """Until when a notice of that day asks who comes to a meeting on `on`: a week before, if it can.

    A late notice asks until the last office day before the meeting; where none is left, until its day.
    """
    usual, last = (office_days.on_or_before(moved(on, -by)) for by in (REPLY_BEFORE, _DAY))
    return usual if usual > noticed_on else last if last >= noticed_on else on


def check_active(is_cancelled: bool) -> None:
    """A meeting called off takes no more changes."""
    if is_cancelled:
        raise Refusal(_("この会議は取りやめになりました。"))


def check_fixable(
    chosen: Candidate, today: date, *, fixed: Candidate | None, attendance_recorded: bool
) -> None:
    """Whether a meeting that is fixed on `fixed`, if at all, may come to `chosen`; raises Refusal."""
    if attendance_recorded:
        raise Refusal(_("出席を記録した会議の日程は変えられません。"))
    if chosen == fixed:
        raise Refusal(_("会議はすでにこの日に決まっています。"))
    if chosen.on <= today:
        said = wareki.month_day(chosen.on)
        raise Refusal(_("%(said)sでは間に合いません。ほかの候補日を選んでください。", said=said))


def check_choice(
    chosen: Candidate,
    answers: Mapping[str, Answer],
    reason: str,
    today: date,
    *,
    fixed: Candidate | None,
    attendance_recorded: bool,
) -> None:
    """Whether the meeting may be fixed on `chosen`, or moved there from `fixed`.

    `answers` are those given to the chosen date, by municipality name: a date somebody refused
    needs a written reason. Raises Refusal.
    """
    check_fixable(chosen, today, fixed=fixed, attendance_recorded=attendance_recorded)
    refusing = "、".join(name for name, answer in answers.items() if answer is Answer.NO)
    if refusing and not reason.strip():
        raise Refusal(
            _(
                "%(refusing)sが「%(answer)s」と答えた日です。この日に決める理由を入れてください。",
                refusing=refusing,
                answer=Answer.NO.label,
            ),
            field="reason",
        )
    if fixed is not None and not reason.strip():
        raise Refusal(_("日程を変える理由を入れてください。"), field="reason")


def check_silent(silent: Sequence[str], despite_silent: bool) -> None:
    """Whether somebody who has not answered for the date is waited for; raises Refusal."""
    if silent and not despite_silent:
        raise Refusal(
            _(
                "%(silent)sの回答がまだありません。待たずに決めるときは、下に印を付けてください。",
                silent="、".join(silent),
            ),
            field="despite_silent",
        )


def check_required(refusing: Sequence[str], despite_required: bool) -> None:
    """Whether a required head (by title) does without: fixing the date says so; raises Refusal."""
    if refusing and not despite_required:
        raise Refusal(
            _(
                "必ず出席の%(heads)sが出席できない日です。この日に決めるときは、下に印を付けてください。",
                heads="、".join(refusing),
            ),
            field="despite_required",
        )


def check_notice(held_on: date | None, today: date) -> None:
    """The notice goes out once a date is fixed, and before it is over."""
    if held_on is None:
        raise Refusal(_("日程がまだ決まっていません。先に開催日を決めてください。"))
    if today > held_on:
        raise Refusal(
            _(
                "開催日（%(held_on)s）を過ぎています。出席を記録してください。",
                held_on=wareki.short(held_on),
            )
        )


def check_untold(count: int) -> None:
    """The notice that was sent last goes out again where somebody has not had it; raises Refusal."""
    if not count:
        said = _("この内容の案内は、宛先の全員に送ってあります。")
        said += _("文書番号・会場・案内の文のどれかを変えると、全員に送ります。")
        raise Refusal(said + _("届かなかったメールは、通知の画面から送り直せます。"))


def check_day_has_come(held_on: date | None, today: date) -> None:
    """Attendance is recorded from the day itself on; raises Refusal."""
    if held_on is None:
        raise Refusal(_("日程がまだ決まっていません。先に開催日を決めてください。"))
    if today < held_on:
        raise Refusal(
            _("出席は、開催日（%(held_on)s）から記録できます。", held_on=wareki.short(held_on))
        )


def check_attendance(
    held_on: date | None,
    today: date,
    entries: Mapping[str, tuple[Attendance, str]],
    seats: Mapping[str, str],
) -> None:
    """Attendance is recorded from the day itself on, of every seat; a deputy has a post and name.

    `entries` and the names of `seats` by the seat's key. Raises Refusal.
    """
    check_day_has_come(held_on, today)
    for key, (attendance, deputy) in entries.items():
        if attendance is Attendance.DEPUTY and not deputy.strip():
            raise Refusal(_(DEPUTY_WANTED), field=f"deputy_{key}")
    for key, name in seats.items():
        if key not in entries:
            raise Refusal(
                _("%(name)sの出席を選んでください。", name=name), field=f"attendance_{key}"
            )


def check_recorded_again(minutes_final_at: datetime | None, reason: str) -> None:
    """Who came stands in final minutes: another record of it says why.  Raises Refusal."""
    if minutes_final_at is not None and not reason.strip():
        raise Refusal(_("出席の記録を直す理由を入力してください。"), field="reason")


def check_other(hours: Candidate, today: date) -> None:
    """A meeting beside Article 5's has a day to come and hours in order; raises Refusal."""
    office_days.check_near(hours.on, today, _("開催日"), "held_on")
    if hours.on <= today:
        raise Refusal(_("開催日は、明日以降の日にしてください。"), field="held_on")
    check_hours(hours)


def check_hours(hours: Candidate) -> None:
    """The end comes after the beginning; raises Refusal beside the field."""
    if hours.ends <= hours.begins:
        raise Refusal(_(ENDS_FIRST), field="ends")


def check_not_held(attendance_recorded: bool) -> None:
    """A meeting is called off before it took place; raises Refusal."""
    if attendance_recorded:
        raise Refusal(_("出席を記録した会議は、取りやめにできません。"))


def check_cancel(reason: str, attendance_recorded: bool) -> None:
    """A meeting is called off for a reason, and only before it took place."""
    check_not_held(attendance_recorded)
    if not reason.strip():
        raise Refusal(_("取りやめる理由を入れてください。"), field="reason")
