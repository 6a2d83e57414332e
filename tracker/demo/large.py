"""A large area, made up throughout: a hub and 29 towns, 100 projects and seven years of work."""

from datetime import date, datetime, time

from tracker.agreements.review import actions as agreements
from tracker.demo import area, letters, past, people
from tracker.demo.moment import Moment, actor, open_day
from tracker.demo.past import Scale
from tracker.figures import actions as figures
from tracker.figures.rules import FigureKind
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.municipalities import actions as municipalities
from tracker.municipalities.actions import NewTown
from tracker.municipalities.models import EntryKind
from tracker.plumbing import clock
from tracker.plumbing.changes import Act

SCALE = Scale(projects=100, years=7, reminders=1500)
HUB = "hub"
NAME, PLACE = "みなと圏域連携中枢都市圏", "みなと市役所 第1会議室"
# Among short names stand longer ones, as among real municipalities.
_KINDS = (("町", "ちょう"), ("村", "むら"), ("やまかわ町", "やまかわちょう"), ("町", "ちょう"))
_ONES = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_TENS = ("", "じゅう", "にじゅう", "さんじゅう")


def _town(number: int) -> NewTown:
    """第05町, town05; no prefecture has the number its code begins with."""
    kind, kana = _KINDS[number % len(_KINDS)]
    read = f"だい{_TENS[number // 10]}{_ONES[number % 10]}{kana}"
    return NewTown(f"99{300 + number}", f"第{number:02}{kind}", read, f"town{number:02}")


TOWNS = (NewTown("99201", "みなと市", "みなとし", HUB), *(_town(n) for n in range(2, 31)))
SIGN_INS = (
    *(f"{role}@{HUB}.example" for role in ("office", "lead", "confirmer", "reader", "admin")),
    *(f"{role}@{town.slug}.example" for town in TOWNS[1:] for role in ("officer", "confirmer")),
)


def load(until: datetime) -> None:
    """Writes the area as it stands at an instant, with the fiscal years up to that day's own."""
    this = FiscalYear.containing(clock.day(until))
    first = FiscalYear(this.year - SCALE.years + 1)
    at = clock.at(first.begins, area.BEGINS)
    area.enter_people(NAME, TOWNS, PLACE, at)
    _import_agreements(date(first.year - 1, 12, 25), at)
    _enter_population(at)
    confirmed = clock.at(open_day(this, 4, 7), time(10))
    if confirmed <= until:
        people.confirm(Moment(this, confirmed, is_first=False, is_present=True))
    past.write(SCALE, until)
    _enter_sessions(this, until)
    letters.remind(clock.at(clock.day(until), time.min), until)
    letters.mark_sent()


def _import_agreements(concluded_on: date, at: datetime) -> None:
    """One for each town, from the text that the small example takes."""
    source = area.TEXT.read_text(encoding="utf-8")
    for real, made in (
        ("青森市", TOWNS[0].name),
        ("青森圏域", "みなと圏域"),
        ("陸奥湾", "みなと湾"),
        ("令和元年12月25日", wareki.long(concluded_on)),
        ("令和元年 12 月 25 日", wareki.long(concluded_on)),
    ):
        source = source.replace(real, made)
    for town in TOWNS[1:]:
        agreements.import_text(
            Act(actor(Role.OFFICE, HUB), at),
            area.sister(source, town.name),
            f"{town.name}（例示）.txt",
            accept=True,
            is_example=True,
        )


def _enter_population(at: datetime) -> None:
    people = {town.slug: 1_900 + number * 1_370 for number, town in enumerate(TOWNS)}
    figures.enter_figures(
        Act(actor(Role.OFFICE, HUB), at),
        FigureKind.POPULATION,
        "人口（例示）",
        date(2015, 10, 1),
        "例示",
        {**people, HUB: 262_000},
        is_confirmed=True,
        is_example=True,
    )


def _enter_sessions(year: FiscalYear, at: datetime) -> None:
    """The days on which the assemblies sit."""
    municipalities.enter_days(
        Act(actor(Role.OFFICE, HUB), at),
        [town.slug for town in TOWNS],
        EntryKind.ASSEMBLY,
        "12月定例会（例示）",
        date(year.year, 12, 3),
        date(year.year, 12, 18),
    )
