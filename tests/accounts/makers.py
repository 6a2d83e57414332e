"""What the tests of accounts and of the calendar feed do again and again."""

from tests.pages import Page, PageClient

BASE = "https://renkei.example.lg.jp"


def press(client: PageClient, ending: str) -> Page:
    """Presses one of the calendar's buttons on 自分の設定; gives the answer, not yet followed."""
    form = client.get("/account").one(f'main form[action$="{ending}"]')
    token = form.select_one("[name=csrf_token]")
    assert token is not None
    return client.post(str(form["action"]), {"csrf_token": token["value"]})


def make_address(client: PageClient, base: str = "") -> str:
    """Makes a new address for the feed and gives its path, as the page shows it once."""
    shown = client.follow(press(client, "/calendar")).one("#read-only")
    address = str(shown["value"])
    path = "/calendar/" + address.rpartition("/")[2]
    assert not base or address == base + path, address
    return path
