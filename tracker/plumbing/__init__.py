"""How we stand on Flask, SQLAlchemy, WTForms and Flask-Mail.  Knows no feature."""
