"""What each strategy is driven by, one file a program."""
