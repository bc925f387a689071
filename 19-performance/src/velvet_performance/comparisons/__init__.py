"""What is measured, one file a subject, each with `add_to(suite)`."""
