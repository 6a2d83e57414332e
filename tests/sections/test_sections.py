"""Where pages stand: sections by address, crumbs by section, lists by page."""

import pytest
from werkzeug.exceptions import NotFound

from tracker.plumbing.pages import Listed, paginate
from tracker.sections.rules import SECTIONS, section_of

ADDRESSES = {
    "/": "home",
    "/notices": "notices",
    "/notices/rules": "schedules",
    "/admin/users": "people",
    "/admin/posts": "people",
}


@pytest.mark.parametrize(
    ("rule", "section"),
    [
        ("/", "home"),
        ("/notices", "notices"),
        ("/notices/<int:letter_id>", "notices"),
        ("/notices/rules", "schedules"),
        ("/notices/rules/<kind>", "schedules"),
        ("/noticesome", ""),
        ("/admin/posts/<int:post_id>", "people"),
        ("/admin", ""),
        ("/p/<token>", ""),
    ],
)
def test_a_page_belongs_to_the_section_whose_address_begins_its_own(rule, section):
    assert section_of(rule, ADDRESSES) == section


def test_sections_end_at_home():
    for key in SECTIONS:
        seen = [key]
        while SECTIONS[seen[-1]].above:
            seen.append(SECTIONS[seen[-1]].above)
            assert len(seen) == len(set(seen)), seen
        assert seen[-1] == "home"


def crumbs(browse, path, role="office"):
    """Words and address of each place above a page, and the words of the page itself."""
    page = browse(role).get(path)
    return [
        *((a.get_text(strip=True), a["href"]) for a in page.all(".crumbs a")),
        *(here.get_text(strip=True) for here in page.all(".crumbs [aria-current=page]")),
    ]


def test_crumbs_lead_from_home_through_the_section_to_the_page(browse):
    home = ("ホーム", "/")
    assert crumbs(browse, "/") == []
    assert crumbs(browse, "/notices") == [home, "通知"]
    assert crumbs(browse, "/notices/rules") == [home, ("通知", "/notices"), "送る日"]
    assert crumbs(browse, "/projects/new") == [
        home,
        ("別表と事業", "/measures"),
        ("事業の一覧", "/projects"),
        "事業を加える",
    ]
    assert crumbs(browse, "/account") == [home, "自分の設定"]


@pytest.mark.parametrize(
    ("query", "rows", "number"),
    [("", [0, 1], 1), ("?page=2", [2, 3], 2), ("?page=3", [4], 3), ("?page=junk", [0, 1], 1)],
)
def test_a_list_is_read_page_by_page(app, query, rows, number):
    def fetch(limit: int, offset: int) -> tuple[list[int], int]:
        return list(range(5))[offset : offset + limit], 5

    with app.test_request_context(f"/{query}"):
        assert paginate(fetch, 2) == Listed(rows, 5, number, 3)


def test_an_empty_list_has_one_page(app):
    with app.test_request_context("/"):
        assert paginate(lambda limit, offset: ([], 0)) == Listed([], 0, 1, 1)


@pytest.mark.parametrize("number", [-1, 0, 4])
def test_there_is_no_page_beside_those_of_the_list(app, number):
    with app.test_request_context(f"/?page={number}"), pytest.raises(NotFound):
        paginate(lambda limit, offset: (list(range(5))[offset : offset + limit], 5), 2)
