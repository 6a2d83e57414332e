"""Words every feature speaks: refusals, fiscal years, era dates, labels, permissions."""
