"""The look of every dashboard, the job kit that its tabs are written with, and the hub.

A module uses `kit` (pages, tabs, jobs, controls), `panels` (figures as functions over plain data)
and `palette` (one set of colours). Behind them: `job` is a child process whose JSON lines a page
shows, `runs` what such a child told, now or earlier, `predict` the tab that every page has.
"""
