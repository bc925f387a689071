"""The dashboard of 23-devtools."""

from velvet_devtools.dashboard import main

main()
