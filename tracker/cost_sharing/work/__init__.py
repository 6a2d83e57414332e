"""手続・人員: who does what, promised with the agreement and told when done."""
