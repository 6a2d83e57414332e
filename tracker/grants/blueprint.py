"""Where the pages of the ledger are registered."""

from flask import Blueprint

bp = Blueprint("grants", __name__)
