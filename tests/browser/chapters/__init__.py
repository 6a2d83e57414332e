"""The chapters of the story, and who appears in them."""

OFFICE = "office@aomori.example"
LEAD = "lead@aomori.example"
TOWNS = ("hiranai", "imabetsu", "yomogita", "sotogahama")
OFFICERS = [f"officer@{slug}.example" for slug in TOWNS]
CONFIRMERS = [f"confirmer@{slug}.example" for slug in ("aomori", *TOWNS)]
SECRETARIES = [f"secretary@{slug}.example" for slug in ("aomori", *TOWNS)]
TRAINING, MOVING = "農業研修事業", "東青地域移住促進事業"
