"""The one blueprint of the feature."""

from flask import Blueprint

bp = Blueprint("record", __name__)
