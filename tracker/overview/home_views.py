"""ホーム: what the person signed in must do now, and beside it what their role looks after."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from werkzeug.wrappers import Response

from tracker.duties import queries as duties
from tracker.duties import rules as duty_rules
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Permission, Role
from tracker.meetings import queries as meetings
from tracker.municipalities import queries as areas
from tracker.overview import queries, rules, year
from tracker.overview.blueprint import bp
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.pages import page, section

MOST_WATCHED = 6
MOST_ITEMS = 6


@bp.get("/")
@guard(Permission.READ_AREA)
def home() -> Response:
    """ホーム by role (ux/spec.md 5)."""
    section("home")
    today, who = clock.today(), actor()
    facts = duties.gather(today)
    this = FiscalYear.containing(today)
    events = year.events(
        facts, queries.rounds(), this, today, None if who.is_hub else who.municipality
    )
    return page(
        "overview/home.html",
        tasks=duty_rules.owed(duty_rules.duties(facts, today), who),
        most_items=MOST_ITEMS,
        year=this,
        events=events,
        next_up=year.next_up(events, today),
        cards={name: CARDS[name](who, this, today) for name in _cards_of(who)},
    )


def _cards_of(who: Actor) -> tuple[str, ...]:
    if who.role in (Role.READER, Role.ADMIN):
        return ("places",)
    led = ("led",) if who.role is Role.LEAD else ()
    if not who.is_hub:
        return ("town", *led, "recent")
    return (*led, "recent") if led else ("yearly", "watched", "submissions")


def _town(who: Actor, this: FiscalYear, today: date) -> Mapping[str, Any]:
    """今別町の令和8年度."""
    hand = queries.in_hand(this)
    own = [part for part in hand.asked if part.town == who.municipality]
    bonds = meetings.bonds(this, today)
    return {
        "round": hand.round,
        "submitted": rules.submitted(own),
        "said": rules.said(own),
        "own": sum(part.town == who.municipality for part in hand.parts),
        "all": len({part.project_id for part in hand.parts}),
        "cases": queries.cases(this, who.municipality_id),
        "bond": next((one for one in bonds if one.parties[-1].slug == who.municipality), None),
    }


def _yearly(_who: Actor, this: FiscalYear, today: date) -> Mapping[str, Any]:
    """協約で毎年度行うこと: how many agreements stand where with Article 5, and the cases."""
    standings = Counter(bond.standing for bond in meetings.bonds(this, today))
    return {"standings": standings, "ends": this.ends, "cases": queries.cases(this)}


def _watched(_who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """気をつけたい事業."""
    found = rules.watched(queries.in_hand(this).asked)
    return {"projects": found[:MOST_WATCHED], "more": max(0, len(found) - MOST_WATCHED)}


def _submissions(_who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """提出の割合 by municipality, of the round in hand."""
    hand = queries.in_hand(this)
    return {
        "round": hand.round,
        "towns": [
            (town, rules.submitted(part for part in hand.asked if part.town == town.slug))
            for town in areas.towns()
        ],
        "total": rules.submitted(hand.asked),
    }


def _led(who: Actor, this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """自課の事業."""
    hand = queries.in_hand(this)
    return {"round": hand.round, "projects": rules.led(hand.parts, who.post_id)}


def _recent(who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """最近の動き."""
    return {"movements": queries.movements(who)}


def _places(_who: Actor, _this: FiscalYear, _today: date) -> Mapping[str, Any]:
    """Where those who only read, or look after the accounts, begin."""
    return {}


CARDS: Mapping[str, Callable[[Actor, FiscalYear, date], Mapping[str, Any]]] = {
    "town": _town,
    "yearly": _yearly,
    "watched": _watched,
    "submissions": _submissions,
    "led": _led,
    "recent": _recent,
    "places": _places,
}
