"""What is kept in memory is never older than the database, whatever act came between.

Each value says by which rooms it is kept, and an act moves the versions of the rooms it changed: a
value of an act's own pages whose version stayed must be what it would be if it were made anew.
"""

from typing import Any

import pytest

from tests.whole.bad_input import Asked, endpoint_of
from tests.whole.clients import OFFICE, OFFICER, House
from tests.whole.seed import PERIOD
from tests.whole.test_acts import press, with_acts

# With these, every value that is kept is made.
PAGES = (
    "/",
    "/measures",
    "/projects",
    "/projects/1",
    f"/reports/{PERIOD}",
    "/costs",
    "/costs/new",
    "/costs/payments",
    "/meetings",
    "/meetings/council",
    "/meetings/council/quorum",
    "/notices",
    "/notices/rules",
    "/agreements",
    "/audit",
)
# In the default run the forms of a room that has versions apart, and so many of all others.
APART, ONE_OF = "projects", 40

Memo = dict[Any, tuple[Any, Any]]


def keep(house: House, pages: tuple[str, ...]) -> Memo:
    """What the process keeps once these pages were looked at, by key: versions and value."""
    for path in pages:
        for visitor in (OFFICE, OFFICER):
            house.ask(visitor, "GET", path)
    return dict(house.app.extensions["memo"])


def outdated(house: House, form: Asked, base: Memo) -> tuple[bool, list[str]]:
    """Whether the form was carried out, and which values that still count differ from new ones."""
    house.app.extensions["memo"] = dict(base)
    before = keep(house, (form.page,))
    done = press(house, form).status_code in (302, 303)
    house.app.extensions["memo"] = {}
    after = keep(house, (*PAGES, form.page)) if done else {}
    return done, [
        f"{form.target}: {key}"
        for key in before.keys() & after.keys()
        if before[key][0] == after[key][0] and repr(before[key][1]) != repr(after[key][1])
    ]


def chosen(house: House, share: int) -> list[Asked]:
    """One of so many forms; those of rooms whose versions are apart, all."""
    forms = with_acts(house)
    return [
        form
        for number, form in enumerate(forms)
        if number % share == 0 or endpoint_of(house, form.target).startswith(f"{APART}.")
    ]


@pytest.mark.parametrize("share", [ONE_OF, pytest.param(1, marks=pytest.mark.slow)])
def test_after_an_act_nothing_outdated_is_kept(house: House, share: int) -> None:
    base, wrong, done = keep(house, PAGES), [], 0
    assert len({str(key) for key in base}) > 30
    for form in chosen(house, share):
        was_done, said = outdated(house, form, base)
        wrong += said
        done += was_done
        house.settle()
    assert wrong == [], "\n".join(wrong)
    assert done >= 10


def test_a_value_kept_by_too_few_rooms_is_found(house: House, monkeypatch) -> None:
    """The control: where an act moves no version, the judge says what is outdated."""
    from tracker.history import history

    base = keep(house, PAGES)
    monkeypatch.setattr(history, "_mark_rooms", lambda *_: None)
    form = next(one for one in with_acts(house) if one.target == "/admin/holidays/new")
    done, wrong = outdated(house, form, base)
    assert done and wrong
