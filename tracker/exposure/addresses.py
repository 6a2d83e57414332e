"""What may stand in an address: what no row can have is not found, before anybody looks for it."""

from collections.abc import Mapping

from werkzeug.routing import BaseConverter, IntegerConverter, ValidationError

from tracker.plumbing.pages import LARGEST


class Number(IntegerConverter):
    """A number that can be an identifier, in plain digits."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """Passes over what is too large for any row."""
        number: int = super().to_python(value)
        if number > LARGEST:
            raise ValidationError
        return number


class Text(BaseConverter):
    """Words without control signs; PostgreSQL takes no zero byte, and people type none.

    Mail programs take the line break behind a link for a part of it: it is passed over.
    """

    regex = r"[^/\x00-\x1f\x7f]+[\r\n]*"

    def to_python(self, value: str) -> str:
        """The words alone."""
        return value.rstrip("\r\n")


CONVERTERS: Mapping[str, type[BaseConverter]] = {"int": Number, "default": Text}
