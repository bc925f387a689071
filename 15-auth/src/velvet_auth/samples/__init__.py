"""What the laboratory is made of: apparatus, targets that are open on purpose, and the attacks."""
