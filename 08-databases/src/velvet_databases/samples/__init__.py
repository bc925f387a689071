"""What the detector is tried on, and no lesson: mapped tables with every kind of relation."""
