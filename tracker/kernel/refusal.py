"""How a rule says no."""


class Refusal(Exception):
    """A rule says in plain Japanese why something may not be done, and what to do instead.

    The same sentence reaches the screen, the record and the test (architecture.md 11.3).
    `field` names the input the sentence belongs to, when it belongs to one.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
