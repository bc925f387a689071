"""Completion for bash 4 and newer, as two scripts: a table with a reader, or a question each Tab.

Nothing here is passed to `compgen -W`, which expands its words: a tag called ``$(reboot)`` would
be a command. Words are compared and quoted one by one. The reader resolves quotes by itself,
because bash splits at every character of COMP_WORDBREAKS and leaves the joining to the script.
"""

from __future__ import annotations

import shlex

from velvet_cli.completion.tables import rows
from velvet_cli.contract import Contract

_HEAD = """\
# Completion of @PROG@ for bash, made from its contract. To use it:  eval "$(@PROG@ completion bash)"
"""
_READER = """\
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
_@PROG@_values() {
    local key="$1 $2"
    if [[ $_@PROG@_key != "$key" ]] || (( SECONDS - _@PROG@_at >= 2 )); then
        _@PROG@_key=$key _@PROG@_at=$SECONDS _@PROG@_kept=()
        local value help
        while IFS=$'\\t' read -r value help; do
            _@PROG@_kept+=("$value")
        done < <(@PROG@ --complete values "$1" ${2:+"--store=$2"} 2>/dev/null)
    fi
}

_@PROG@_quote() {
    local text=$1 at=0 letter
    out=
    case $2 in
        "'") out=${text//\\'/\\'\\\\\\'\\'} ;;
        '"')
            for (( at = 0; at < ${#text}; at++ )); do
                letter=${text:at:1}
                case $letter in
                    [\\$\\`\\"\\\\]) out+=\\\\$letter ;;
                    '!') out+="\\"'!'\\"" ;;
                    *) out+=$letter ;;
                esac
            done ;;
        *) if [[ $text ]]; then printf -v out %q "$text"; fi ;;
    esac
}

_@PROG@() {
    local line=${COMP_LINE:0:COMP_POINT} LC_COLLATE=C
    local at=0 letter next quote= current= started= cut=0 words=()
    for (( at = 0; at < ${#line}; at++ )); do
        letter=${line:at:1}
        if [[ $quote ]]; then
            if [[ $letter == "$quote" ]]; then
                quote= cut=${#current}
            elif [[ $letter == \\\\ && $quote == '"' && ${line:at+1:1} == [\\$\\`\\"\\\\] ]]; then
                current+=${line:(++at):1}
            else
                current+=$letter
            fi
            continue
        fi
        case $letter in
            ' ' | $'\\t' | $'\\n')
                if [[ $started ]]; then words+=("$current"); fi
                current= started= cut=0 ;;
            "'" | '"') quote=$letter started=1 cut=${#current} ;;
            \\\\) current+=${line:(++at):1} started=1 ;;
            *)
                current+=$letter started=1
                if [[ $COMP_WORDBREAKS == *"$letter"* ]]; then cut=${#current}; fi ;;
        esac
    done

    local command= awaited= ended= store= count=0 word _row=()
    for word in "${words[@]:1}"; do
        if [[ $awaited ]]; then
            if [[ $awaited == '|--store' ]]; then store=$word; fi
            awaited=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == --* ]]; then
            if [[ $word == --store=* ]]; then store=${word#*=}; fi
            if _@PROG@_row "$command|$word"; then awaited="$command|$word"; fi
        elif [[ ! $ended && $word == -?* ]]; then
            for (( at = 1; at < ${#word}; at++ )); do
                if _@PROG@_row "$command|-${word:at:1}"; then
                    if (( at == ${#word} - 1 )); then awaited="$command|-${word:at:1}"; fi
                    break
                fi
            done
        elif (( ! count )) && _@PROG@_row "$command|commands" && _@PROG@_has "$word"; then
            command="${command:+$command }$word"
        else
            (( count++ ))
        fi
    done

    local front= out value
    if [[ $awaited ]]; then
        _@PROG@_row "$awaited"
    elif [[ ! $ended && $current == --*=* ]]; then
        front=${current%%=*}=
        _@PROG@_row "$command|${current%%=*}"
    elif [[ ! $ended && $current == -* ]]; then
        _@PROG@_row "$command|options"
    elif (( count )) || ! _@PROG@_row "$command|commands"; then
        _@PROG@_row "$command|$(( count + 1 ))" || _@PROG@_row "$command|*"
    fi
    case ${_row[0]} in
        tasks | tags | keys)
            _@PROG@_values "${_row[0]}" "$store"
            _row=("${_row[0]}" "${_@PROG@_kept[@]}") ;;
        files)
            _row=(files)
            while IFS= read -r value; do
                if [[ -d $value ]]; then value+=/; fi
                _row+=("$value")
            done < <(compgen -f -- "${current#"$front"}") ;;
    esac
    COMPREPLY=()
    for value in "${_row[@]:1}"; do
        if [[ $front$value == "$current"* ]]; then
            value=$front$value
            _@PROG@_quote "${value:cut}" "$quote"
            # Bash closes the quote, unless the text ends with such a mark.
            if [[ $quote && $out == *"$quote" ]]; then out+=$quote; fi
            COMPREPLY+=("$out")
        fi
    done
    if (( ${#COMPREPLY[@]} == 1 )) && [[ ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

_@PROG@_has() {
    local one
    for one in "${_row[@]:1}"; do
        if [[ $one == "$1" ]]; then return 0; fi
    done
    return 1
}

"""
_TAIL = """\
complete -F _@PROG@ @PROG@
"""
_DYNAMIC = """\
# Every Tab starts @PROG@ once.
_@PROG@() {
    local value
    COMPREPLY=()
    while IFS= read -r value; do
        COMPREPLY+=("$value")
    done < <(COMP_LINE=$COMP_LINE COMP_POINT=$COMP_POINT COMP_WORDBREAKS=$COMP_WORDBREAKS \\
        @PROG@ --complete bash 2>/dev/null)
    if (( ${#COMPREPLY[@]} == 1 )) && [[ ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
"""


def static(contract: Contract) -> str:
    """Return the script that answers from its table."""
    return (_HEAD + _READER + _table(contract) + _TAIL).replace("@PROG@", contract.prog)


def dynamic(contract: Contract) -> str:
    """Return the script that asks the program."""
    return (_HEAD + _DYNAMIC + _TAIL).replace("@PROG@", contract.prog)


def _table(contract: Contract) -> str:
    lines = ["_@PROG@_row() {", "    case $1 in"]
    for row in rows(contract):
        keys = " | ".join(map(shlex.quote, row.keys))
        words = " ".join(shlex.quote(part) for part in (row.kind, *(v for v, _ in row.values)))
        lines.append(f"        {keys}) _row=({words}) ;;")
    return "\n".join([*lines, "        *) _row=(); return 1 ;;", "    esac", "}", ""])
