"""Where a page stands: its section of the site, the item of the main menu, the crumbs above it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flask import current_app, g, request, url_for

from tracker.kernel.translation import N_, _
from tracker.plumbing.access import opens


class Section(NamedTuple):
    """A part of the site: its words, its first page, the menu item and the section it is under.

    Every page whose address begins with that of the first page, or of one of `more`, belongs to
    it; the longest address wins.
    """

    label: str
    endpoint: str
    menu: str = ""
    above: str = "home"
    more: tuple[str, ...] = ()


# Those that are menu items stand in the order of the menu (ux/spec.md 2.1).
SECTIONS: Mapping[str, Section] = {
    "home": Section(N_("ホーム"), "overview.home", "home", above=""),
    "measures": Section(N_("別表と事業"), "overview.matrix", "measures"),
    "reports": Section(N_("進捗報告"), "projects.rounds", "reports"),
    "meetings": Section(N_("市町村長会議"), "annual_duty.index", "meetings"),
    "costs": Section(N_("費用負担"), "cost_sharing.index", "costs"),
    "questions": Section(N_("疑義の記録"), "questions.index", "questions"),
    "notices": Section(N_("通知"), "reminders.index", "notices"),
    "projects": Section(N_("事業の一覧"), "projects.index", "measures", above="measures"),
    "agreements": Section(N_("連携協約"), "agreements.index", "measures"),
    "imports": Section(N_("協約の取込み"), "agreements.import_agreement", "measures", "agreements"),
    "schedules": Section(N_("送る日"), "reminders.schedules", "notices", above="notices"),
    "texts": Section(N_("文面"), "letter_texts.texts", "notices", above="notices"),
    "help": Section(N_("はじめて担当される方へ"), "overview.first", "home"),
    "handover": Section(N_("引継ぎ"), "accounts.handover", "home"),
    "people": Section(
        N_("利用者と役職"),
        "accounts.people",
        more=("accounts.new_post", "accounts.edit_post", "sign_in.all_sign_ins"),
    ),
    "audit": Section(N_("監査記録"), "record.audit"),
    "settings": Section(N_("自分の設定"), "accounts.settings"),
    "figures": Section(N_("基礎数値"), "figures.index"),
    "closures": Section(N_("閉庁日と議会日程"), "municipalities.calendar"),
}
NAV = [key for key, one in SECTIONS.items() if one.menu == key]


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


def stand(*places: tuple[str, str], back: str | None = None) -> None:
    """Tells the frame what this page stands under, below its section: words and address of each.

    One with this page's own address names the page in the place of its title.  `back` is where
    the section is gone back to from here, if that is not its first page.
    """
    g.places, g.back = places, back


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


def section_of(rule: str, addresses: Mapping[str, str]) -> str:
    """The section of a page by its address; `addresses` are those of the sections. "" is none."""
    fitting = [one for one in addresses if rule == one or rule.startswith(one.rstrip("/") + "/")]
    best = max(fitting, key=len, default="")
    # Everything stands below "/", and only home is there.
    return addresses[best] if best and (best != "/" or rule == "/") else ""


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
