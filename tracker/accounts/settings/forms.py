"""Asks what each person settles for themselves."""

from wtforms import RadioField

from tracker.plumbing.forms import Form, SeenField, choices, must_choose

EACH, WEEKLY = "each", "weekly"


class DigestForm(Form):
    """お知らせの受け取り方."""

    seen = SeenField()
    digest = must_choose(
        "お知らせのメール",
        "お知らせの受け取り方を1つ選んでください。",
        choices(
            [(EACH, "期限ごとに1通ずつ"), (WEEKLY, "週に1回、まとめて（週の最初の開庁日の9時）")]
        ),
        RadioField,
    )
