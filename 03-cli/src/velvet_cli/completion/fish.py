"""Completion for fish 3, as two scripts: a table with a reader, or a question each Tab.

fish takes lines of ``value<TAB>help``, filters and quotes them by itself.
"""

from __future__ import annotations

from velvet_cli.completion.tables import rows
from velvet_cli.contract import Contract

_HEAD = """\
# Completion of @PROG@ for fish, made from its contract. To use it:  @PROG@ completion fish | source
"""
_READER = """\
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
function __@PROG@_values
    set -l key "$argv"
    set -l now (date +%s)
    if test "$key" != "$__@PROG@_key"; or test (math $now - "$__@PROG@_at") -ge 2
        set -g __@PROG@_key $key
        set -g __@PROG@_at $now
        set -l store
        set -q argv[2]; and set store --store=$argv[2]
        set -g __@PROG@_kept (@PROG@ --complete values $argv[1] $store 2>/dev/null)
    end
    printf '%s\\n' $__@PROG@_kept
end

function __@PROG@_complete
    set -l command ''
    set -l awaited ''
    set -l ended ''
    set -l store
    set -l count 0
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -n "$awaited"
            test "$awaited" = '|--store'; and set store $word
            set awaited ''
        else if test -z "$ended"; and test "$word" = --
            set ended 1
        else if test -z "$ended"; and string match -q -- '--*' $word
            string match -q -- '--store=*' $word; and set store (string replace -- --store= '' $word)
            __@PROG@_row "$command|$word" >/dev/null; and set awaited "$command|$word"
        else if test -z "$ended"; and string match -qr -- '^-.' $word
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for at in (seq (count $letters))
                if __@PROG@_row "$command|-$letters[$at]" >/dev/null
                    test $at = (count $letters); and set awaited "$command|-$letters[$at]"
                    break
                end
            end
        else if test $count = 0; and __@PROG@_row "$command|commands" | string match -q -- $word\\t'*'
            set command (string trim -- "$command $word")
        else
            set count (math $count + 1)
        end
    end
    set -l current (commandline -ct)
    set -l front ''
    set -l found
    if test -n "$awaited"
        set found (__@PROG@_row $awaited)
    else if test -z "$ended"; and string match -q -- '--*=*' $current
        set front (string replace -r -- '=.*' '' $current)
        set found (__@PROG@_row "$command|$front")
        set front $front=
    else if test -z "$ended"; and string match -q -- '-*' $current
        set found (__@PROG@_row "$command|options")
    else if test $count = 0; and __@PROG@_row "$command|commands" >/dev/null
        set found (__@PROG@_row "$command|commands")
    else
        set found (__@PROG@_row "$command|"(math $count + 1)); or set found (__@PROG@_row "$command|*")
    end
    switch "$found[1]"
        case '@tasks' '@tags' '@keys'
            set found (__@PROG@_values (string sub -s 2 -- $found[1]) $store)
        case '@files'
            for one in (__fish_complete_path (string sub -s (math 1 + (string length -- "$front")) -- $current))
                echo -- $front$one
            end
            return
        case '@any'
            return
    end
    for one in $found
        echo -- $front$one
    end
end

"""
_DYNAMIC = """\
# Every Tab starts @PROG@ once.
function __@PROG@_complete
    set -l words (commandline -opc)
    # Up to the first quote or backslash is enough: fish itself compares the rest.
    set -l current (commandline -ct | string replace -r -- '^(--[^=]*=)?["\\']?([^"\\'\\x5c]*).*' '$1$2')
    @PROG@ --complete words $words[2..-1] "$current" 2>/dev/null
end

"""
_TAIL = """\
complete -c @PROG@ -f -k -a '(__@PROG@_complete)'
"""


def static(contract: Contract) -> str:
    """Return the script that answers from its table."""
    script = _HEAD + _READER + _table(contract) + _TAIL
    return script.replace("@PROG@", contract.prog)


def dynamic(contract: Contract) -> str:
    """Return the script that asks the program."""
    return (_HEAD + _DYNAMIC + _TAIL).replace("@PROG@", contract.prog)


def _table(contract: Contract) -> str:
    lines = ["function __@PROG@_row", "    switch $argv[1]"]
    for row in rows(contract):
        pairs = (f"{_quote(value)}\\t{_quote(text)}" for value, text in row.values)
        words = " ".join(pairs) if row.kind == "words" else f"@{row.kind}"
        # `*` is a pattern here unless it is quoted and escaped.
        keys = " ".join(_quote(key.replace("*", "\\*")) for key in row.keys)
        lines += [f"        case {keys}", f"            printf '%s\\\\n' {words}"]
    return "\n".join([*lines, "        case '*'", "            return 1", "    end", "end", ""])


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
