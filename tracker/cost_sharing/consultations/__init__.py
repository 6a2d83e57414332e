"""協議の記録: Article 4(2) has the parties consult before anything is sent."""
