"""What base figures must be (product.md section 6)."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _


class FigureKind(Labelled):
    """What a base figure counts; the values are the kinds of parts of a cost split."""

    POPULATION = "population", N_("人口")
    USAGE = "usage", N_("利用実績")
    FISCAL = "fiscal", N_("財政規模・需要額")
    GRANT_CAP = "grant_cap", N_("特別交付税の上限")


class Series(NamedTuple):
    """A series of base figures by municipality's name, with its day and its source in words."""

    unit: str
    as_of_on: date
    source: str
    values: Mapping[str, int]


def check_figures(values: Mapping[str, int | None], as_of_on: date, today: date) -> None:
    """Refuses a series without any figure, or one counted on a day to come."""
    if as_of_on > today:
        raise Refusal(
            _("基準日がまだ来ていません。数えた日、または公表の基準日を入れてください。"),
            field="as_of_on",
        )
    if not any(values.values()):
        raise Refusal(_("市町村の数値を1つ以上入力してください。"))
