"""Authentication: a small library, and a laboratory that attacks three builds of each feature.

Nothing here reads the environment or opens a socket at import. Clocks are injected, random
values come from `secrets`, and stores are SQLite files with atomic statements.
"""
