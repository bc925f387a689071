"""The dashboard of 14-web."""

from velvet_web.dashboard import main

main()
