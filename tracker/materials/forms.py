"""Asks for a material: its number, name, item, readers and file."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from tracker.attachments import uploads
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.materials.actions import MaterialWords, PagedFile
from tracker.municipalities import queries as areas
from tracker.papers import volume
from tracker.plumbing.forms import (
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    choices,
    optional,
    required,
    with_fields,
)

UNKNOWN = N_("一覧の中から選んでください。")


class FileForm(Form):
    """A file, judged by what it holds; `paged` says what stands on its pages."""

    file = FileField(N_("ファイル"))
    paged: PagedFile | None = None

    def validate_file(self, field: FileField) -> None:
        """Says why a file cannot be taken: its kind, a PDF that is locked, broken or endless."""
        if not field.data:
            raise ValidationError(_("ファイルを選んでください。"))
        named = ""
        try:
            [sent] = uploads.receive([field.data])
            pages: Sequence[str] = ()
            # From here on nobody else says which file is meant.
            named = _("「%(name)s」：", name=sent.name)
            if sent.type == "pdf":
                pages = volume.pages_of(sent.content)
            elif sent.type in volume.PICTURES:
                pages = [uploads.digest_of(sent.content)]
        except Refusal as refusal:
            raise ValidationError(named + refusal.message) from refusal
        self.paged = PagedFile(sent, pages)


class MaterialWordsForm(Form):
    """What is said of a material; who alone may read it is added by `_offer`."""

    number = LineField(
        N_("資料番号"), validators=[*required(N_("資料番号を入力してください。")), at_most(20)]
    )
    title = LineField(
        N_("件名"), validators=[*required(N_("件名を入力してください。")), at_most(150)]
    )
    item = SelectField(N_("議題"), invalid_choice_message=UNKNOWN)

    @property
    def words(self) -> MaterialWords:
        """The same as actions take it."""
        return MaterialWords(
            *(self.number.data, self.title.data, int(self.item.data) or None),
            self["only"].data or (),
        )


class UploadForm(FileForm, MaterialWordsForm):
    """A material that comes as a file."""


class MaterialForm(MaterialWordsForm):
    """The same of one there is."""

    seen = SeenField()


class ReplaceFileForm(FileForm):
    """差替え: another file, and why."""

    reason = LinesField(N_("差し替える理由"), validators=[optional(), at_most(300)])
    seen = SeenField()


class MakeAgainForm(Form):
    """作り直す: the same from the data as they are now, and why."""

    reason = LinesField(
        N_("差し替える理由"),
        validators=[*required(N_("差し替える理由を入れてください。")), at_most(300)],
    )
    seen = SeenField()


def upload_form(items: Sequence[tuple[int, str]], **kwargs: Any) -> Any:
    """The form of a new material; `items` are those of the agenda (id and title)."""
    return _offer(UploadForm, items, kwargs)


def material_form(items: Sequence[tuple[int, str]], **kwargs: Any) -> Any:
    """The form of a material there is."""
    return _offer(MaterialForm, items, kwargs)


def _offer(form: type[MaterialWordsForm], items: Sequence[tuple[int, str]], kwargs: Any) -> Any:
    only = SelectMultipleField(
        N_("見せる市町村"),
        choices=choices((town.slug, town.name) for town in areas.towns()),
        invalid_choice_message=N_("見せる市町村を選び直してください。"),
    )
    made = with_fields(form, {"only": only})(**kwargs)
    made.item.choices = choices([(0, _("なし（会議全体）")), *items])
    return made
