"""What the letters of a meeting are told: dates asked for, fixed, moved, notified (M6 to M9)."""

from collections.abc import Sequence
from datetime import date

from tracker.kernel import wareki
from tracker.meetings.models import Meeting
from tracker.meetings.rules import Candidate
from tracker.municipalities.rules import Town


def request(
    meeting: Meeting,
    town: Town,
    dates: Sequence[Candidate],
    today: date,
    added: Sequence[Candidate] = (),
) -> dict[str, str]:
    """The fields of the letters that ask for dates: for sending (M6, M7) and for their preview."""
    due_on = meeting.reply_due_on
    left = (due_on - today).days if due_on else 0
    return {
        "年度": meeting.year.label,
        "首長": town.head_title,
        "会場": meeting.place,
        "候補日": _listed(dates),
        "加えた候補日": _listed(sorted(added)),
        "期限": wareki.full(due_on) if due_on else "",
        "期限の月日": wareki.month_day(due_on) if due_on else "",
        "あと何日": f"あと{left}日" if left else "本日まで",
    }


def day(meeting: Meeting) -> dict[str, str]:
    """When and where a meeting is, once it is fixed (M8)."""
    hours = meeting.hours
    return {
        **_place(meeting),
        "開催日時": f"{wareki.short(hours.on)}{wareki.clock_time(hours.begins)}" if hours else "",
    }


def notice(meeting: Meeting, number: str, text: str) -> dict[str, str]:
    """The fields of the notice (M9): its number on paper, and what the office wrote."""
    return {**_place(meeting), "文書番号": number, "案内文": text}


def _place(meeting: Meeting) -> dict[str, str]:
    return {
        "会議": meeting.name,
        "会場": meeting.place,
        "日時": meeting.hours.label if meeting.hours else "",
    }


def _listed(dates: Sequence[Candidate]) -> str:
    return "\n".join(f"{place}　{one.label}" for place, one in enumerate(dates, 1))
