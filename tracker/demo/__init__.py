"""The Aomori example year, built only through the features' own actions."""
