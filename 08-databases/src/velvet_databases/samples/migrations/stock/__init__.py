"""The Django application whose migrations make and change the table of stocked items."""
