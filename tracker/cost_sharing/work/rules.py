"""手続・人員 (Article 4(2)): who does what, how much of it, and what was done; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tracker.amounts.exact import Exact, add, read_exact
from tracker.cost_sharing.rules import CaseKind, CaseState
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.shares.split import in_digits

# Of a number of person-days, times or pieces.
DECIMALS = 3


class _Counted:
    """Promised so many of a unit, and done so many; None before that is told."""

    unit: str
    promised: Exact
    done: Exact | None

    @property
    def difference(self) -> Fraction | None:
        """What was done above what was promised; below 0 where it was less."""
        return None if self.done is None else self.done.fraction - self.promised.fraction

    @property
    def difference_told(self) -> str:
        """「+1.5」, 「−2」, 「0」; 「—」 before it is told."""
        of = self.difference
        if of is None:
            return "—"
        sign = "+" if of > 0 else "\N{MINUS SIGN}" if of < 0 else ""
        return sign + in_digits(abs(of), grouped=True)


@dataclass(frozen=True)
class WorkRow(_Counted):
    """What one municipality takes on: `promised` so many of `unit`, and what was `done` of it.

    what: in words.  done: comes after the agreement and is no part of what both sides confirm.
    id, seen: of its row, once it is stored.
    """

    town: Town
    what: str
    promised: Exact
    unit: str
    done: Exact | None = None
    id: int = 0
    seen: str = ""

    @property
    def told(self) -> str:
        """「相談員の派遣　12.5人日」."""
        return f"{self.what}　{self.promised}{self.unit}"

    @property
    def agreed(self) -> "WorkRow":
        """What both sides confirm of it, whichever row keeps it."""
        return replace(self, done=None, id=0, seen="")


def stored(amount: Exact) -> str:
    """An amount as its row keeps it: 「1250.5」."""
    return str(amount).replace(",", "")


def amount_of(text: str) -> Exact:
    """The same read again."""
    return read_exact(text, "", DECIMALS)


def by_town(rows: Iterable[WorkRow]) -> Mapping[Town, Sequence[WorkRow]]:
    """What each municipality takes on, in the order of the rows."""
    found: dict[Town, list[WorkRow]] = {}
    for row in rows:
        found.setdefault(row.town, []).append(row)
    return found


def in_words(rows: Iterable[WorkRow], more: str = "") -> str:
    """One line a row, and what was arranged beside them: for letters and the record's eye."""
    return "\n".join([*(f"{row.town.name}　{row.told}" for row in rows), *filter(None, [more])])


@dataclass(frozen=True)
class WorkTotal(_Counted):
    """All of one unit: promised, and done where every row has told it."""

    unit: str
    promised: Exact
    done: Exact | None


def totals(rows: Sequence[WorkRow]) -> list[WorkTotal]:
    """The sums of each unit, in the order in which the units come."""
    found = []
    for unit in dict.fromkeys(row.unit for row in rows):
        of = [row for row in rows if row.unit == unit]
        done = [row.done for row in of if row.done is not None]
        promised = add(row.promised for row in of)
        found.append(WorkTotal(unit, promised, add(done) if len(done) == len(of) else None))
    return found


def check_done(kind: CaseKind, state: CaseState) -> None:
    """What was done is told once the work is agreed; raises Refusal before, and once replaced."""
    if kind is not CaseKind.WORK or state is not CaseState.AGREED:
        raise Refusal(_("実績は、合意済みの「手続・人員」の案件に入力します。"))


def gaps_of_rows(rows: Sequence[WorkRow], names: Sequence[str], more: str) -> Iterable[Refusal]:
    """What a table lacks: nothing at all in it, or a municipality that takes no part."""
    if not rows and not more:
        yield Refusal(
            _("だれが・何を・どれだけ行うかを、1行以上入れてください。"), field="rows-add"
        )
    for place, row in enumerate(rows):
        if row.town.name not in names:
            yield Refusal(
                _(
                    "%(town)sの行があります。%(town)sを「分担する市町村」に加えるか、行を取り除いてください。",
                    town=row.town.name,
                ),
                field=f"rows-{place}-town",
            )
