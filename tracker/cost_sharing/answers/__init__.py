"""双方の確認: each side says that the amounts are as it was told, or gives its opinion."""
