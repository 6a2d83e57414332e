"""The one blueprint of the feature; its modules of views put their pages on it."""

from flask import Blueprint

bp = Blueprint("sign_in", __name__)
