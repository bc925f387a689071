"""The dashboard of 08-databases."""

from velvet_databases.dashboard import main

main()
