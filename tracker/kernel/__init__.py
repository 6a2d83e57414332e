"""Words every feature speaks: refusals, fiscal years, era dates, office days, yen, permissions."""
