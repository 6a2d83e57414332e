"""What columns are called; pure."""

from collections.abc import Mapping

from tracker.kernel.translation import N_

# What the entry itself says beside it, or a tie between rows that says nothing to a reader.
UNSAID = ""
# Of columns called so in any table that does not say otherwise.
COMMON: Mapping[str, str] = {
    "is_example": UNSAID,
    "municipality_id": N_("市町村"),
    "fiscal_year": N_("年度"),
    "struck_at": N_("取り消した日時"),
    "struck_by": N_("取り消した人"),
    "struck_reason": N_("取り消した理由"),
    "published_at": N_("公開した日時"),
    "written_by": N_("書いた人"),
    "written_by_id": UNSAID,
    "written_at": UNSAID,
    "confirmed_by": N_("確認した人"),
    "confirmed_by_id": UNSAID,
    "confirmed_at": N_("確認した日時"),
    "recorded_by": N_("記録した人"),
    "recorded_by_id": UNSAID,
    "recorded_at": UNSAID,
    "meeting_id": UNSAID,
    "agreement_id": N_("連携協約"),
    "unit": N_("単位"),
    "project_id": N_("連携事業"),
    "position": UNSAID,
    "question_id": UNSAID,
    "case_id": UNSAID,
    "at": UNSAID,
    "report_id": UNSAID,
    "person_id": UNSAID,
    "person_name": N_("回答した人"),
    "decision": N_("回答"),
    "opinion": N_("意見"),
    "decided_at": UNSAID,
    "consulted_on": N_("協議した日"),
    "participants": N_("出席者"),
    "gist": N_("内容"),
}
# Table -> its label, and those of its columns; room by room.
TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    # municipalities
    "area": (
        N_("圏域"),
        {
            **{"name": N_("圏域の名称"), "office_name": N_("事務局")},
            **{"office_phone": N_("事務局の電話"), "office_hours": N_("受付時間")},
            **{"meeting_name": N_("会議の名称"), "meeting_place": N_("会議の場所")},
            **{"notice_days": N_("開催案内の日数"), "poll_office_days": N_("回答の開庁日数")},
            **{"avoided_days": N_("候補日にしない日")},
        },
    ),
    "municipality": (
        N_("市町村"),
        {
            **{"code": N_("団体コード"), "slug": N_("英字名"), "name": N_("名称")},
            **{"kana": N_("読み"), "is_hub": N_("連携中枢都市")},
            **{"base_url": N_("リンクのアドレス")},
        },
    ),
    "figure_series": (
        N_("基礎数値"),
        {
            **{"kind": N_("種類"), "name": N_("名称"), "project_id": N_("事業")},
            **{"period": N_("対象の年"), "as_of_on": N_("基準日"), "source": N_("出典")},
            **{"is_confirmed": N_("確定値"), "entered_at": UNSAID},
        },
    ),
    "base_figure": (N_("基礎数値"), {"series_id": UNSAID, "value": N_("数値")}),
    "calendar_entry": (
        N_("日程"),
        {
            **{"kind": N_("種類"), "name": N_("名称"), "begins_on": N_("初日")},
            **{"ends_on": N_("最終日"), "entered_by": N_("登録した方")},
        },
    ),
    "head_absence": (
        N_("首長の不在"),
        {
            **{"name": N_("名称"), "begins_on": N_("初日"), "ends_on": N_("最終日")},
            **{"entered_by": N_("登録した方")},
        },
    ),
    # accounts
    "post": (
        N_("役職"),
        {
            **{"kind": N_("役割"), "name": N_("役職名"), "email": N_("メールアドレス")},
            **{"phone": N_("電話"), "chief_id": N_("上司")},
            **{"confirmed_year": N_("担当者を確認した年度")},
        },
    ),
    "person": (
        N_("利用者"),
        {
            **{"post_id": N_("役職"), "name": N_("氏名"), "email": N_("メールアドレス")},
            **{"is_active": N_("利用できる"), "weekly_digest": N_("週のまとめ")},
            **{"welcomed_at": UNSAID},
        },
    ),
    "handover": (
        N_("引継ぎメモ"),
        {
            **{"post_id": N_("役職"), "cautions": N_("今年の要注意")},
            **{"stumbles": N_("毎年つまずく所"), "contacts": N_("連絡先")},
            **{"former": N_("前任者のメモ"), "former_by": N_("前任者")},
            **{"former_at": N_("前任者が書いた日時")},
        },
    ),
    "outside_change": (
        N_("ほかの市町村による変更"),
        {
            **{"post_id": N_("役職"), "person_id": N_("利用者")},
            **{"before": N_("前のメールアドレス"), "after": N_("新しいメールアドレス")},
            **{"changed_by": N_("変更した人"), "changed_by_id": UNSAID, "changed_at": UNSAID},
            **{"reason": N_("理由"), "is_holding": N_("確認まで決定を止める")},
            **{"looked_by": N_("確認した人"), "looked_by_id": UNSAID},
            **{"looked_at": N_("確認した日時")},
        },
    ),
    "calendar_key": (N_("予定表のアドレス"), {"created_at": N_("作成した日時")}),
    "second_factor": (N_("2段階認証"), {"on_at": N_("開始した日時")}),
    "recovery_code": (N_("予備コード"), {"used_at": N_("使った日時")}),
    "invitation": (
        N_("パスワード設定の案内"),
        {"kind": UNSAID, "expires_at": N_("期限"), "used_at": N_("使った日時")},
    ),
    # agreements
    "agreement": (
        N_("連携協約"),
        {
            **{"title": N_("名称"), "legal_basis": N_("根拠"), "concluded_on": N_("締結日")},
            **{"ended_on": N_("終了日"), "party_a_id": N_("甲"), "party_b_id": N_("乙")},
            **{"head_a": N_("甲の長"), "head_b": N_("乙の長"), "preamble": N_("前文")},
            **{"closing": N_("後文"), "source_text": UNSAID, "imported_at": UNSAID},
        },
    ),
    "article": (
        N_("条文"),
        {
            "agreement_id": UNSAID,
            "number": N_("条"),
            "caption": N_("見出し"),
            "paragraphs": N_("本文"),
        },
    ),
    "agreement_duty": (
        N_("協約で行うこと"),
        {"agreement_id": UNSAID, "article": N_("条"), "paragraph": N_("項"), "kind": UNSAID},
    ),
    "policy_field": (
        N_("政策分野"),
        {"number": N_("番号"), "title": N_("名称"), "parent_number": N_("上の分野")},
    ),
    "measure": (
        N_("連携施策"),
        {"field_id": N_("政策分野"), "number": N_("番号"), "title": N_("名称")},
    ),
    "annex_entry": (
        N_("別表"),
        {
            **{"agreement_id": UNSAID, "measure_id": N_("連携施策"), "content": N_("取組内容")},
            **{"role_a": N_("甲の役割"), "role_b": N_("乙の役割")},
        },
    ),
    "import_job": (
        N_("協約の取込み"),
        {
            **{"source_name": N_("ファイル"), "source_text": UNSAID, "answers": N_("確認の答え")},
            **{"created_at": UNSAID, "agreement_id": N_("登録した協約")},
        },
    ),
    # projects
    "project": (
        N_("連携事業"),
        {
            **{"name": N_("事業名"), "summary": N_("内容"), "measure_id": N_("連携施策")},
            **{"lead_municipality_id": N_("主担当の市町村"), "lead_post_id": N_("主担当の役職")},
            **{"lead_section": N_("主担当課"), "since_year": N_("開始年度")},
        },
    ),
    "project_year": (
        N_("年度の事業"),
        {"mark": N_("状況の印"), "comment": N_("主担当のコメント"), "commented_at": UNSAID},
    ),
    "participation": (N_("参加"), {"project_year_id": UNSAID}),
    "project_cost": (
        N_("事業費"),
        {
            **{"project_id": N_("連携事業"), "phase": N_("予算・決算"), "total_yen": N_("総額")},
            **{"subsidy_yen": N_("補助金など"), "national_yen": N_("うち国")},
            **{"prefectural_yen": N_("うち県")},
        },
    ),
    "indicator": (
        N_("成果指標"),
        {
            **{"project_id": UNSAID, "number": N_("番号"), "name": N_("指標名")},
            **{"definition": N_("定義"), "decimals": N_("小数のけた数")},
        },
    ),
    "indicator_target": (
        N_("目標値"),
        {
            "indicator_id": N_("成果指標"),
            "numerator": N_("値の分子"),
            "denominator": N_("値の分母"),
            "decimals": N_("小数のけた数"),
        },
    ),
    "reporting_round": (
        N_("報告の依頼"),
        {
            **{"half": N_("期"), "due_on": N_("期限"), "covering_note": N_("依頼文")},
            **{"opened_at": UNSAID, "reopened_at": N_("受付を再開した日時")},
            **{"reopened_by": N_("受付を再開した人"), "reopened_by_id": UNSAID},
            **{"reopen_reason": N_("受付を再開した理由"), "closed_at": N_("締め切った日時")},
        },
    ),
    "round_part": (
        N_("依頼先"),
        {"round_id": UNSAID, "ended_on": N_("依頼をやめた日"), "ended": N_("依頼をやめた理由")},
    ),
    "progress_report": (
        N_("進捗報告"),
        {
            **{"round_id": N_("報告の期"), "state": N_("状態"), "rating": N_("進み具合")},
            **{"done": N_("行ったこと"), "trouble": N_("困りごと・相談")},
            **{"for_meeting": N_("会議で話したい"), "plan": N_("今後の予定")},
            **{"submitted_at": N_("提出した日時"), "question": N_("質問")},
            **{"asked_by": N_("質問した人"), "asked_by_id": UNSAID},
            **{"asked_at": N_("質問した日時")},
        },
    ),
    "indicator_value": (
        N_("実績値"),
        {
            **{"report_id": UNSAID, "indicator_id": N_("成果指標"), "numerator": N_("値の分子")},
            **{"denominator": N_("値の分母"), "decimals": N_("小数のけた数"), "n": N_("回答数")},
        },
    ),
    "report_version": (
        N_("提出した版"),
        {
            "number": N_("版"),
            "submitted_at": UNSAID,
            "submitted_by": UNSAID,
            "submitted_by_id": UNSAID,
            # The same words once more, which stand on the report's page.
            "content": UNSAID,
        },
    ),
    # cost_sharing
    "cost_case": (
        N_("費用負担"),
        {
            **{"number": N_("番号"), "kind": N_("種類"), "stage": N_("段階")},
            **{"title": N_("件名"), "cost_id": UNSAID, "work": N_("そのほかの取決め")},
            **{"rounding_unit": N_("端数の単位（円）"), "rounding_mode": N_("端数の処理")},
            **{"remainder_id": N_("端数を負う市町村"), "state": N_("状態")},
            **{"revision": N_("金額の版"), "reply_due_on": N_("回答期限")},
            **{"sent_on": N_("送った日"), "agreed_at": N_("合意した日時")},
            **{"replaces_id": N_("差し替える案件"), "caps": N_("上限額（円）")},
            **{"floors": N_("下限額（円）"), "formula_version": UNSAID},
            **{"carried_yen": N_("翌年度へ繰り越す額")},
        },
    ),
    "case_drafter": (N_("案を作った人"), {"person_name": N_("名前"), "at": UNSAID}),
    "cost_part": (
        N_("算定の項目"),
        {
            "kind": N_("割り方"),
            "percent": N_("割合（%）"),
            "values": N_("市町村ごとの数値"),
            "only": N_("分担する市町村"),
            "series_id": N_("基礎数値"),
            "source": N_("出典"),
            "rate": N_("率・単価"),
            "period": N_("対象の期間"),
            "rounding_unit": N_("端数の単位（円）"),
            "rounding_mode": N_("端数の処理"),
        },
    ),
    "case_work": (
        N_("手続・人員の分担"),
        {"what": N_("何を"), "promised": N_("どれだけ"), "done": N_("実績")},
    ),
    "share": (
        N_("負担額"),
        {
            "parts": UNSAID,
            "exact": N_("端数処理の前"),
            "rounded_yen": N_("端数処理の後"),
            "share_yen": N_("負担額"),
        },
    ),
    "consultation": (N_("協議の記録"), {"place": N_("場所・方法")}),
    "payment_plan": (
        N_("納入の計画"),
        {
            **{"lead_id": N_("受け取る市町村"), "divide_by": N_("分け方")},
            **{"unit_yen": N_("分ける単位"), "remainder": N_("端数")},
            **{"shift": N_("閉庁日のとき"), "percents": N_("各回の割合")},
            "reason": N_("計画を作らない理由"),
        },
    ),
    "instalment": (
        N_("納入"),
        {
            **{"number": N_("回"), "is_refund": N_("還付"), "yen": N_("額")},
            **{"wanted_on": N_("決めた納期限"), "due_on": N_("納期限")},
            **{"noticed_on": N_("納入通知の日"), "notice_no": N_("納入通知の文書番号")},
            **{"billed_on": N_("請求の日"), "bill_no": N_("請求の文書番号")},
            **{"stated_on": N_("納入の連絡の日"), "stated_by": N_("連絡した人")},
        },
    ),
    "instalment_receipt": (
        N_("受け取りの記録"),
        {
            **{"instalment_id": UNSAID, "received_on": N_("受け取った日")},
            **{"received_yen": N_("受け取った額")},
        },
    ),
    "grant_claim": (
        N_("特別交付税の算定"),
        {
            **{"project_id": N_("連携事業"), "national_yen": N_("国の支出金")},
            **{"prefectural_yen": N_("県の支出金"), "other_yen": N_("その他の財源")},
            **{"claimed_yen": N_("算定額"), "claimed_under": N_("ほかで算定している項目")},
            **{"is_eligible": N_("対象になるか"), "why": N_("その理由")},
            **{"proof": N_("支出を確かめられる書類")},
        },
    ),
    "grant_cap": (N_("特別交付税の上限額"), {"caps_yen": N_("上限額")}),
    "confirmation": (N_("回答"), {"agreement_id": N_("連携協約"), "revision": N_("金額の版")}),
    # questions
    "question": (
        N_("疑義"),
        {
            "number": N_("番号"),
            "article": N_("条"),
            "paragraph": N_("項"),
            "measure_id": N_("連携施策"),
            "case_id": N_("費用負担"),
            "title": N_("件名"),
            "doubt": N_("疑義の内容"),
            "state": N_("状態"),
            "person_name": N_("出した人"),
            "answer_due_on": N_("回答の期限"),
            "put_at": N_("出した日時"),
            "settled_at": N_("定まった日時"),
        },
    ),
    "question_view": (N_("一方の考え"), {"text": N_("考え")}),
    "question_consultation": (N_("協議の記録"), {"place": N_("場所・方法")}),
    "question_settlement": (
        N_("定める内容の案"),
        {
            "revision": N_("案の版"),
            "text": N_("定める内容"),
            "reply_due_on": N_("確認の期限"),
            "person_name": N_("案を作った人"),
            "drafted_at": UNSAID,
        },
    ),
    "question_offer": (
        N_("同じ扱いをお願いする協約"),
        {"revision": N_("案の版"), "agreement_id": N_("連携協約")},
    ),
    "question_reply": (N_("回答"), {"revision": N_("案の版"), "mark": UNSAID}),
    "sister_reply": (N_("ほかの協約での扱い"), {"word": N_("扱い"), "comment": N_("連絡事項")}),
    "case_change": (
        N_("案の変更"),
        {"revision": N_("金額の版"), "reason": N_("変える理由"), "person_name": N_("変えた人")},
    ),
    # meetings
    "meeting": (
        N_("市町村長会議"),
        {
            **{"is_yearly": N_("協約第5条の会議"), "name": N_("名称"), "place": N_("場所")},
            **{"reply_due_on": N_("回答期限"), "polled_at": UNSAID, "held_on": N_("開催日")},
            **{"begins": N_("開始"), "ends": N_("終了"), "fixed_at": N_("決めた日時")},
            **{"fixed_reason": N_("決めた理由"), "notice_number": N_("文書番号")},
            **{"notice_text": N_("開催案内の本文"), "noticed_at": N_("案内した日時")},
            **{"attendance_at": N_("出席を記録した日時")},
            **{"minutes_final_at": N_("議事録が確定した日時")},
            **{"cancelled_at": N_("取りやめた日時"), "cancelled_reason": N_("取りやめた理由")},
        },
    ),
    "council": (N_("ビジョン懇談会"), {"quorum": N_("定足数")}),
    "council_member": (
        N_("ビジョン懇談会の委員"),
        {
            **{"post_id": N_("役職"), "appointed_on": N_("委嘱の日")},
            **{"begins_on": N_("任期の始まり"), "ends_on": N_("任期の終わり")},
        },
    ),
    "council_opinion": (
        N_("ビジョン懇談会の意見"),
        {
            **{"meeting_id": UNSAID, "seat_id": UNSAID, "text": N_("意見")},
            **{"response": N_("対応"), "responded_on": N_("対応の日")},
        },
    ),
    "candidate_date": (
        N_("候補日"),
        {"on": N_("日"), "begins": N_("開始"), "ends": N_("終了"), "added_at": UNSAID},
    ),
    "meeting_seat": (
        N_("席"),
        {
            "title": N_("席の名前"),
            "post_id": N_("お願いした役職"),
            "revoked_at": N_("リンクを止めた日時"),
            "comment": N_("連絡事項"),
            "attendance": N_("出席"),
            "deputy": N_("代理"),
            "invited_at": N_("案内した日時"),
            "is_required": N_("必ず出席"),
            **{"companions": N_("随行の人数"), "vehicles": N_("車両の台数")},
            **{"replied_at": UNSAID, "replied_by": N_("出欠を回答した人")},
            **{"replied_by_id": UNSAID, "reply_told_by": N_("だれから聞いたか")},
        },
    ),
    "seat_invitation": (
        N_("予定表への案内"),
        {
            **{"seat_id": UNSAID, "uid": UNSAID, "nonce": UNSAID, "sequence": N_("案内の番号")},
            **{"post_id": N_("案内した役職"), "address": N_("案内の宛先"), "to_key": UNSAID},
            **{"held_on": N_("開催日"), "begins": N_("開始"), "ends": N_("終了")},
            **{"place": N_("場所"), "doubt": N_("分からない返事")},
        },
    ),
    "poll_answer": (
        N_("回答"),
        {
            "seat_id": UNSAID,
            "candidate_id": N_("候補日"),
            "answer": N_("都合"),
            "answered_at": UNSAID,
            "answered_by": N_("回答した人"),
            "answered_by_id": UNSAID,
            "told_by": N_("だれから聞いたか"),
        },
    ),
    "agenda_item": (
        N_("議題"),
        {
            "position": N_("順番"),
            "kind": N_("元になったもの"),
            "title": N_("議題"),
            "note": N_("説明"),
            "minutes": N_("予定の時間（分）"),
            "only": N_("見せる市町村"),
            "proposed_by": N_("提案した人"),
            "proposed_by_id": UNSAID,
            "municipality_id": UNSAID,
            "proposed_at": UNSAID,
            "accepted_at": N_("議題に加えた日時"),
        },
    ),
    "minutes": (
        N_("議事録"),
        {
            "revision": N_("案の版"),
            "writer_ids": UNSAID,
            "sent_at": N_("確認をお願いした日時"),
            "reply_due_on": N_("確認の期限"),
            "is_final": N_("確定"),
        },
    ),
    "minutes_part": (
        N_("議事録の本文"),
        {
            "item_id": UNSAID,
            "revision": N_("案の版"),
            **{"gist": N_("発言要旨"), "decided": N_("決定事項")},
        },
    ),
    "minutes_reply": (
        N_("議事録への返事"),
        {
            **dict.fromkeys(("municipality_id", "item_id", "mark", "person_name"), UNSAID),
            "revision": N_("案の版"),
            "is_confirmed": N_("確認"),
            "quote": N_("直してほしい文"),
            "words": N_("修正のお願い"),
        },
    ),
    "minutes_erratum": (
        N_("議事録の訂正"),
        {"item_id": UNSAID, "words": N_("訂正"), "person_name": UNSAID},
    ),
    "decision": (
        N_("決定事項"),
        {"item_id": UNSAID, "title": N_("件名"), "text": N_("決まったこと")},
    ),
    "follow_up": (
        N_("宿題"),
        {
            **{"decision_id": UNSAID, "municipality_id": N_("担当"), "what": N_("すること")},
            **{"due_on": N_("期限"), "added_at": UNSAID, "reported_at": UNSAID},
            "closed_at": N_("終わった日時"),
        },
    ),
    "progress_note": (
        N_("宿題の状況"),
        {
            **{"follow_up_id": UNSAID, "text": N_("状況"), "person_name": UNSAID},
            "is_done": N_("終わり"),
        },
    ),
    "material_pack": (
        N_("会議の資料"),
        {"sent_at": N_("送った日時"), "sent_by": N_("送った人"), "sent_by_id": UNSAID},
    ),
    "material": (
        N_("資料"),
        {
            **{"position": N_("順番"), "number": N_("資料番号"), "title": N_("件名")},
            **{"kind": N_("元になったもの"), "item_id": UNSAID, "only": N_("見せる市町村")},
        },
    ),
    "material_file": (
        N_("資料のファイル"),
        {
            **{"attachment_id": UNSAID, "material_id": UNSAID, "pages": UNSAID},
            "reason": N_("差し替える理由"),
        },
    ),
    "held_view": (
        N_("開催の扱い"),
        {"is_held": N_("開催したものとする"), "person_name": N_("記録した人")},
    ),
    # plumbing
    "attachment": (
        N_("添付"),
        {
            "subject_kind": UNSAID,
            "subject_id": UNSAID,
            "sha256": UNSAID,
            "name": N_("ファイル"),
            "size": N_("大きさ（バイト）"),
            "type": N_("形式"),
            "sealed_on": N_("押印した日"),
            "added_by": N_("添付した人"),
            "added_by_id": UNSAID,
            "added_at": UNSAID,
        },
    ),
    # reminders and mail
    "step_rule": (
        N_("送る日"),
        # The days stand beside it in words (`days`).
        {"is_on": N_("送る"), "hour": N_("時刻"), "steps": UNSAID},
    ),
    "letter_text": (N_("メールの文面"), {"subject": N_("件名"), "body": N_("本文")}),
}
# What an act tells beside the columns.
BESIDE: Mapping[str, str] = {
    "year": N_("年度"),
    "reports": N_("お願いした報告の数"),
    "letters": N_("送るメールの数"),
    "asked": N_("お願いした先"),
    "version": N_("版"),
    "answers": N_("確認の答え"),
    "share_yen": N_("負担額"),
    "email": N_("メールアドレス"),
    "answer": N_("メールサーバーの返事"),
    "reason": N_("理由"),
    "days": N_("送る日"),
    "planned_until": N_("予定を作った時点"),
    "subject": N_("件名"),
    "body": N_("本文"),
    "entries": N_("照合した記録の数"),
    "head": N_("最後の記録の照合値"),
    "problems": N_("つながらないところ"),
    "digest": N_("決定の照合値"),
    "attached": UNSAID,
    "digests": UNSAID,
    "rest": UNSAID,
}


def label_of(table: str, column: str) -> str | None:
    """What a column is called, or without a table what an act tells beside them.

    "" for what is not told (`UNSAID`), None for what nobody named.
    """
    if not table:
        return BESIDE.get(column)
    if table not in TABLES:
        return None
    return TABLES[table][1].get(column, COMMON.get(column))
