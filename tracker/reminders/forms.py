"""Asks for a mended address."""

from wtforms import StringField

from tracker.plumbing.forms import Form, at_most, required


class MendForm(Form):
    """The right address for a letter that did not arrive."""

    email = StringField(
        "正しいメールアドレス",
        validators=[*required("メールアドレスを入力してください。"), at_most(254)],
    )
