"""Mutation testing: change the program a little, and see whether a test notices.

A line that a test runs is covered; a line whose change a test notices is tested. `operators` makes
the mutants, `engine` runs them, `worker` is the process in which a mutant lives and dies.
"""
