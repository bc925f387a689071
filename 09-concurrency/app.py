"""The dashboard of 09-concurrency."""

from velvet_concurrency.dashboard import main

main()
