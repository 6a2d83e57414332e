"""Every kind of letter: when it goes out, and the fields its text may use (ux/spec.md 13).

The words stand in templates/reminders/letters/, one file a kind; here stands what each is told.
The values are samples for the editor's preview.  Whoever writes a letter gives exactly these
fields, or it is not written: a text that clerks may edit must know what it can name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """How a text is used."""

    LETTER = "letter"  # a whole letter
    MATTER = "matter"  # one matter of a reminder, with others in the same letter
    PART = "part"  # stands inside all others


@dataclass(frozen=True)
class LetterKind:
    """One kind of letter; `code` is its number in the specification, where it has one."""

    code: str
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    form: Form = Form.LETTER
    # What must exist before such a letter can be sent at all.
    waits_for: str = ""


# Fields of every letter, and what they are; 冒頭 and 結び are the texts `opening` and `closing`.
COMMON: Mapping[str, str] = {
    "宛先": "受け取る方",
    "窓口": "問い合わせ先の部署",
    "電話": "問い合わせ先の電話と受付時間",
    "連絡先": "「上の電話番号」など",
    "会議名": "市町村長会議",
    "圏域": "圏域の名前",
    "リンク": "開く画面のアドレス",
    "冒頭": "冒頭のあいさつ",
    "結び": "結びの文と問い合わせ先",
}
_NOT_IN_PARTS = ("リンク", "冒頭", "結び")

DUE = {"期限": "令和8年11月30日（月）", "期限の月日": "11月30日"}
MATTER = {
    **DUE,
    "あと何日": "あと3日",
    "件名": "上期の進捗報告",
    "用件": "上期（4月〜9月）の進捗を報告する",
    "内容": "4事業のうち、残り2事業です。",
    "残り": "2",
    "全体": "4",
    "一覧": "1　農業研修事業（確認のお願いあり）\n2　むつ湾広域連携事業（環境）",
    "町村": "今別町",
    "首長": "今別町長",
    "担当": "今別町 企画担当",
    "過ぎた日数": "3日超過",
}
_MEETING_DUE = {
    **MATTER,
    "期限": "令和9年3月31日（水）",
    "期限の月日": "3月31日",
    "あと何日": "あと100日",
    "件名": "令和8年度の市町村長会議",
    "用件": "令和8年度の市町村長会議を準備する",
    "内容": "4本の協約のうち、4本が日程調整中です。",
    "残り": "4",
    "一覧": "",
}
_POLL_DUE = {
    **MATTER,
    "期限": "令和8年11月27日（金）",
    "期限の月日": "11月27日",
    "件名": "市町村長会議の日程の御回答",
    "用件": "今別町長のご予定を回答する",
    "内容": "候補日2つに、○・△・× で答えます。",
    "一覧": "1　令和9年1月19日（火）14時〜15時30分\n2　令和9年1月21日（木）10時〜11時30分",
    "担当": "今別町 秘書",
}
_COST_DUE = {
    **MATTER,
    "期限": "令和8年12月4日（金）",
    "期限の月日": "12月4日",
    "あと何日": "あと2日",
    "件名": "東青地域移住促進事業 負担金（案）の御確認",
    "用件": "費用負担の案を確認する",
    "内容": "負担案 115,000円（対象額 2,500,000円）。",
    "一覧": "",
}
_DECISION_DUE = {
    **MATTER,
    "件名": "案内板の共同設置",
    "用件": "決定事項の状況を知らせる",
    "内容": "設置する場所の候補を、各市町村2か所ずつ挙げる。",
    "一覧": "",
}
_PERSON_DUE = {
    **MATTER,
    "期限": "令和9年4月30日（金）",
    "期限の月日": "4月30日",
    "あと何日": "あと25日",
    "件名": "担当者の確認",
    "用件": "担当者を確認する",
    "内容": "3つの役職の担当者を確かめます。",
    "一覧": "",
}
_REPORT = {"期間": "令和8年度上期", "町村": "今別町", "事業数": "25"}
_POLL = {
    **DUE,
    "あと何日": "あと3日",
    "年度": "令和8年度",
    "首長": "今別町長",
    "会場": "青森市役所 本庁舎 庁議室",
    "候補日": "1　令和9年1月19日（火）14時〜15時30分\n2　令和9年1月21日（木）10時〜11時30分",
    "加えた候補日": "1　令和9年2月4日（木）14時〜15時30分",
}
_MEETING = {
    "会議": "令和8年度 市町村長会議",
    "会場": "青森市役所 本庁舎 庁議室",
    "日時": "令和9年1月28日（木）14時〜15時30分",
}
_FIXED = {
    **_MEETING,
    "開催日時": "1月28日（木）14時",
    "変更前": "令和9年1月21日（木）10時〜11時30分",
    "理由": "議会日程の変更のため",
}
_CASE = {
    "件名": "東青地域移住促進事業 負担金",
    "案件": "東青地域移住促進事業 負担金（第8-04号）",
    "事業": "東青地域移住促進事業（令和8年度）",
    "内容": "",
}
_CONFIRM = {**_CASE, **DUE, "市町村の別": "町"}
_CHANGE = {
    **_CONFIRM,
    "変更の内容": "総事業費\n　3,500,000円 → 3,620,000円\n今別町の負担額\n　112,000円 → 115,000円",
    "理由": "国の交付金の額が決まったため",
}
_QUESTION = {
    **DUE,
    "番号": "第8-02号",
    "条項": "第4条第2項",
    "件名": "「その都度」の範囲について",
    "内容": "前年度と同じ算式を用いる場合にも、協議の記録が要るか。",
}

KINDS: Mapping[str, LetterKind] = {
    "report_request": LetterKind(
        "M1",
        "進捗報告の依頼",
        {
            **_REPORT,
            **DUE,
            "期間の月": "4月〜9月",
            "添え書き": "今回は、決算見込みも併せてお知らせください。",
        },
    ),
    "report_unsubmitted": LetterKind("M2", "進捗報告　期限前", MATTER, Form.MATTER),
    "report_overdue": LetterKind("M3", "進捗報告　期限後", MATTER, Form.MATTER),
    "report_returned": LetterKind(
        "M4",
        "進捗報告の差戻し",
        {
            "事業": "農業研修事業",
            "質問": "参加者数が5人となっていましたが、受講者名簿では7人です。",
        },
    ),
    "report_unanswered": LetterKind("M4", "差し戻した報告　期限前", MATTER, Form.MATTER),
    "report_confirmed": LetterKind("M5", "進捗報告の確認済み（全事業そろったとき）", _REPORT),
    "report_unchecked": LetterKind("", "進捗報告の確認（主担当課あて）", MATTER, Form.MATTER),
    "poll_request": LetterKind("M6", "日程照会（秘書あて）", _POLL),
    "poll_added": LetterKind("M6", "日程照会　候補日を加えたとき", _POLL),
    "poll_unanswered": LetterKind("M7", "日程照会　期限前", _POLL_DUE, Form.MATTER),
    "poll_again": LetterKind("M7", "日程照会　もう一度お願いするとき", _POLL),
    "poll_fixed": LetterKind("M8", "日程の決定", _FIXED),
    "meeting_moved": LetterKind("M8", "日程の変更", _FIXED),
    "meeting_notice": LetterKind(
        "M9",
        "開催案内",
        {
            **_MEETING,
            "文書番号": "青企第123号",
            "案内文": "連携の取組について連絡調整を行うものです。",
        },
    ),
    "meeting_cancelled": LetterKind("M9", "会議の取りやめ", _FIXED),
    "poll_cancelled": LetterKind("M9", "日程調整の取りやめ", _FIXED),
    "meeting_materials": LetterKind(
        "M10",
        "資料の送付・前週のお知らせ",
        {**_MEETING, "開催日": "1月28日", "資料の一覧": "別表の状況\n進捗管理シート"},
        waits_for="会議の資料",
    ),
    "minutes_request": LetterKind(
        "M11", "議事録の確認", {**_MEETING, **DUE}, waits_for="会議の議事録"
    ),
    "decision_open": LetterKind(
        "M12", "決定事項の状況", _DECISION_DUE, Form.MATTER, waits_for="会議の決定事項"
    ),
    "cost_request": LetterKind(
        "M13",
        "費用負担　案の確認",
        {
            **_CONFIRM,
            "対象額": "2,500,000円\n（総事業費 3,620,000円、補助 1,120,000円）",
            "算式": "均等割 20％、人口割 80％",
            "端数": "千円未満切捨て、端数は青森市が負担",
            "貴団体の負担額": "今別町の負担額　115,000円",
        },
    ),
    "cost_unconfirmed": LetterKind("M14", "費用負担　期限前", _COST_DUE, Form.MATTER),
    "cost_changed": LetterKind("M15", "費用負担　内容の変更", _CHANGE),
    "cost_released": LetterKind("M15", "費用負担　負担がなくなったとき", _CHANGE),
    "cost_returned": LetterKind(
        "M16",
        "費用負担　意見が付いたとき（青森市あて）",
        {**_CASE, "町村": "外ヶ浜町", "意見": "人口の基準日を確かめてください。"},
    ),
    "cost_agreed": LetterKind(
        "M17",
        "費用負担　合意",
        {**_CASE, "負担額の一覧": "青森市　　1,964,000円\n今別町　　115,000円"},
    ),
    "question_request": LetterKind(
        "M18", "疑義の受付・照会", _QUESTION, waits_for="疑義の記録（第6条）"
    ),
    "question_settled": LetterKind("M19", "疑義の解決", _QUESTION, waits_for="疑義の記録（第6条）"),
    "meeting_unplanned": LetterKind("M20", "第5条　準備を始める前", _MEETING_DUE, Form.MATTER),
    "meeting_unheld": LetterKind("M20", "第5条　開催の期限", _MEETING_DUE, Form.MATTER),
    "person_unconfirmed": LetterKind("M21", "4月　担当者の確認", _PERSON_DUE, Form.MATTER),
    "handover_unwritten": LetterKind("M22", "3月　引継ぎメモ", _PERSON_DUE, Form.MATTER),
    "invitation": LetterKind("M23", "利用の開始"),
    "undeliverable": LetterKind(
        "M24",
        "不達（連携推進担当あて）",
        {
            "宛先の名": "外ヶ浜町 秘書",
            "一覧": "外ヶ浜町 秘書\n　市町村長会議の日程について（11月18日）\n　宛先がありません。",
        },
    ),
    "digest": LetterKind(
        "M25",
        "週のまとめ",
        {
            "週": "11月24日〜27日",
            "期限の数": "3",
            "過ぎた数": "、期限を過ぎたもの 1件",
            "一覧": "11月27日（金）　市町村長会議の日程の御回答\n　候補日5つに答えます。",
            "照合日": "11月24日",
            "記録の照合値": "9f2c41d07be5a86d3c1e0f4b57a2986c9f2c41d07be5a86d3c1e0f4b57a2986c",
        },
        Form.MATTER,
    ),
    "results_published": LetterKind(
        "M26",
        "年度の実績公表",
        {"年度": "令和7年度", "要点": "事業数　52事業\n決算額　475,584千円"},
        waits_for="公開ページ",
    ),
    "next_step": LetterKind("", "そのほかの期限のお知らせ", MATTER, Form.MATTER),
    "escalated_chief": LetterKind("", "期限後　上司あて", MATTER, Form.MATTER),
    "escalated_office": LetterKind("", "期限後　連携推進担当あて", MATTER, Form.MATTER),
    "reminder": LetterKind(
        "", "期限のお知らせの枠", {"件名": "上期の進捗報告のお願い", "用件": "（用件）"}, Form.PART
    ),
    "opening": LetterKind("", "冒頭のあいさつ", form=Form.PART),
    "closing": LetterKind("", "結び", form=Form.PART),
}


def fields_allowed(kind: str) -> Mapping[str, str]:
    """The fields a text of that kind may use, its own first, each with a sample or what it is."""
    missing = _NOT_IN_PARTS if kind in ("opening", "closing") else ()
    common = {name: what for name, what in COMMON.items() if name not in missing}
    return {**KINDS[kind].fields, **common}
