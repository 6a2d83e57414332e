"""What a municipality, its 団体コード and a calendar entry must be (product.md section 2)."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from tracker.amounts.yen import check_count
from tracker.duty.duty import Owner
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.kernel.typed import plain

LONGEST_ENTRY_DAYS = 60
# What is typed as days to avoid: 「12/28、1/4」.
_A_DAY = re.compile(r"([0-9]{1,2})[/月]([0-9]{1,2})日?")
MOST_NOTICE_DAYS, MOST_POLL_OFFICE_DAYS, MOST_AVOIDED = 60, 40, 20
# From so many municipalities on, a table has no room for words in each one's column.
MANY = 8


@dataclass(frozen=True)
class Town:
    """A municipality as plain values; `name` is what screens show."""

    id: int
    code: str
    slug: str
    name: str
    is_hub: bool
    base_url: str | None

    @property
    def head_title(self) -> str:
        """青森市長."""
        return f"{self.name}長"


class Members(NamedTuple):
    """Who belongs to the area, by slug: the hub, and each partner's 「青森市・今別町」 with it."""

    hub: str
    agreements: Mapping[str, str]

    @property
    def slugs(self) -> tuple[str, ...]:
        """All of them, the hub first, in the order of their codes."""
        return self.hub, *self.agreements

    @property
    def office(self) -> Owner:
        """The hub, as the owner of what its office does for all."""
        return self.owner(self.hub)

    def owner(self, slug: str, post_id: int | None = None, only: Iterable[int] = ()) -> Owner:
        """A municipality as the owner of what it does, by one post or some persons of it if given."""
        return Owner(slug, slug == self.hub, post_id or None, frozenset(only) or None)

    def party(self, slug: str, partner: str = "", post_id: int | None = None) -> Owner:
        """The same for one agreement: that with the partner, or its own; the hub has none by itself."""
        return self.owner(slug, post_id)._replace(agreement=self.agreements.get(partner or slug))


class Busy(NamedTuple):
    """Days on which a municipality is closed, its assembly sits, or its head is away.

    `why` is 「閉庁日」「議会日程」「首長の不在」, `id` that of its row.
    """

    id: int
    town: Town
    why: str
    name: str
    begins_on: date
    ends_on: date
    entered_by: str | None
    is_absence: bool


def check_entry(begins_on: date, ends_on: date, today: date) -> None:
    """Refuses a span that ends before it begins, one too long to be meant, and one outside this
    fiscal year and the next, which are what the calendar shows.
    """
    if ends_on < begins_on:
        raise Refusal(
            _("終わりの日は、始まりの日か、それより後の日にしてください。"), field="ends_on"
        )
    if (ends_on - begins_on).days >= LONGEST_ENTRY_DAYS:
        raise Refusal(
            _(
                "続く日数が%(longest_entry_days)s日を超えています。分けて入力してください。",
                longest_entry_days=LONGEST_ENTRY_DAYS,
            ),
            field="ends_on",
        )
    year = FiscalYear.containing(today)
    if ends_on < year.begins or begins_on > year.next.ends:
        raise Refusal(
            _(
                "%(day)sになっています。年を確かめて、%(first)sから%(last)sまでの日にしてください。",
                day=wareki.long(begins_on),
                first=wareki.long(year.begins),
                last=wareki.long(year.next.ends),
            ),
            field="begins_on",
        )


def days_of(spans: Iterable[tuple[date, date]]) -> frozenset[date]:
    """Every day inside the spans, both ends included."""
    return frozenset(
        begins + timedelta(days=n)
        for begins, ends in spans
        for n in range((ends - begins).days + 1)
    )


def check_digit(five: str) -> str:
    """The sixth digit of a 全国地方公共団体コード, which checks the five before it.

    Source: 総務省 「全国地方公共団体コード仕様」: weights 6 to 2, modulus 11.
    """
    total = sum(int(digit) * weight for digit, weight in zip(five, range(6, 1, -1), strict=True))
    return str(11 - total % 11)[-1]


def code_readings(typed: str) -> tuple[str, ...]:
    """The codes of five digits that may be meant, full-width digits too; none: it is no code.

    Six digits are taken by their check digit.  A spreadsheet takes the zero in front of the codes
    of 北海道 to 栃木県, so that four digits are five, and five may be six without it.
    """
    digits = plain(typed)
    if not (digits.isascii() and digits.isdecimal() and 4 <= len(digits) <= 6):
        return ()
    six = digits if len(digits) == 6 else f"0{digits}"
    found = [digits] if len(digits) == 5 else [six] if len(digits) == 4 else []
    if len(six) == 6 and check_digit(six[:5]) == six[5]:
        found.append(six[:5])
    # Below 100 stand prefectures, from 800 on associations of municipalities.
    return tuple(one for one in found if one[:2] != "00" and "100" <= one[2:] < "800")


def read_code(typed: str, prefectures: Collection[str] = ()) -> str:
    """A 団体コード as it is stored: five digits.

    `prefectures` are the first two digits of the codes beside it: they decide between two
    readings.  Raises Refusal for no code, a wrong check digit, and what stays ambiguous.
    """
    found = code_readings(typed)
    meant = [one for one in found if one[:2] in prefectures] if len(found) > 1 else found
    if len(meant) == 1:
        return meant[0]
    said = _("コード「%(typed)s」", typed=typed[:20])
    if found:
        raise Refusal(
            _(
                "%(code)sは2通りに読めます。6けたのコードで入力してください（例 022012）。",
                code=said,
            )
        )
    raise Refusal(
        _(
            "%(code)sは正しくありません。全国地方公共団体コードを、5けたか、"
            "検査数字の付いた6けたで入力してください（例 02201、022012）。",
            code=said,
        )
    )


# --- what the meetings of the heads keep to ---------------------------------------------------------


class LeadTimes(NamedTuple):
    """What the preparation of a meeting keeps to: settings of the area.

    The notice goes out so many calendar days before, a poll is open for so many office days, and no
    meeting is proposed on the `avoided` days (month, day).
    """

    notice_days: int = 14
    poll_office_days: int = 10
    avoided: frozenset[tuple[int, int]] = frozenset({(12, 28), (1, 4), (3, 31), (4, 1)})

    def is_avoided(self, day: date) -> bool:
        """Whether nobody meets on that day of the year."""
        return (day.month, day.day) in self.avoided


USUAL = LeadTimes()


def read_avoided(typed: str) -> frozenset[tuple[int, int]]:
    """The days (month, day) in 「12/28、1/4」, full-width too; raises Refusal beside the field."""
    parts = [one for one in re.split(r"[、,，\s]+", plain(typed)) if one]
    found = [_A_DAY.fullmatch(one) for one in parts]
    days = {(int(one[1]), int(one[2])) for one in found if one}
    # 29 February is a day, too.
    real = {one for one in days if 1 <= one[0] <= 12 and 1 <= one[1] <= monthrange(2024, one[0])[1]}
    if None in found or len(real) < len(days):
        raise Refusal(
            _("避ける日は「12/28、1/4」のように、月と日を「/」で書いて入力してください。"),
            field="avoided_days",
        )
    if len(real) > MOST_AVOIDED:
        raise Refusal(_("避ける日は%(most)s日までです。", most=MOST_AVOIDED), field="avoided_days")
    return frozenset(real)


def check_times(notice_days: int, poll_office_days: int) -> None:
    """Refuses times that no meeting could be prepared in; raises Refusal beside the field."""
    check_count(notice_days, _("日数"), 1, MOST_NOTICE_DAYS, "notice_days")
    check_count(poll_office_days, _("開庁日数"), 1, MOST_POLL_OFFICE_DAYS, "poll_office_days")
