"""ホーム: what the person signed in must do now, and beside it what their role looks after."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from werkzeug.wrappers import Response

from tracker.annual_duty import queries as annual_duty
from tracker.cost_sharing import queries as costs
from tracker.duties import queries as duties
from tracker.duty.duty import is_ahead
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Permission, Role, allowed
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.overview.blueprint import bp
from tracker.overview.home import queries, rules, year
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.memo import kept
from tracker.plumbing.pages import page
from tracker.projects import queries as projects

MOST_WATCHED = 6
MOST_ITEMS = 6
MOST_LED = 8
SHELF = (
    (Permission.MANAGE_PEOPLE, "accounts.people", N_("利用者と役職")),
    (Permission.READ_HISTORY, "record.audit", N_("監査記録")),
    (Permission.EDIT_CALENDAR, "municipalities.calendar", N_("閉庁日と議会日程")),
    (Permission.EDIT_FIGURES, "figures.index", N_("基礎数値（人口など）")),
    (Permission.IMPORT_AGREEMENT, "agreements.import_agreement", N_("協約の取込み")),
    (Permission.READ_AREA, "projects.index", N_("事業の一覧")),
    (Permission.READ_AREA, "agreements.index", N_("連携協約の全文と別表")),
)


@bp.get("/")
@guard(Permission.READ_AREA)
def home() -> Response:
    """ホーム by role (ux/spec.md 5)."""
    today, who = clock.today(), actor()
    this = FiscalYear.containing(today)
    owed = sorted(duties.owed(who, today), key=lambda one: one.shown_on(today))
    events = _events(this, today, None if who.is_hub else who.municipality)
    return page(
        "overview/home.html",
        tasks=[one for one in owed if not is_ahead(one, today)],
        ahead=[one for one in owed if is_ahead(one, today)],
        most_items=MOST_ITEMS,
        year=this,
        events=events,
        next_up=year.next_up(events, today),
        cards={
            name: kept(("card", name, who, today), None, partial(CARDS[name], who, this, today))
            for name in _cards_of(who)
        },
    )


@bp.get("/help/first")
@guard(Permission.READ_AREA)
def first() -> Response:
    """はじめて担当される方へ: the agreement, the year, and what the own role does in it."""
    who = actor()
    return page(
        "overview/first.html", jobs=rules.jobs(who.role, who.is_hub), is_office=who.role == "office"
    )


def _events(this: FiscalYear, today: date, town: str | None) -> Sequence[year.YearDay]:
    def make() -> Sequence[year.YearDay]:
        facts = year.Facts(
            projects.requested_reports(this),
            [annual_duty.article_five_now(this, today)],
            costs.in_hand(today),
        )
        return year.events(facts, projects.rounds(), this, today, town)

    return kept(("events", this, today, town), None, make)


def _cards_of(who: Actor) -> tuple[str, ...]:
    if who.role in (Role.READER, Role.ADMIN):
        return ("places", "shelf") if who.role is Role.ADMIN else ("places",)
    led = ("welcome",) + (("led",) if who.role is Role.LEAD else ())
    if not who.is_hub:
        return (*led, "town", "shelf", "recent")
    if who.role is Role.LEAD:
        return (*led, "shelf", "recent")
    return (*led, "yearly", "watched", "submissions", "shelf")


def _welcome(who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """はじめて担当される方へ, until it is put away."""
    return {"is_shown": who.is_new}


def _town(who: Actor, this: FiscalYear, today: date) -> Mapping[str, Any]:
    """今別町の令和8年度, after the years before it that still take reports."""
    hand = queries.in_hand(this)
    own = [
        (one, [part for part in asked if part.town.slug == who.municipality])
        for one, asked in hand.rounds
    ]
    told = [(one, rules.submitted(parts), rules.said(parts)) for one, parts in own]
    bound = annual_duty.article_five_now(this, today).agreements
    return {
        "years": rules.by_year(told, this),
        "own": sum(part.town.slug == who.municipality for part in hand.parts),
        "all": len({part.project_id for part in hand.parts}),
        "cases": queries.cases(this, who.municipality_id),
        "agreement": next((one for one in bound if one.parties[-1].slug == who.municipality), None),
    }


def _yearly(_who: Actor, this: FiscalYear, today: date) -> Mapping[str, Any]:
    """協約で毎年度行うこと: how many agreements stand where with Article 5, and the cases."""
    standings = Counter(
        one.standing for one in annual_duty.article_five_now(this, today).agreements
    )
    return {"standings": standings, "ends": this.ends, "cases": queries.cases(this)}


def _watched(_who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """気をつけたい事業."""
    newest, asked = queries.in_hand(this).newest
    found = rules.watched(asked)
    return {
        "round": newest,
        "projects": found[:MOST_WATCHED],
        "more": len(found) - MOST_WATCHED,
        "names": {town.slug: town.name for town in areas.towns()},
    }


def _submissions(_who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """提出の割合 by municipality, of each round in hand, oldest first."""
    return {
        "rounds": [
            (
                one,
                [
                    (town, rules.submitted(part for part in asked if part.town == town))
                    for town in areas.towns()
                ],
                rules.submitted(asked),
            )
            for one, asked in queries.in_hand(this).rounds
        ]
    }


def _led(who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """自課の事業."""
    found = rules.led(queries.in_hand(this).parts, who.post_id)
    return {"projects": found[:MOST_LED], "more": len(found) - MOST_LED}


def _recent(who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """最近の動き."""
    return {
        "movements": [
            (f"{wareki.month_day(clock.day(one.at))}　{one.actor}", one.summary)
            for one in queries.movements(who)
        ]
    }


def _shelf(who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """よく使うもの: pages without a place in the menu, for those who work with them."""
    return {"links": [(endpoint, _(label)) for may, endpoint, label in SHELF if allowed(who, may)]}


def _places(_who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """Where those who only read, or look after the accounts, begin."""
    return {}


CARDS: Mapping[str, Callable[[Actor, FiscalYear, date], Mapping[str, Any]]] = {
    "welcome": _welcome,
    "town": _town,
    "yearly": _yearly,
    "watched": _watched,
    "submissions": _submissions,
    "led": _led,
    "shelf": _shelf,
    "recent": _recent,
    "places": _places,
}
