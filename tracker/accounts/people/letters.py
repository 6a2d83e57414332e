"""What letters about posts and accounts name."""

from collections.abc import Mapping


def changed_by_others(post: str, who: str, what: str, reason: str | None) -> Mapping[str, str]:
    """The fields of `templates/mail/changed_by_others.txt`, all in words."""
    return {"役職": post, "変えた人": who, "変更": what, "理由": reason or "記載なし"}


def coded(code: str) -> dict[str, str]:
    """The fields of M23 and M27."""
    return {"コード": code}
