"""What rooms above have to say on the page of a subject below them, which never imports them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flask import Flask, current_app
from flask.sansio.app import App


class BesideLine(NamedTuple):
    """One thing about a subject: its words, where it is read, and how it stands."""

    words: str
    url: str
    state: str = ""


class Beside(NamedTuple):
    """What one room says of a subject; `more` leads to all of it, `papers` are what it prints."""

    title: str
    lines: Sequence[BesideLine] = ()
    more: tuple[str, str] | None = None
    papers: Sequence[Any] = ()


Teller = Callable[[Any], Beside | None]


def init_app(app: Flask) -> None:
    """Gives templates `beside(kind, of)`: what the rooms above say, to the person signed in."""
    app.extensions["beside"] = {}
    app.jinja_env.globals["beside"] = told


def register(app: App, kind: str, tell: Teller) -> None:
    """`tell` answers for the subjects of a kind, by their id or shape; None: nothing to say."""
    app.extensions["beside"].setdefault(kind, []).append(tell)


def told(kind: str, of: Any) -> list[Beside]:
    """What is said of one subject."""
    tellers: Sequence[Teller] = current_app.extensions["beside"].get(kind, ())
    return [found for tell in tellers if (found := tell(of)) is not None]
