"""Takes a table of figures: pasted, or as a file of Excel or CSV."""

from hashlib import sha256
from typing import Any

from flask import request
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, TextAreaField

from tracker.attachments import uploads
from tracker.figures.reading.rules import FigureTable, csv_rows, pasted_rows
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing.forms import Form, at_most, optional

# More sentences nobody reads at once.
MOST_SAID = 10


class TableForm(Form):
    """Boxes for a table; what it says comes into the boxes of the municipalities, to be checked."""

    pasted = TextAreaField(N_("Excelから貼り付ける"), validators=[optional(), at_most(20_000)])
    file = FileField(N_("ExcelかCSVのファイル"))
    # Which pasted text stands in the boxes already: pressing on saves these.
    was_read = HiddenField()


def sent_rows() -> list[list[str]] | None:
    """The rows of what was pasted or sent and was not read yet; None: there is nothing to read.

    Raises Refusal for a file that is no table, and where reading was asked for and nothing came.
    """
    file, pasted = request.files.get("file"), request.form.get("pasted", "")
    is_new = bool(pasted.strip()) and (
        "read" in request.form or request.form.get("was_read") != _digest(pasted)
    )
    if file and file.filename:
        if is_new:
            raise Refusal(
                _("ファイルと貼り付けの、どちらか1つだけにしてください。"), field="pasted"
            )
        try:
            (one,) = uploads.receive([file])
            return _rows_of(one)
        except Refusal as refusal:
            raise Refusal(refusal.message, field="file") from refusal
    if is_new:
        return pasted_rows(pasted)
    if "read" in request.form:
        raise Refusal(_("表を貼り付けるか、ファイルを選んでから押してください。"), field="pasted")
    return None


def _rows_of(one: uploads.Sent) -> list[list[str]]:
    if one.type == "xlsx":
        return uploads.cells_of(one)
    if one.type in ("csv", "txt"):
        return csv_rows(one.content)
    raise Refusal(_("ExcelかCSVのファイル（xlsx、csv）を選んでください。"))


def filled(reading: FigureTable) -> MultiDict[str, Any]:
    """What was sent, with the boxes as the table says; a text read without complaint is done with.

    A table that says nothing leaves all that was typed.
    """
    found: MultiDict[str, Any] = MultiDict(request.form)
    for town in areas.towns() if reading.values else ():
        value = reading.values.get(town.slug)
        found[f"value_{town.slug}"] = "" if value is None else f"{value:,}"
    is_done = reading.values and not reading.problems
    pasted = "" if is_done else found.get("pasted", "")
    found["pasted"], found["was_read"] = pasted, _digest(pasted)
    return found


def _digest(text: str) -> str:
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()
