"""The pages of cost sharing (Article 4(2))."""

from tracker.cost_sharing.blueprint import bp
from tracker.cost_sharing.cases import views as case_views
from tracker.cost_sharing.formula import views as formula_views
from tracker.cost_sharing.work import views as work_views

__all__ = ["bp", "case_views", "formula_views", "work_views"]
