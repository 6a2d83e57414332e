"""Article 4(2): who bears how much, settled each time by the two parties of an agreement."""
