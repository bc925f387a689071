"""The sub-commands of `velvet`, one file each, imported only when called."""

# On every command, not only inherited: Click remembers a command's help option from its first
# call, so one that was first called by itself would never learn its parent's `-h`.
HELP = {"help_option_names": ["-h", "--help"]}
