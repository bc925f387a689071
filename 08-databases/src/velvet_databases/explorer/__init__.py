"""What the explorer shows, as plain data: no page, no figure and no benchmark harness in here.

Files named `*_job` run in a child (`python -m velvet_databases.explorer JOB`) and load drivers and
servers; the files beside them read what the child tells, need nothing but the standard library,
and are all that a page imports.
"""
