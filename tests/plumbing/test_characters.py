"""The rule of characters where it is leaned on: forms, the record of every act, file names."""

import pytest
from flask import Flask

from tests import cast
from tracker.accounts import queries as people
from tracker.kernel.refusal import Refusal
from tracker.municipalities.models import Area
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


@pytest.mark.parametrize("wrong", ["\u200b", "\u3164", "\u2066", "\x00", "\ue000"])
def test_no_act_keeps_what_no_form_takes(both: Flask, wrong: str) -> None:
    """Also from a file, a command or another program."""
    area = db.session.get_one(Area, 1)
    act = Act(people.actor_of(cast.email("office")), cast.NOW)
    said = "3文字目（「青森」のすぐ後ろ）に、"
    with pytest.raises(Refusal, match=said) as refused, act.change("area.changed", area, "…"):
        area.name = f"青森{wrong}圏域"
    assert refused.value.field == "name"
    db.session.rollback()
    assert db.session.get_one(Area, 1, populate_existing=True).name == "青森圏域連携中枢都市圏"
    with act.change("area.changed", area, "…"):
        area.name = "葛󠄀城圏域　協議会"
    assert db.session.get_one(Area, 1, populate_existing=True).name == "葛󠄀城圏域　協議会"


def test_the_sentence_stands_beside_the_box_with_what_was_typed(browse) -> None:
    new = {"municipality": "imabetsu", "kind": "secretary", "name": "企画\u200b係", "email": ""}
    office = browse("admin")
    page = office.fill("/admin/posts/new", new)
    assert page.status == 422
    assert "3文字目（「企画」のすぐ後ろ）に、見えない文字（U+200B）" in page.one("#name-error").text
    assert page.fields()["name"] == "企画\u200b係"
    # Around it, it came along from where it was copied.
    page = office.follow(office.fill("/admin/posts/new", {**new, "name": "\u200b葛󠄀城係\ufeff"}))
    assert "「葛󠄀城係」を登録しました。" in page.text
