"""What the dashboard shows: each part computes here, and a page only draws it."""
