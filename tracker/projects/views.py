"""The pages of projects, rounds and reports (Article 3)."""

from tracker.projects.blueprint import bp
from tracker.projects.plans import views as plan_views
from tracker.projects.reports import views as report_views
from tracker.projects.rounds import views as round_views

__all__ = ["bp", "plan_views", "report_views", "round_views"]
