"""The pages of cost sharing (Article 4(2))."""

from tracker.cost_sharing.answers import views as answer_views
from tracker.cost_sharing.blueprint import bp
from tracker.cost_sharing.cases import views as case_views
from tracker.cost_sharing.consultations import views as consultation_views
from tracker.cost_sharing.formula import views as formula_views
from tracker.cost_sharing.stages import views as stage_views
from tracker.cost_sharing.trials import views as trial_views
from tracker.cost_sharing.work import views as work_views

__all__ = [
    "answer_views",
    "bp",
    "case_views",
    "consultation_views",
    "formula_views",
    "stage_views",
    "trial_views",
    "work_views",
]
