"""The dashboard of 04-datetime."""

from velvet_datetime.dashboard import main

main()
