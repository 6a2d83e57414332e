"""What all pages of the meeting share: where they are registered."""

from flask import Blueprint

bp = Blueprint("meetings", __name__)
