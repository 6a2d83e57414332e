"""/healthz: for what watches the server and for the proxy before it."""

from flask import Flask, jsonify, request
from werkzeug.wrappers import Response

from tracker.operation.health import queries
from tracker.plumbing import clock


def init_app(app: Flask) -> None:
    """Answers /healthz before anything else asks the database: it must speak when that is gone."""

    @app.before_request
    def healthz() -> Response | None:
        if request.path != "/healthz" or request.method not in ("GET", "HEAD"):
            return None
        found = queries.examine(clock.now(), only_cheap=True)
        words = list(dict.fromkeys(one.words for one in found if not one.ok))
        answer = jsonify({"status": "failing", "words": words} if words else {"status": "ok"})
        answer.status_code = 503 if words else 200
        return answer
