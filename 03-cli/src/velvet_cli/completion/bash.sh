# Completion of @PROG@ for bash, made from its contract. To use it:  eval "$(@PROG@ completion bash)"
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
_@ID@_values() {
    local key="$1 ${2-}"
    if [[ ${_@ID@_key-} != "$key" ]] || (( SECONDS - ${_@ID@_at-0} >= 2 )); then
        _@ID@_key=$key _@ID@_at=$SECONDS _@ID@_kept=()
        local value help
        while IFS=$'\t' read -r value help; do
            _@ID@_kept+=("$value")
        done < <(@PROG@ --complete "$1" ${2:+"--store=$2"} 2>/dev/null)
    fi
}

_@ID@_quote() {
    local text=$1 at=0 letter
    out=
    case $2 in
        "'") out=${text//\'/\'\\\'\'} ;;
        '"')
            for (( at = 0; at < ${#text}; at++ )); do
                letter=${text:at:1}
                case $letter in
                    [\$\`\"\\]) out+=\\$letter ;;
                    '!') out+="\"'!'\"" ;;
                    *) out+=$letter ;;
                esac
            done ;;
        *) if [[ $text ]]; then printf -v out %q "$text"; fi ;;
    esac
}

_@ID@() {
    local line=${COMP_LINE:0:COMP_POINT} LC_COLLATE=C
    local at=0 letter quote= current= started= cut=0 kept=0 words=()
    for (( at = 0; at < ${#line}; at++ )); do
        letter=${line:at:1}
        if [[ $quote ]]; then
            if [[ $letter == "$quote" ]]; then
                # A closed quote is replaced together with its marks.
                quote= cut=$kept
            elif [[ $letter == \\ && $quote == '"' && ${line:at+1:1} == [\$\`\"\\] ]]; then
                current+=${line:(++at):1}
            else
                current+=$letter
            fi
            continue
        fi
        case $letter in
            ' ' | $'\t' | $'\n')
                if [[ $started ]]; then words+=("$current"); fi
                current= started= cut=0 ;;
            "'" | '"') quote=$letter started=1 kept=$cut cut=${#current} ;;
            \\) current+=${line:(++at):1} started=1 ;;
            *)
                current+=$letter started=1
                if [[ $COMP_WORDBREAKS == *"$letter"* ]]; then cut=${#current}; fi ;;
        esac
    done

    local command= awaited= ended= store= count=0 word _row=()
    for word in ${words[@]+"${words[@]:1}"}; do
        if [[ $awaited ]]; then
            if [[ $awaited == '|--store' ]]; then store=$word; fi
            awaited=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == --* ]]; then
            if [[ $word == --store=* ]]; then store=${word#*=}; fi
            if _@ID@_row "$command|$word"; then awaited="$command|$word"; fi
        elif [[ ! $ended && $word == -?* ]]; then
            for (( at = 1; at < ${#word}; at++ )); do
                if _@ID@_row "$command|-${word:at:1}"; then
                    if (( at == ${#word} - 1 )); then awaited="$command|-${word:at:1}"; fi
                    break
                fi
            done
        elif (( ! count )) && _@ID@_row "$command|commands" && _@ID@_has "$word"; then
            command="${command:+$command }$word"
        else
            (( count++ ))
        fi
    done

    local front= out value
    if [[ $awaited ]]; then
        _@ID@_row "$awaited"
    elif [[ ! $ended && $current == --*=* ]]; then
        front=${current%%=*}=
        _@ID@_row "$command|${current%%=*}"
    elif [[ ! $ended && $current == -* ]]; then
        _@ID@_row "$command|options"
    elif (( count )) || ! _@ID@_row "$command|commands"; then
        _@ID@_row "$command|$(( count + 1 ))" || _@ID@_row "$command|*"
    fi
    case ${_row[0]-} in
        tasks | tags | keys)
            _@ID@_values "${_row[0]}" "$store"
            _row=("${_row[0]}" ${_@ID@_kept[@]+"${_@ID@_kept[@]}"}) ;;
        files)
            _row=(files)
            while IFS= read -r value; do
                if [[ -d $value ]]; then value+=/; fi
                _row+=("$value")
            done < <(compgen -f -- "${current#"$front"}") ;;
    esac
    COMPREPLY=()
    for value in ${_row[@]+"${_row[@]:1}"}; do
        if [[ $front$value == "$current"* ]]; then
            value=$front$value
            _@ID@_quote "${value:cut}" "$quote"
            # Bash closes the quote, unless the text ends with such a mark.
            if [[ $quote && $out == *"$quote" ]]; then out+=$quote; fi
            COMPREPLY+=("$out")
        fi
    done
    if (( ${#COMPREPLY[@]} == 1 )) && [[ ${COMPREPLY[0]} == *[/=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

_@ID@_has() {
    local one
    for one in ${_row[@]+"${_row[@]:1}"}; do
        if [[ $one == "$1" ]]; then return 0; fi
    done
    return 1
}

@TABLE@
complete -F _@ID@ @PROG@
