"""Changing the tables of a running service: what locks, what waits, and how to go back.

`online` says what a statement blocks before it is run for real, runs it without a queue behind it,
and fills a column in pieces; `expand_contract` replaces a column while two versions of the
application run; `stall` measures what live writers feel.
"""
