"""Where the pages of payments are registered."""

from flask import Blueprint

bp = Blueprint("payments", __name__)
