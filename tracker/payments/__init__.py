"""Payment of what was agreed: instalments, notices, bills, receipts."""
