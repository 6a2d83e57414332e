"""Which entries of the record a person may read: those about what its pages show them; pure."""

from collections.abc import Mapping

from tracker.kernel.permissions import Actor, Permission, Reach, reach

# By the kind of subject the permission of its page.  What is not named here is read by those alone
# who read the whole record.
READ_BY: Mapping[str, Permission] = {
    **dict.fromkeys(
        (
            *("area", "municipality", "figures", "calendar", "agreement", "project"),
            *("fiscal_year", "round", "meeting", "held_view"),
        ),
        Permission.READ_AREA,
    ),
    "report": Permission.READ_TROUBLES,
    "cost_case": Permission.READ_COST_DRAFT,
    "seat": Permission.ANSWER_POLL,
    **dict.fromkeys(("post", "account", "handover", "outside_change"), Permission.HAND_OVER),
    "letter": Permission.READ_LETTERS,
    **dict.fromkeys(("letter_text", "schedule", "reminder", "clock"), Permission.MANAGE_LETTERS),
    "import": Permission.IMPORT_AGREEMENT,
}


def reads_all(actor: Actor) -> bool:
    """Whether the person reads every entry."""
    return reach(actor.role, Permission.READ_HISTORY) is Reach.ANY


def readable_kinds(actor: Actor, how_far: Reach) -> list[str]:
    """The kinds of subject that the person reads of the whole area, or of their own town."""
    return [kind for kind, one in READ_BY.items() if reach(actor.role, one) is how_far]
