"""Era dates in and out: 令和元年12月25日 <-> 2019-12-25 (product.md 2, ux/spec.md 10)."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Protocol

from kanjize import kanji2number

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import plain


class Span(Protocol):
    """Twelve months, such as a fiscal year: its first and its last day."""

    @property
    def begins(self) -> date: ...
    @property
    def ends(self) -> date: ...


@dataclass(frozen=True)
class Era:
    """One 元号: its name, the letter used in short dates, and its first day."""

    name: str
    letter: str
    begins_on: date


ERAS = (
    Era("明治", "M", date(1868, 10, 23)),
    Era("大正", "T", date(1912, 7, 30)),
    Era("昭和", "S", date(1926, 12, 25)),
    Era("平成", "H", date(1989, 1, 8)),
    Era("令和", "R", date(2019, 5, 1)),
)
WEEKDAYS = "月火水木金土日"

HOW_TO_WRITE_A_DAY = N_("日付は「令和8年11月30日」または「2026/11/30」のように入力してください。")
HOW_TO_WRITE_A_TIME = N_("時刻は「14時30分」または「14:30」のように入力してください。")

_NAMES = {name: era for era in ERAS for name in (era.name, era.letter)}
_ERA = "|".join(_NAMES)
_NUMBER = r"([0-9]{1,2})"
_YEAR = rf"(?:(?P<year>[0-9]{{4}})|(?P<era>{_ERA})?(?P<count>[0-9]{{1,2}}|元))"
_DAY_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}年{_NUMBER}月{_NUMBER}日",
        rf"{_YEAR}(?P<mark>[./-]){_NUMBER}(?P=mark){_NUMBER}",
        r"(?P<year>[0-9]{4})([0-9]{2})([0-9]{2})",
        rf"{_NUMBER}/{_NUMBER}",
        rf"{_NUMBER}月{_NUMBER}日",
    )
)
_SIGNS = str.maketrans("○◯零・", "〇〇〇.")
# One that stands beside a figure may be a dash: 2026一11一30.
_NUMERAL = re.compile("(?<![0-9])[〇一二三四五六七八九十百千]+(?![0-9])")
_DASH = re.compile("(?<=[0-9元])[‐-―─━ー](?=[0-9])")
# Without an era up to here: 19 and more are also what people write for 2019 and later.
_LAST_PLAIN_COUNT = 18
_WEEKDAY = re.compile(rf"\(([{WEEKDAYS}])(?:曜日?)?(?:・?祝)?\)$")
_TIME = re.compile(r"([0-9]{1,2})(?::([0-9]{2})|時(?:([0-9]{1,2})分|(半))?)")


def _era_of(day: date) -> Era:
    for era in reversed(ERAS):
        if day >= era.begins_on:
            return era
    raise Refusal(
        _(
            "明治より前の日付は扱えません。%(how_to_write_a_day)s",
            how_to_write_a_day=_(HOW_TO_WRITE_A_DAY),
        )
    )


def _count(day: date) -> tuple[Era, int]:
    era = _era_of(day)
    return era, day.year - era.begins_on.year + 1


def year_name(calendar_year: int) -> str:
    """「令和8年」; a year in which the era changed has the name it ended with (2019 = 令和元年)."""
    era, count = _count(date(calendar_year, 12, 31))
    return f"{era.name}{'元' if count == 1 else count}年"


def long(day: date) -> str:
    """「令和8年11月30日」, and 令和元年, never 令和1年."""
    era, count = _count(day)
    return f"{era.name}{'元' if count == 1 else count}年{month_day(day)}"


def full(day: date) -> str:
    """「令和8年11月30日（月）」."""
    return f"{long(day)}（{WEEKDAYS[day.weekday()]}）"


def short(day: date) -> str:
    """「11月30日（月）」."""
    return f"{month_day(day)}（{WEEKDAYS[day.weekday()]}）"


def near(day: date, today: date) -> str:
    """「11月30日（月）」 within the fiscal year of `today`, and with its year elsewhere."""
    first = date(today.year - (today.month < 4), 4, 1)
    return short(day) if first <= day < first.replace(year=first.year + 1) else full(day)


def month_day(day: date) -> str:
    """「11月30日」."""
    return f"{day.month}月{day.day}日"


def weekday(day: date) -> str:
    """「月曜日」."""
    return f"{WEEKDAYS[day.weekday()]}曜日"


def dotted(day: date) -> str:
    """「8.11.30」: the year of the era without its name, for printed tables only."""
    return f"{_count(day)[1]}.{day.month}.{day.day}"


def clock_time(moment: time) -> str:
    """「14時30分」, and 「14時」 on the hour."""
    return f"{moment.hour}時{moment.minute}分" if moment.minute else f"{moment.hour}時"


def _year(parts: dict[str, str], era: Era | None, month: int, within: Span | None) -> int:
    if parts.get("year"):
        return int(parts["year"])
    if era:
        count = 1 if parts["count"] == "元" else int(parts["count"])
        if not parts["era"] and count > _LAST_PLAIN_COUNT:
            raise Refusal(
                _(
                    "「%(count)s年」は、%(era)s%(count)s年とも20%(count)s年とも読めます。"
                    "%(how_to_write_a_day)s",
                    count=count,
                    era=era.name,
                    how_to_write_a_day=_(HOW_TO_WRITE_A_DAY),
                )
            )
        return era.begins_on.year + count - 1 if count else 0
    if within is None:
        raise Refusal(_(HOW_TO_WRITE_A_DAY))
    return within.begins.year if month >= within.begins.month else within.ends.year


def _figures(found: re.Match[str]) -> str:
    try:
        return str(kanji2number(found[0]))
    except ValueError:
        return found[0]


def read_day(text: str, *, within: Span | None = None) -> date:
    """Read a day as people write it; `within` lends its year to 「11/30」 and 「11月30日」.

    An ended era is read on (平成32年 is 2020: papers made before a change say so), but no day
    before an era began. A weekday in brackets must be the right one. A year of one or two figures
    without an era is one of the present era up to 18; 26/11/30 may be 2026 too, and is refused.
    Raises Refusal, also for days that do not exist and days before 明治 (ux/spec.md 8, 10).
    """
    typed = plain(text).upper()
    stated = _WEEKDAY.search(typed)
    typed = typed[: stated.start()] if stated else typed
    typed = _DASH.sub("-", _NUMERAL.sub(_figures, typed.translate(_SIGNS)))
    found = next((match for form in _DAY_FORMS if (match := form.fullmatch(typed))), None)
    if found is None:
        raise Refusal(_(HOW_TO_WRITE_A_DAY))
    month, number = (int(part) for part in found.groups()[-2:])
    parts = found.groupdict("")
    era = _NAMES.get(parts["era"], ERAS[-1]) if parts.get("count") else None
    year = _year(parts, era, month, within)
    try:
        day = date(year, month, number)
    except ValueError:
        raise Refusal(
            _(
                "「%(text)s」という日はありません。%(how_to_write_a_day)s",
                text=text.strip(),
                how_to_write_a_day=_(HOW_TO_WRITE_A_DAY),
            )
        ) from None
    era = era or _era_of(day)
    if day < era.begins_on:
        raise Refusal(
            _(
                "%(era)sは%(first_day)sからです。日付を確かめてください。",
                era=era.name,
                first_day=_first_day(era),
            )
        )
    if stated and stated[1] != WEEKDAYS[day.weekday()]:
        raise Refusal(
            _(
                "%(day)sは%(weekday)sです。日付か曜日を確かめてください。",
                day=long(day),
                weekday=weekday(day),
            )
        )
    return day


def _first_day(era: Era) -> str:
    return f"元年{month_day(era.begins_on)}（{era.begins_on.year}年）"


def read_time(text: str) -> time:
    """Read a time of day: 「14:00」「14時」「14時30分」「14時半」, also full-width.

    Raises Refusal for anything else and for times that do not exist.
    """
    found = _TIME.fullmatch(plain(text))
    if found is None:
        raise Refusal(_(HOW_TO_WRITE_A_TIME))
    hour, after_colon, minutes, half = found.groups()
    try:
        return time(int(hour), 30 if half else int(after_colon or minutes or 0))
    except ValueError:
        raise Refusal(
            _(
                "「%(text)s」という時刻はありません。%(how_to_write_a_time)s",
                text=text.strip(),
                how_to_write_a_time=_(HOW_TO_WRITE_A_TIME),
            )
        ) from None
