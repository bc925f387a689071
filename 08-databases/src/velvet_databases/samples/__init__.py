"""What is measured on, and no lesson: tables for the detector, for plans and for live changes."""
