"""An enum with labels stays what StrEnum is."""

import json
from enum import unique

import pytest

from tracker.kernel.labelled import Labelled


@unique
class Colour(Labelled):
    RED = "red", "赤"
    BLUE = "blue", "青", "#00f"

    def __init__(self, _value: str, _label: str = "", code: str = "") -> None:
        self.code = code


def test_a_member_is_its_value_and_has_its_label():
    assert Colour("red") is Colour.RED
    assert (Colour.RED, Colour.RED.value, f"{Colour.RED}", str(Colour.RED)) == ("red",) * 4
    assert [one.label for one in Colour] == ["赤", "青"]
    assert (Colour.RED.code, Colour.BLUE.code) == ("", "#00f")
    assert json.dumps({Colour.RED: Colour.BLUE}) == '{"red": "blue"}'
    assert {"red": 1}[Colour.RED] == 1


def test_a_label_is_no_value():
    with pytest.raises(ValueError, match="赤"):
        Colour("赤")
