"""算式と負担額: how an amount is divided, in whole yen."""
