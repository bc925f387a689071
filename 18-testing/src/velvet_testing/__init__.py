"""Testing Strategies: keeping items unique, with a list that remembers and with a dictionary."""
