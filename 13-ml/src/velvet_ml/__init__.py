"""Is the score real, which file is in production, did B beat A, and is it drifting."""
