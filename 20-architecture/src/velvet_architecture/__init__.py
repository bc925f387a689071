"""Architecture patterns on one domain, each layer with its price at run time and at change time."""
