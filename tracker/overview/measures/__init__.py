"""別表と事業の状況: every measure of the annex by municipality, and the page of one measure."""
