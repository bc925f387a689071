"""One command-line tool, `tasks`, written four times against one contract.

Importing this package imports nothing: every module below is loaded by whoever needs it,
because a command-line tool pays for its imports at every start.
"""
