# SPDX-License-Identifier: MIT
#
# Completion of dig for fish: commands, options, refs and paths, as the program
# itself lists them (dig help --commands, dig help --options COMMAND).

# Sets the caller's program, verb and bare from what was typed.
function __dig_look --no-scope-shadowing
    set -l words (commandline -opc)
    set program $words[1]
    set verb
    set bare
    set -l i 2
    while test $i -le (count $words)
        switch "$verb$words[$i]"
            case -C
                set i (math $i + 1)
                set -a program -C $words[$i]
            case '-*'
            case '*'
                test -n "$verb"; or set verb $words[$i]
        end
        test "$words[$i]" = --; and set bare 1
        set i (math $i + 1)
    end
end

function __dig_complete
    set -l program
    set -l verb
    set -l bare
    __dig_look
    if test -z "$verb"
        $program help --commands 2>/dev/null
        printf '%s\n' -C --no-pager --version --help
        return
    end
    test "$verb" = help; and $program help --commands 2>/dev/null
    set -l lines ($program help --options $verb 2>/dev/null)
    if string match -q -- '-*' (commandline -ct); and test -z "$bare"
        for line in $lines
            string match -q -- '-*' $line; or continue
            set -l parts (string split \t -- $line)
            printf '%s\t%s\n' $parts[1] $parts[3]
        end
        return
    end
    if contains -- =refs $lines; and test -z "$bare"
        echo HEAD
        $program branch --no-color 2>/dev/null | string replace -r '^[* ] ' '' |
            string match -v -- '(*'
        $program tag 2>/dev/null
    end
    contains -- =paths $lines; and __fish_complete_path (commandline -ct)
end

complete -c dig -f -a '(__dig_complete)'
