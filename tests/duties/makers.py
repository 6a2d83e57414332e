"""The area and the people of the pure tests of duties."""

from datetime import date

from tracker.kernel.permissions import Actor, Role
from tracker.municipalities.rules import Members

TODAY = date(2026, 11, 24)
MEMBERS = Members("aomori", {"imabetsu": "青森市・今別町", "yomogita": "青森市・蓬田村"})


def somebody(role: Role, municipality: str = "imabetsu", post_id: int = 1) -> Actor:
    """Somebody signed in."""
    return Actor(1, "今別町 企画担当", role, municipality, 3, "今別町", post_id, False)
