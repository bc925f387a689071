"""Commands that are imported when they are called, in three frameworks.

Loading a command lazily helps the one who calls another command. It does not help `--help`,
which asks every command for its summary and so imports them all; for that the summaries have
to be known beforehand, which is what a `Manifest` is.
"""
