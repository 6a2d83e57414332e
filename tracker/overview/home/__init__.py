"""ホーム: what somebody must do now, how the year goes, and what happened lately."""
