"""The dashboard of 16-queues."""

from velvet_queues.dashboard import main

main()
