"""NLP on little data: the same sentences for every approach, and an interval on every score."""
