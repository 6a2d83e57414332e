"""Asks what each person settles for themselves."""

from wtforms import RadioField

from tracker.plumbing.forms import Form, SeenField, choices, required

EACH, WEEKLY = "each", "weekly"


class DigestForm(Form):
    """お知らせの受け取り方."""

    seen = SeenField()
    digest = RadioField(
        "お知らせのメール",
        choices=choices(
            [(EACH, "期限ごとに1通ずつ"), (WEEKLY, "週に1回、まとめて（週の最初の開庁日の9時）")]
        ),
        validators=required("お知らせの受け取り方を1つ選んでください。"),
    )
