"""The dashboard of 18-testing."""

from velvet_testing.dashboard import main

main()
