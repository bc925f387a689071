"""Testing strategies measured on one corpus of seeded bugs."""
