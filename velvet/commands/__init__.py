"""The sub-commands of `velvet`, one file each, imported only when called."""

# On every command, not only inherited: Click remembers a command's help option from its first
# call, so one that was first called by itself would never learn its parent's `-h`.
HELP = {"help_option_names": ["-h", "--help"]}

WIDTH = 120


def folded(text: str, *, indent: int) -> str:
    """Return a line of a report, continued below its text where it is longer than a screen."""
    import textwrap  # not at every start

    return textwrap.fill(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False)
