"""Where the time goes: profilers scored on known hot spots, ladders of fixes, what they give."""
