"""The dashboard of 15-auth."""

from velvet_auth.dashboard import main

main()
