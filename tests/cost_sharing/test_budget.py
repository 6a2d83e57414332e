"""What the pages of a case with everything take, right after a change and after it."""

from datetime import date
from decimal import Decimal

from flask import Flask

from tests.cost_sharing.makers import (
    LATER,
    act_of,
    confirm_by,
    make_agreed,
    make_project,
    make_proposal,
    make_usage,
)
from tests.cost_sharing.test_attachments import attach
from tests.pages import counting
from tests.payments.makers import TERMS, keeper
from tests.projects.makers import Browse
from tests.projects.test_growth import MOST_AFTER_A_CHANGE, change
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula.actions import save_formula
from tracker.cost_sharing.formula.proposal import ProposedPart
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import Stage
from tracker.cost_sharing.stages.actions import start_next
from tracker.figures import actions as figures
from tracker.figures.models import FigureSeries
from tracker.payments import actions as payments
from tracker.plumbing.db import db
from tracker.shares.rules import PartKind

MOST_WARM = 10
PAGES = ("", "/confirm", "/formula")
# What saving a formula changes.
OF_A_PRESS = ("cost_sharing", "projects")


def make_everything() -> list[CostCase]:
    """An agreed 概算 with its payments, and its 精算: changed, returned, on figures that were struck."""
    project = make_project()
    office = act_of("office")
    old = make_usage(project.id)
    proposal = make_proposal(
        parts=(
            ProposedPart(PartKind.EQUAL, Decimal(20)),
            ProposedPart(PartKind.POPULATION, Decimal(60), make_proposal().parts[1].series_id),
            ProposedPart(PartKind.USAGE, Decimal(20), old),
        )
    )
    first = make_agreed(proposal, project=project)
    payments.plan(keeper(), first, TERMS)
    attach(first)
    last = start_next(office, first, Stage.RECONCILIATION, 3_000_000, 1_000_000)
    consultations.add_consultation(office, last, date(2026, 11, 9), "電話", "5市町村", "精算")
    attach(last)
    actions.send(office, last, date(2026, 12, 4))
    confirm_by(last, "hiranai")
    answers.return_case(act_of("confirmer", "imabetsu"), last, "件数を確かめたい。")
    then = make_proposal(stage=Stage.RECONCILIATION, parts=proposal.parts, total_yen=3_100_000)
    save_formula(office, last, then, again=LATER)
    answers.return_case(act_of("confirmer", "yomogita"), last, "件数を確かめたい。")
    make_usage(project.id, "相談件数（訂正）", date(2026, 4, 30))
    figures.strike_figures(office, db.session.get_one(FigureSeries, old), "数え直したため。")
    return [first, last]


def test_the_pages_of_a_case_with_everything_keep_to_their_budget(
    app: Flask, browse: Browse
) -> None:
    with app.app_context():
        paths = [f"/costs/{case.no}" for case in make_everything()]
    over, counted = [], 0
    for role, slug in (("office", "aomori"), ("confirmer", "imabetsu")):
        visitor = browse(role, slug)
        for where in (path + page for path in paths for page in PAGES):
            if visitor.client.get(where).status_code != 200:
                continue
            for rooms, most in (((), MOST_WARM), (OF_A_PRESS, MOST_AFTER_A_CHANGE)):
                if rooms:
                    with app.app_context():
                        change(*rooms)
                with counting() as taken:
                    assert visitor.client.get(where).status_code == 200
                counted += 1
                if len(taken) > most:
                    over.append((role, where, rooms, len(taken)))
    assert over == []
    # Both pages for both, the formula of the one under way, and its confirmation.
    assert counted == 2 * (2 * 2 + 1 + 1)
