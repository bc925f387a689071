"""The rivals: ten checkers in a table, three ways to rename."""
