"""The dashboard of 07-http."""

from velvet_http.dashboard import main

main()
