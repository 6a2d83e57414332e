"""Chiefs and hand-overs as pure rules."""

import pytest

from tracker.accounts.rules import check_chief, check_hand_over, may_hand_over
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal

# Post -> its chief: 1 reports to 2, 2 to 3.
CHIEFS = {1: 2, 2: 3, 3: None, 4: None}


@pytest.mark.parametrize(("post", "chief"), [(1, None), (1, 2), (1, 4), (4, 1), (None, 3)])
def test_a_post_reports_to_another_of_its_municipality(post: int | None, chief: int | None) -> None:
    check_chief(post, chief, CHIEFS)


@pytest.mark.parametrize(
    ("post", "chief", "said"),
    [
        (1, 9, "同じ市町村"),
        (None, 9, "同じ市町村"),
        (1, 1, "自分の役職"),
        (2, 1, "この役職が上司になっている"),
        (3, 1, "この役職が上司になっている"),
    ],
)
def test_no_post_is_above_itself_or_reports_elsewhere(
    post: int | None, chief: int, said: str
) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        check_chief(post, chief, CHIEFS)
    assert refused.value.field == "chief"


def test_a_circle_that_stands_already_is_walked_round_once() -> None:
    check_chief(4, 1, {1: 2, 2: 1, 4: None})


OFFICER = Actor(1, "今別町 企画担当", Role.OFFICER, "imabetsu", 3, "今別町", 5, False)


@pytest.mark.parametrize(
    ("post", "kind", "town", "may"),
    [
        (5, "officer", "imabetsu", True),
        (6, "officer", "imabetsu", True),
        (6, "secretary", "imabetsu", True),
        (6, "chief", "imabetsu", True),
        (6, "reader", "imabetsu", True),
        # Whoever could name them could act for them.
        (6, "confirmer", "imabetsu", False),
        (6, "lead", "imabetsu", False),
        (6, "office", "imabetsu", False),
        (6, "admin", "imabetsu", False),
        (6, "officer", "yomogita", False),
        (5, "officer", "yomogita", False),
    ],
)
def test_who_may_hand_which_post_over(post: int, kind: str, town: str, may: bool) -> None:
    assert may_hand_over(OFFICER, post, kind, town) is may
    if not may:
        with pytest.raises(Refusal, match="管理者"):
            check_hand_over(OFFICER, post, kind, town)


@pytest.mark.parametrize("kind", ["admin", "office"])
def test_one_s_own_post_is_always_one_s_to_give(kind: str) -> None:
    assert may_hand_over(OFFICER, 5, kind, "imabetsu")
