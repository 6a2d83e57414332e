"""create_app(): the one place that knows every part."""

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect

from tracker.duties.queries import nav_counts
from tracker.exposure import addresses, checks
from tracker.exposure import views as exposure
from tracker.failures import views as failures
from tracker.kept_posts import actions as posts
from tracker.kept_posts import views as kept_posts
from tracker.mail import letters, transports
from tracker.municipalities import queries as areas
from tracker.operation import server
from tracker.operation.health import views as health
from tracker.papers import kinds as papers
from tracker.plumbing import access, beside, once, pages
from tracker.reminders.queries import banners
from tracker.sections import views as sections
from tracker.sign_in import views as sign_in
from tracker.storage import database, files
from tracker.storage.files import project_root

# The feature folders with pages, from the ground up.
FEATURES = (
    "municipalities",
    "accounts",
    "sign_in",
    "letter_texts",
    "agreements",
    "projects",
    "figures",
    "cost_sharing",
    "cost_papers",
    "cost_trials",
    "payments",
    "grants",
    "questions",
    "meetings",
    "annual_duty",
    "convening",
    "council",
    "decisions",
    "materials",
    "reminders",
    "overview",
    "record",
)


def create_app(changes: Mapping[str, Any] | None = None) -> Flask:
    """The application, with settings from config.py and `changes` (for tests) over them."""
    app = Flask("tracker", template_folder=str(project_root() / "templates"))
    app.config.from_pyfile(str(project_root() / "config.py"))
    app.config.update(changes or {})
    if not app.config["SECRET_KEY"]:
        raise SystemExit(
            "TRACKER_SECRET_KEY is not set, and there is no secret_key in TRACKER_HOME."
        )
    files.close_home(Path(app.config["HOME"]))
    app.url_map.converters.update(addresses.CONVERTERS)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    server.init_app(app)
    health.init_app(app)
    database.init_app(app)
    letters.init_app(app, areas.letter_frame)
    transports.init_app(app)
    CSRFProtect(app)  # asked by checks, once it is known who acts
    sign_in.init_app(app)
    exposure.init_app(app, areas.base_urls, areas.is_example)
    checks.init_app(app, sign_in.load_actor, sign_in.last_person, posts)
    once.init_app(app, access.link_token, posts.shown)
    beside.init_app(app)
    papers.init_app(app, lambda: areas.get_area().name)
    for feature in FEATURES:
        app.register_blueprint(import_module(f"tracker.{feature}.views").bp)
    pages.init_app(app, area=areas.area, nav=lambda: sections.nav(nav_counts()), banners=_banners)
    failures.init_app(app)
    kept_posts.init_app(app)
    app.jinja_env.globals["trail"] = sections.trail
    return app


def _banners() -> Sequence[pages.Banner]:
    return [*kept_posts.banners(), *banners()]


__all__: Sequence[str] = ("create_app",)
