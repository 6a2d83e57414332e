"""The pages of the feature, gathered from its inner rooms."""

from tracker.accounts.blueprint import bp
from tracker.accounts.handover import views as handover
from tracker.accounts.people import views as people
from tracker.accounts.second_factor import views as second_factor
from tracker.accounts.settings import views as settings
from tracker.accounts.sign_in import views as sign_in
from tracker.accounts.sign_in.views import init_app, last_person, load_actor

__all__ = [
    "bp",
    "handover",
    "init_app",
    "last_person",
    "load_actor",
    "people",
    "second_factor",
    "settings",
    "sign_in",
]
