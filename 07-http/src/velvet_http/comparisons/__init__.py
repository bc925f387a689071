"""What this module compares, one file a subject, each with `add_to(suite)`."""
