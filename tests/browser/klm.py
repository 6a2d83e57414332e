"""What a job costs by the keystroke-level model, counted while it is done in a real browser.

Operators as in Card, Moran and Newell, "The keystroke-level model for user performance time with
interactive systems", Communications of the ACM 23 (1980) 7: K for an average non-secretary typist,
P, M and H; pressing the mouse button is counted as a K too.  R, the waiting, is measured.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter

from playwright.sync_api import Locator, Page

from tests.browser.house import Visitor

SECONDS = {"K": 0.28, "P": 1.1, "M": 1.35, "H": 0.4}
# A Japanese character takes the keys of its reading in Roman letters, and its part of the
# conversion: two for kana, and the same for each of a kanji's two morae.
_KANA = re.compile(r"[ぁ-ヿ]")


def keys_of(text: str) -> int:
    """The keystrokes that a text takes with a Japanese input method."""
    each = (1 if one.isascii() else 2 if _KANA.match(one) else 4 for one in text)
    phrases = len(re.findall(r"[^\x00-\x7f]+", text))
    return sum(each) + 2 * phrases


@dataclass
class Cost:
    """Operators so far, the seconds waited, and each screen that was opened."""

    operators: Counter[str] = field(default_factory=Counter)
    waited: float = 0.0
    screens: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The time by the model."""
        return self.waited + sum(SECONDS[one] * times for one, times in self.operators.items())

    def __str__(self) -> str:
        counted = " ".join(f"{times}{one}" for one, times in sorted(self.operators.items()))
        return (
            f"{len(self.screens)} screens, {counted} + {self.waited:.1f} s = {self.seconds:.0f} s"
        )


class Timed(Visitor):
    """A visitor whose operators are counted: a hand on the mouse until something is typed."""

    def __init__(self, view: Page) -> None:
        super().__init__(view)
        self.cost = Cost()
        self._types = False

    def _hand(self, *, types: bool) -> None:
        if types is not self._types:
            self.cost.operators["H"] += 1
        self._types = types

    def _points(self, thinks: bool = True) -> None:
        self._hand(types=False)
        self.cost.operators.update({"P": 1, "K": 1, "M": int(thinks)})

    def presses(self, words: str, within: Locator | None = None) -> None:
        """Thinks, points, presses, and waits for the page that comes."""
        self._points()
        begun = perf_counter()
        with self.view.expect_navigation(wait_until="load"):
            super().presses(words, within)
        self.cost.waited += perf_counter() - begun
        self.cost.screens.append(self.view.title())

    def chooses(self, words: str, within: Locator | None = None) -> None:
        """Thinks, points and presses."""
        self._points()
        super().chooses(words, within)

    def types(self, boxes: dict[str, str], *, by_tab: bool = False) -> None:
        """Thinks of each box, goes to it (by the mouse, or `by_tab` from the one before), types.

        Of a list one opens it and presses what one wants.
        """
        for number, (label, words) in enumerate(boxes.items()):
            box = self.box(label)
            if box.evaluate("box => box.tagName") == "SELECT":
                self._points()
                self._points(thinks=False)
                self.fills({label: words})
                continue
            if by_tab and number:
                self.cost.operators.update("MK")
            else:
                self._points()
            self._hand(types=True)
            self.cost.operators["K"] += keys_of(words)
            box.fill(words)
