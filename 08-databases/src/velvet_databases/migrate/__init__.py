"""Changing the tables of a running service: what locks, what waits, and how to go back.

`ddl` says what a statement blocks before it is run for real, and runs it without a queue behind it,
`expand_contract` replaces a column while two versions of the application run, `backfill` fills it in
pieces that survive a kill, and `changes` measures what live writers felt.
"""
