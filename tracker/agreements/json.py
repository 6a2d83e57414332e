"""A reading as contracts.md pins it: `tracker agreements read FILE --json`."""

from typing import Any

from tracker.agreements.text.agreement import Reading

_KEYS = {
    "articles": ("number", "caption", "paragraphs"),
    "policy_fields": ("number", "title", "parent"),
    "measures": ("number", "field", "title", "content", "role_a", "role_b", "lines"),
    "duties": ("article", "paragraph", "kind"),
}


def as_json(reading: Reading) -> dict[str, Any]:
    """The reading as plain values, keys in the order of the contract."""
    agreement = reading.agreement
    day = agreement.concluded_on
    return {
        "title": agreement.title,
        "parties": {
            each.key: {"name": each.name, "title": each.title, "head": each.head}
            for each in agreement.parties
        },
        "concluded_on": day.isoformat() if day else None,
        "legal_basis": agreement.legal_basis,
        "preamble": agreement.preamble,
        "closing": agreement.closing,
        "amends": agreement.amends,
        **{name: _rows(getattr(agreement, name), keys) for name, keys in _KEYS.items()},
        "remarks": _rows(reading.remarks, ("kind", "lines", "text")),
        "unplaced": _rows(reading.unplaced, ("line", "text")),
    }


def _rows(items: tuple[Any, ...], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{key: _plain(getattr(each, key)) for key in keys} for each in items]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
