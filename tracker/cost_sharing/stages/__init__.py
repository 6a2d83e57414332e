"""概算・確定・精算: what follows an agreed case within its year."""
