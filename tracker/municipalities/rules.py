"""What a base figure and a calendar entry must be (product.md sections 2 and 6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal

LONGEST_ENTRY_DAYS = 60
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


class FigureKind(Labelled):
    """What a base figure counts; the values are the kinds of parts of a cost split."""

    POPULATION = "population", "人口"
    USAGE = "usage", "利用実績"
    FISCAL = "fiscal", "財政規模・需要額"
    GRANT_CAP = "grant_cap", "特別交付税の上限"


def check_figures(values: Mapping[str, int | None], as_of_on: date, today: date) -> None:
    """Refuses a series without any figure, or one counted on a day to come."""
    if as_of_on > today:
        raise Refusal(
            "基準日がまだ来ていません。数えた日、または公表の基準日を入れてください。",
            field="as_of_on",
        )
    if not any(values.values()):
        raise Refusal("市町村の数値を1つ以上入力してください。")


def check_entry(begins_on: date, ends_on: date) -> None:
    """Refuses a span that ends before it begins, or one too long to be meant."""
    if ends_on < begins_on:
        raise Refusal("終わりの日は、始まりの日より後の日にしてください。", field="ends_on")
    if (ends_on - begins_on).days >= LONGEST_ENTRY_DAYS:
        raise Refusal(
            f"続く日数が{LONGEST_ENTRY_DAYS}日を超えています。分けて入力してください。",
            field="ends_on",
        )


def days_of(spans: Iterable[tuple[date, date]]) -> frozenset[date]:
    """Every day inside the spans, both ends included."""
    return frozenset(
        begins + timedelta(days=n)
        for begins, ends in spans
        for n in range((ends - begins).days + 1)
    )
