"""One chart specification, four libraries, and the checks that they draw the same chart."""
