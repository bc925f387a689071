# Completion of @PROG@ for fish, made from its contract. To use it:  @PROG@ completion fish | source
# Tables and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
function __@ID@_values
    set -l key "$argv"
    set -l now (date +%s)
    if test "$key" != "$__@ID@_key"; or test (math $now - "$__@ID@_at") -ge 2
        set -g __@ID@_key $key
        set -g __@ID@_at $now
        set -l store
        set -q argv[2]; and set store --store=$argv[2]
        set -g __@ID@_kept (@PROG@ --complete $argv[1] $store 2>/dev/null)
    end
    printf '%s\n' $__@ID@_kept
end

function __@ID@_complete
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
            __@ID@_row "$command|$word" >/dev/null; and set awaited "$command|$word"
        else if test -z "$ended"; and string match -qr -- '^-.' $word
            set -l letters (string split '' -- (string sub -s 2 -- $word))
            for at in (seq (count $letters))
                if __@ID@_row "$command|-$letters[$at]" >/dev/null
                    test $at = (count $letters); and set awaited "$command|-$letters[$at]"
                    break
                end
            end
        else if test $count = 0; and __@ID@_row "$command|commands" | string match -q -- $word\t'*'
            set command (string trim -- "$command $word")
        else
            set count (math $count + 1)
        end
    end
    set -l current (commandline -ct)
    set -l front ''
    set -l found
    if test -n "$awaited"
        set found (__@ID@_row $awaited)
    else if test -z "$ended"; and string match -q -- '--*=*' $current
        set front (string replace -r -- '=.*' '' $current)
        set found (__@ID@_row "$command|$front")
        set front $front=
    else if test -z "$ended"; and string match -q -- '-*' $current
        set found (__@ID@_row "$command|options")
    else if test $count = 0; and __@ID@_row "$command|commands" >/dev/null
        set found (__@ID@_row "$command|commands")
    else
        set found (__@ID@_row "$command|"(math $count + 1)); or set found (__@ID@_row "$command|*")
    end
    switch "$found[1]"
        case '@tasks' '@tags' '@keys'
            set found (__@ID@_values (string sub -s 2 -- $found[1]) $store)
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

@TABLE@
complete -c @PROG@ -f -k -a '(__@ID@_complete)'
