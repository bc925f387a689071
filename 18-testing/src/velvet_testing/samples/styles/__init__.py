"""One service, five suites with the same intent, and the patches that they are measured with."""
