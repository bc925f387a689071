"""Which instant does a wall time mean, and which library knows?

`resolve` answers the question, `clock` keeps instants and wall times apart, `tzif`, `posix_tz` and
`leap` read the data behind it; `rfc3339`, `ixdtf` and `duration` read text; `cron`, `schedule` and
`meetings` are about the future. `contenders` and `matrix` put ten engines to the same cases.
"""
