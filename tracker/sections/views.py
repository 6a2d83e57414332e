"""Where the page that is asked for stands: the item of the main menu, the crumbs above it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flask import current_app, g, request, url_for

from tracker.kernel.translation import _
from tracker.plumbing.access import opens
from tracker.sections.rules import NAV, SECTIONS, Section, section_of


@dataclass(frozen=True)
class NavItem:
    """One of the items of the main menu, the same for everyone and in the same order."""

    label: str
    url: str
    current: bool
    count: int


class Crumb(NamedTuple):
    """A place above this page, or this page itself, which has no address."""

    label: str
    url: str | None


def trail() -> list[Crumb]:
    """From home down to what this page stands under, or to the page itself; empty at home."""
    key = _here()
    if not key or not g.get("actor"):
        return []
    above = [Crumb(_(one.label), url_for(one.endpoint)) for one in _upwards(key)][::-1]
    if g.get("back"):
        above[-1] = Crumb(above[-1].label, g.back)
    places = [*above, *(Crumb(*place) for place in g.get("places", ()))]
    own = request.script_root + request.path
    if (places[-1].url or "").partition("?")[0] == own:
        places[-1] = Crumb(places[-1].label, None)
    return places if len(places) > 1 else []


def nav(counts: Mapping[str, int]) -> list[NavItem]:
    """The main menu of the person signed in; `counts` says what waits under an item."""
    key = _here()
    menu = SECTIONS[key].menu if key else ""
    return [
        NavItem(
            _(SECTIONS[one].label),
            url_for(SECTIONS[one].endpoint),
            one == menu,
            counts.get(one, 0),
        )
        for one in NAV
        if opens(SECTIONS[one].endpoint)
    ]


def _here() -> str:
    found: Mapping[str, str] | None = current_app.extensions.get("sections")
    if found is None:
        rules = {one.endpoint: one.rule for one in current_app.url_map.iter_rules()}
        addresses = {
            address: key
            for key, one in SECTIONS.items()
            for endpoint in (one.endpoint, *one.more)
            if (address := rules.get(endpoint))
        }
        found = {name: section_of(rule, addresses) for name, rule in rules.items()}
        current_app.extensions["sections"] = found
    return found.get(request.endpoint or "", "")


def _upwards(key: str) -> Iterator[Section]:
    while key:
        yield SECTIONS[key]
        key = SECTIONS[key].above
