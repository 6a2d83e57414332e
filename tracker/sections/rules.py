"""The parts of the site, and which of them a page belongs to by its address."""

from collections.abc import Mapping
from typing import NamedTuple

from tracker.kernel.translation import N_


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


def section_of(rule: str, addresses: Mapping[str, str]) -> str:
    """The section of a page by its address; `addresses` are those of the sections. "" is none."""
    fitting = [one for one in addresses if rule == one or rule.startswith(one.rstrip("/") + "/")]
    best = max(fitting, key=len, default="")
    # Everything stands below "/", and only home is there.
    return addresses[best] if best and (best != "/" or rule == "/") else ""
