"""The example's calendar: when assemblies sit and when an office is closed."""

from tracker.demo.moment import Moment, actor, day_of
from tracker.kernel.permissions import Role
from tracker.municipalities import actions
from tracker.municipalities import queries as areas
from tracker.municipalities.models import EntryKind
from tracker.plumbing.changes import Act

Day = tuple[int, int]
SESSIONS: tuple[tuple[str, Day, Day], ...] = (
    ("12月定例会（例示）", (12, 3), (12, 18)),
    ("3月定例会（例示）", (2, 24), (3, 19)),
)
AWAY: tuple[str, str, Day, Day] = ("sotogahama", "全国町村会の会議（例示）", (1, 25), (1, 26))
CLOSED: tuple[str, str, Day] = ("yomogita", "庁舎の電気設備点検（例示）", (8, 14))


def enter(m: Moment) -> None:
    """The year's assembly sessions of every municipality, one closed day, and a head away."""
    for town in areas.towns():
        for name, begins, ends in SESSIONS:
            _add(m, town.slug, EntryKind.ASSEMBLY, name, begins, ends)
    slug, name, day = CLOSED
    _add(m, slug, EntryKind.CLOSURE, name, day, day)
    slug, name, *days = AWAY
    _add(m, slug, None, name, *days)


def _add(m: Moment, slug: str, kind: EntryKind | None, name: str, begins: Day, ends: Day) -> None:
    by = actor(Role.OFFICE if slug == "aomori" else Role.OFFICER, slug)
    span = (day_of(m.year, *begins), day_of(m.year, *ends))
    actions.enter_days(Act(by, m.at), [slug], kind, name, *span)
