"""報告のお願い: opening and closing a round, all answers, and the inbox of those who check."""
