"""What the letter about a person's second factor (M28b) names."""

from enum import StrEnum


class FactorEvent(StrEnum):
    """What happened, as the letter's subject says it."""

    ON = "2段階認証が有効になりました"
    OFF = "2段階認証が解除されました"
    CODES = "2段階認証の予備コードが作り直されました"
    RECOVERY = "2段階認証の予備コードが使われました"


_MORE = {
    FactorEvent.ON: "次からは、ログインのときに、\n認証アプリに出る6桁のコードも入力してください。",
    FactorEvent.OFF: "次からは、パスワードだけでログインします。",
    FactorEvent.CODES: "前の予備コードは、使えなくなりました。",
}


def fields(event: FactorEvent, *, left: int = 0, by_admin: bool = False) -> dict[str, str]:
    """The fields of `templates/mail/second_factor.txt`; `left`: recovery codes not yet used."""
    more = _MORE.get(event, f"使っていない予備コードは、あと{left}個です。")
    if by_admin:
        more = f"管理者が解除しました。{more}「自分の設定」で、もう一度設定できます。"
    return {"出来事": event.value, "説明": more}
