"""Completion for zsh 5, as two scripts: a table with a reader, or a question each Tab.

zsh resolves and restores quotes by itself (`${(Q)...}` and `compadd`), and shows the help of each
candidate, so this is shorter than bash's.
"""

from __future__ import annotations

import shlex

from velvet_cli.completion.tables import rows
from velvet_cli.contract import Contract

_HEAD = """\
#compdef @PROG@
# Completion of @PROG@ for zsh, made from its contract. To use it:  eval "$(@PROG@ completion zsh)"
"""
_READER = """\
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
_@PROG@_values() {
    local key="$1 $2"
    if [[ $_@PROG@_key != "$key" ]] || (( SECONDS - _@PROG@_at >= 2 )); then
        typeset -g _@PROG@_key=$key
        typeset -gi _@PROG@_at=$SECONDS
        typeset -ga _@PROG@_kept=(${(f)"$(@PROG@ --complete values $1 ${2:+--store=$2} 2>/dev/null)"})
    fi
}

_@PROG@_has() {
    local one
    for one in ${_row[2,-1]}; do
        [[ ${one%%$'\\t'*} == "$1" ]] && return 0
    done
    return 1
}

_@PROG@() {
    local command= awaited= ended= store= word front= current
    local -i count=0 at
    local -a _row pairs
    for word in "${(@Q)words[2,CURRENT-1]}"; do
        if [[ -n $awaited ]]; then
            [[ $awaited == '|--store' ]] && store=$word
            awaited=
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == --* ]]; then
            [[ $word == --store=* ]] && store=${word#*=}
            _@PROG@_row "$command|$word" && awaited="$command|$word"
        elif [[ -z $ended && $word == -?* ]]; then
            for (( at = 2; at <= $#word; at++ )); do
                if _@PROG@_row "$command|-$word[at]"; then
                    (( at == $#word )) && awaited="$command|-$word[at]"
                    break
                fi
            done
        elif (( ! count )) && _@PROG@_row "$command|commands" && _@PROG@_has "$word"; then
            command="${command:+$command }$word"
        else
            (( count++ ))
        fi
    done
    current=${(Q)PREFIX}
    if [[ -n $awaited ]]; then
        _@PROG@_row "$awaited"
    elif [[ -z $ended && $current == --*=* ]]; then
        front=${current%%=*}
        compset -P '*='
        _@PROG@_row "$command|$front"
    elif [[ -z $ended && $current == -* ]]; then
        _@PROG@_row "$command|options"
    elif (( count )) || ! _@PROG@_row "$command|commands"; then
        _@PROG@_row "$command|$(( count + 1 ))" || _@PROG@_row "$command|*"
    fi
    case $_row[1] in
        files) _files; return ;;
        tasks | tags | keys)
            _@PROG@_values $_row[1] "$store"
            _row=($_row[1] $_@PROG@_kept) ;;
    esac
    _@PROG@_show ${_row[2,-1]}
}
"""
_SHOW = """\
_@PROG@_show() {
    local one value help
    local -a pairs folders
    for one in "$@"; do
        value=${one%%$'\\t'*} help=${one#*$'\\t'}
        if [[ $value == */ ]]; then
            folders+=("$value")
        else
            pairs+=("${value//:/\\\\:}${help:+:$help}")
        fi
    done
    (( $#folders )) && compadd -S '' -- $folders
    (( $#pairs )) && _describe -t values '@PROG@' pairs
}

"""
_TAIL = """\
compdef _@PROG@ @PROG@
"""
_DYNAMIC = """\
# Every Tab starts @PROG@ once.
_@PROG@() {
    local current=${(Q)PREFIX}
    local -a found
    found=(${(f)"$(@PROG@ --complete words "${(@Q)words[2,CURRENT-1]}" "$current" 2>/dev/null)"})
    if [[ $current == --*=* ]]; then
        compset -P '*='
        found=(${found#*=})
    fi
    _@PROG@_show $found
}
"""


def static(contract: Contract) -> str:
    """Return the script that answers from its table."""
    script = _HEAD + _READER + _SHOW + _table(contract) + _TAIL
    return script.replace("@PROG@", contract.prog)


def dynamic(contract: Contract) -> str:
    """Return the script that asks the program."""
    return (_HEAD + _DYNAMIC + _SHOW + _TAIL).replace("@PROG@", contract.prog)


def _table(contract: Contract) -> str:
    lines = ["_@PROG@_row() {", "    case $1 in"]
    for row in rows(contract):
        keys = " | ".join(map(shlex.quote, row.keys))
        pairs = (f"{shlex.quote(value)}$'\\t'{shlex.quote(text)}" for value, text in row.values)
        lines.append(f"        {keys}) _row=({' '.join((row.kind, *pairs))}) ;;")
    return "\n".join([*lines, "        *) _row=(); return 1 ;;", "    esac", "}", ""])
