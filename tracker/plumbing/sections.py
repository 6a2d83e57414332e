"""What a page stands under, below its section of the site (sections/rules.py)."""

from flask import g


def stand(*places: tuple[str, str], back: str | None = None) -> None:
    """Tells the frame what this page stands under, below its section: words and address of each.

    One with this page's own address names the page in the place of its title.  `back` is where
    the section is gone back to from here, if that is not its first page.
    """
    g.places, g.back = places, back
