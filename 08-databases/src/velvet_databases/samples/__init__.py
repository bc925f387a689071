"""What is measured on, and no lesson: mapped tables for the detector, a filled one for plans."""
