"""進捗報告: writing, submitting, confirming and returning one report."""
