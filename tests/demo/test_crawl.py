"""Everybody can follow every link from home: each page answers, is sound, takes few queries, and keeps
nothing by fewer rooms than it reads.
"""

from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import Flask
from werkzeug.routing import RequestRedirect

from tests.pages import Page, PageClient
from tests.reading import noting_reads

PEOPLE = [
    ("office", "aomori"),
    pytest.param("lead", "aomori", marks=pytest.mark.slow),
    pytest.param("confirmer", "aomori", marks=pytest.mark.slow),
    pytest.param("reader", "aomori", marks=pytest.mark.slow),
    pytest.param("admin", "aomori", marks=pytest.mark.slow),
    ("officer", "imabetsu"),
    pytest.param("confirmer", "imabetsu", marks=pytest.mark.slow),
    pytest.param("officer", "yomogita", marks=pytest.mark.slow),
    pytest.param("confirmer", "sotogahama", marks=pytest.mark.slow),
]
# The same page about another project, year or municipality is the same page.
MOST_OF_A_KIND = 4


def links(page: Page, path: str) -> Iterator[str]:
    """The addresses of this site that a page leads to, or a redirect, without fragments."""
    found = [page.location] if page.location else [str(a["href"]) for a in page.all("a[href]")]
    for address in found:
        target = urldefrag(urljoin(path, address)).url
        if not urlsplit(target).netloc and target.startswith("/"):
            yield target


def kind_of(app: Flask, path: str) -> str:
    """The endpoint behind a path; a link that no route answers is a fault."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(urlsplit(path).path)
    except RequestRedirect as redirect:
        raise AssertionError(f"{path} leads to {redirect.new_url}") from None
    return str(endpoint)


def crawl(client: PageClient) -> tuple[Counter[str], dict[str, str]]:
    """Follows links breadth first; the pages seen by endpoint, and what is wrong with which."""
    seen, waiting, faults = {"/"}, deque([("/", "the sign-in")]), dict[str, str]()
    kinds: Counter[str] = Counter()
    while waiting:
        path, source = waiting.popleft()
        try:
            kind = kind_of(client.app, path)
            if kind == "static" or kinds[kind] >= MOST_OF_A_KIND:
                continue
            kinds[kind] += 1
            page = client.get(path, status=None)
        except Exception as error:
            faults[path] = f"from {source}: {type(error).__name__} {str(error)[:300]}"
            continue
        for target in links(page, path):
            if target not in seen:
                seen.add(target)
                waiting.append((target, path))
    return kinds, faults


@pytest.mark.parametrize(("role", "slug"), PEOPLE)
def test_every_page_that_can_be_reached_from_home_is_sound(
    demo_app: Flask, role: str, slug: str
) -> None:
    client = PageClient(demo_app).enter(role, slug)
    with noting_reads() as reads:
        kinds, faults = crawl(client)
    assert faults == {}
    assert len(kinds) > 10
    # What a process keeps of them goes by the rooms it names.
    assert len(reads.keys) > 10
    assert reads.unnamed == set()
