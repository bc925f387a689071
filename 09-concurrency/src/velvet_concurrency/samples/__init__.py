"""What is measured: servers in processes of their own and equal jobs; not part of the lesson."""
