"""What is measured: graphs of packages."""
