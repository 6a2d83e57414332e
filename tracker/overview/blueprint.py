"""The one blueprint of the feature; two modules put their pages on it."""

from flask import Blueprint

bp = Blueprint("overview", __name__)
