"""APScheduler is only the clock: it says "look", the tables say what there is to do."""

import logging

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db
from tracker.reminders import actions

log = logging.getLogger(__name__)


def start(app: Flask) -> BackgroundScheduler:
    """Looks every CLOCK_SECONDS, in this process; more such processes do no harm."""
    scheduler = BackgroundScheduler(timezone="Asia/Tokyo")
    scheduler.add_job(
        look,
        "interval",
        args=[app],
        seconds=app.config["CLOCK_SECONDS"],
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler


def look(app: Flask) -> None:
    """One pass; whatever goes wrong is written down and the next look tries again."""
    with app.app_context():
        try:
            actions.run_once()
        except Refusal as refusal:
            log.error("%s", refusal.message)
        except Exception:
            log.exception("the pass failed; the next one tries again")
        finally:
            db.session.remove()
