"""What module 05 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_text.comparisons import keyword_search, log_lines, markup, patterns, unicode_text

suite = Suite("05-text", __file__)
for subject in (patterns, keyword_search, log_lines, unicode_text, markup):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
