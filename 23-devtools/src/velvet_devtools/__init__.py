"""Development Tools: which tool finds which defect, and a set of tools that a reader keeps."""
