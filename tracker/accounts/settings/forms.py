"""Asks what each person settles for themselves."""

from wtforms import RadioField

from tracker.kernel.translation import N_
from tracker.plumbing.forms import Form, SeenField, choices, must_choose

EACH, WEEKLY = "each", "weekly"


class DigestForm(Form):
    """お知らせの受け取り方."""

    seen = SeenField()
    digest = must_choose(
        N_("お知らせのメール"),
        N_("お知らせの受け取り方を1つ選んでください。"),
        choices(
            [
                (EACH, N_("期限ごとに1通ずつ")),
                (WEEKLY, N_("週に1回、まとめて（週の最初の開庁日の9時）")),
            ]
        ),
        RadioField,
    )
