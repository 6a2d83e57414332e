"""What is printed of a case of Article 4(2): its arithmetic, settlement and memorandum."""
