"""文面: the words of each kind of letter, as the office wants them."""
