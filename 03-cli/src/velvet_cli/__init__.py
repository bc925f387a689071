"""One command-line tool, `tasks`, written four times; a start pays for imports, and this has none."""
