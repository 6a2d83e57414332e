"""The whole product in a real Chromium, over a real server, with real letters."""
