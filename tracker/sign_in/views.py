"""The pages of the feature, gathered from its inner rooms."""

from tracker.sign_in.blueprint import bp
from tracker.sign_in.password import views as password
from tracker.sign_in.password.views import init_app, last_person, load_actor
from tracker.sign_in.second_factor import views as second_factor

__all__ = ["bp", "init_app", "last_person", "load_actor", "password", "second_factor"]
