# terkait: completion for bash. Commands and options are those that --help
# tells of, settings those that check-config shows: nothing to keep in step.
# shellcheck shell=bash

_terkait_commands() {
    "$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
    echo help
}

_terkait_options() {
    "$1" "$2" --help 2>/dev/null |
        sed -n 's/^  \{1,6\}\(-.*\)/\1/p' |
        grep -oE '^(-[a-z], )?--[a-z-]+=?' | sed 's/, /\n/'
}

# _terkait_settings PROGRAM [FILE]
_terkait_settings() {
    "$1" check-config ${2:+-c "$2"} 2>/dev/null | sed -n 's/^\([^ ]*\) .*/\1=/p'
    echo kafka.set=
}

# _terkait_names PROGRAM relations|windows [FILE]
_terkait_names() {
    "$1" check-config ${3:+-c "$3"} 2>/dev/null |
        sed -n "s/^$2 .*{\(.*\)}.*/\1/p" | tr -d ' ' | tr , '\n'
}

_terkait() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-}
    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local file='' words='' i

    if [ "$now" = "=" ]; then # "--option=" comes in parts
        now=
    elif [ "$before" = "=" ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c) file=${COMP_WORDS[i + 1]-} ;;
        --config) file=${COMP_WORDS[i + 2]-} ;;
        esac
    done
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(_terkait_commands "$program")
    else
        case $command:$before in
        help:*) words=$(_terkait_commands "$program") ;;
        *:-c | *:--config) mapfile -t COMPREPLY < <(compgen -f -- "$now") ;;
        *:-s | *:--set) words=$(_terkait_settings "$program" "$file") ;;
        *:--print) words="lists counts" ;;
        *:--stamps) words="now event" ;;
        *:-r | *:--relation)
            words=$(_terkait_names "$program" relations "$file")
            ;;
        *:-w | *:--window)
            words=$(_terkait_names "$program" windows "$file")
            ;;
        *)
            case $now in
            -*) words=$(_terkait_options "$program" "$command") ;;
            *) [ "$command" != replay ] ||
                mapfile -t COMPREPLY < <(compgen -f -- "$now") ;;
            esac
            ;;
        esac
    fi
    [ -n "$words" ] || return 0
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$now")
    case ${COMPREPLY[0]-} in
    *=) compopt -o nospace 2>/dev/null ;;
    esac
    return 0
}

complete -o filenames -F _terkait terkait
