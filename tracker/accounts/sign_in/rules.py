"""When signing in is barred, and what a password must be (trust.md P18)."""

from datetime import datetime, timedelta

from tracker.kernel.refusal import Refusal

LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
WRONG = (
    "メールアドレスかパスワードが違います。"
    f"続けて{LOCK_AFTER}回違うと、{LOCK_FOR.seconds // 60}分間入れなくなります。"
)
LOCKED = (
    f"続けて{LOCK_AFTER}回違ったため、{LOCK_FOR.seconds // 60}分間入れません。"
    "時間をおいて、もう一度お試しください。"
)


def is_locked(locked_until: datetime | None, at: datetime) -> bool:
    """Whether signing in is barred at this instant."""
    return locked_until is not None and at < locked_until


def after_failure(failed_count: int, at: datetime) -> tuple[int, datetime | None]:
    """The new count of failures and until when the account is locked, if it now is."""
    if failed_count + 1 < LOCK_AFTER:
        return failed_count + 1, None
    return 0, at + LOCK_FOR


def check_password(password: str) -> None:
    """Refuses a password that is short or one and the same letter."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(
            f"パスワードは{SHORTEST_PASSWORD}文字以上にしてください（今 {len(password)}文字）。",
            field="password",
        )
    if len(set(password)) < 4:
        raise Refusal(
            "同じ文字のくり返しは使えません。別のパスワードにしてください。", field="password"
        )
