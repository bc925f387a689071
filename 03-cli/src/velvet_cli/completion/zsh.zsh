#compdef @PROG@
# Completion of @PROG@ for zsh, made from its contract. To use it:  eval "$(@PROG@ completion zsh)"
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
_@ID@_values() {
    local key="$1 $2"
    if [[ $_@ID@_key != "$key" ]] || (( SECONDS - _@ID@_at >= 2 )); then
        typeset -g _@ID@_key=$key
        typeset -gi _@ID@_at=$SECONDS
        typeset -ga _@ID@_kept=(${(f)"$(@PROG@ --complete $1 ${2:+--store=$2} 2>/dev/null)"})
    fi
}

_@ID@_has() {
    local one
    for one in ${_row[2,-1]}; do
        [[ ${one%%$'\t'*} == "$1" ]] && return 0
    done
    return 1
}

_@ID@() {
    setopt localoptions unset
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
            _@ID@_row "$command|$word" && awaited="$command|$word"
        elif [[ -z $ended && $word == -?* ]]; then
            for (( at = 2; at <= $#word; at++ )); do
                if _@ID@_row "$command|-$word[at]"; then
                    (( at == $#word )) && awaited="$command|-$word[at]"
                    break
                fi
            done
        elif (( ! count )) && _@ID@_row "$command|commands" && _@ID@_has "$word"; then
            command="${command:+$command }$word"
        else
            (( count++ ))
        fi
    done
    current=${(Q)PREFIX}
    if [[ -n $awaited ]]; then
        _@ID@_row "$awaited"
    elif [[ -z $ended && $current == --*=* ]]; then
        front=${current%%=*}
        compset -P '*='
        _@ID@_row "$command|$front"
    elif [[ -z $ended && $current == -* ]]; then
        _@ID@_row "$command|options"
    elif (( count )) || ! _@ID@_row "$command|commands"; then
        _@ID@_row "$command|$(( count + 1 ))" || _@ID@_row "$command|*"
    fi
    case $_row[1] in
        files) _files; return ;;
        tasks | tags | keys)
            _@ID@_values $_row[1] "$store"
            _row=($_row[1] $_@ID@_kept) ;;
    esac
    _@ID@_show ${_row[2,-1]}
}
_@ID@_show() {
    local one value help
    local -a pairs folders
    for one in "$@"; do
        value=${one%%$'\t'*} help=${one#*$'\t'}
        if [[ $value == *[/=:] ]]; then
            folders+=("$value")
        else
            value=${value//\\/\\\\}
            pairs+=("${value//:/\\:}${help:+:$help}")
        fi
    done
    (( $#folders )) && compadd -S '' -- $folders
    (( $#pairs )) && _describe -t values '@PROG@' pairs
}

@TABLE@
compdef _@ID@ @PROG@
