"""`completion`: words that a shell offers at <TAB>, read from the flags of every verb.

A script is a table, key -> words, and the few lines of a shell that look into it; no Python is
started at <TAB>. Keys are "" (verbs), "level" (what follows a first word), "train --" (flags),
"train --device" (values of a flag) and "train @" (arguments). The word @files stands for files.
"""

import argparse
import re

from .parser import Parser, add_manners
from .talk import Report, Talk
from .verb import Group, Verb

VERBS = Group("care")
SHELLS = ("bash", "zsh", "fish")
FILES = "@files"
NUMBERS = re.compile(r"(N|K|X|S|SECONDS|TEXT|WORDS|A,A,\.\.\.)")  # nothing to offer

BASH = r"""
_goalshift() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
    local verb="${COMP_WORDS[1]}" key words
    if [ "$COMP_CWORD" -eq 1 ]; then
        key=""
    elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$(_goalshift_words "$verb")" ]; then
        key="$verb"
    else
        [ -n "$(_goalshift_words "$verb")" ] && verb="$verb ${COMP_WORDS[2]}"
        key="$verb @"
        case "$prev" in -*) _goalshift_words "$verb $prev" > /dev/null && key="$verb $prev" ;; esac
        case "$cur" in -*) key="$verb --" ;; esac
    fi
    words="$(_goalshift_words "$key")"
    COMPREPLY=( $(compgen -W "${words//@files/}" -- "$cur") )
    case "$words" in *@files*) COMPREPLY+=( $(compgen -f -- "$cur") ) ;; esac
}
complete -o filenames -F _goalshift goalshift
"""

FISH = r"""
function _goalshift
    set -l before (commandline -opc)
    set -l cur (commandline -ct)
    set -l verb "$before[2]"
    set -l key ""
    set -l of_verb (_goalshift_words "$verb")
    if test (count $before) -gt 2; or begin; test (count $before) -eq 2; and test -z "$of_verb"; end
        test -n "$of_verb"; and set verb "$verb $before[3]"
        set key "$verb @"
        if string match -q -- '-*' "$before[-1]"; and _goalshift_words "$verb $before[-1]" > /dev/null
            set key "$verb $before[-1]"
        end
        string match -q -- '-*' "$cur"; and set key "$verb --"
    else if test (count $before) -eq 2
        set key "$verb"
    end
    for word in (string split ' ' -- (_goalshift_words "$key"))
        if test "$word" = @files
            __fish_complete_path "$cur"
        else
            echo -- $word
        end
    end
end
complete -c goalshift -f -a '(_goalshift)'
"""


def table(verbs: dict[str, Verb], worlds: str) -> dict[str, str]:
    """The words by key; `worlds` are their names."""
    firsts = dict.fromkeys(name.split()[0] for name in verbs)
    found = {"": " ".join(firsts)}
    for first in firsts:
        rest = [name.split()[1] for name in verbs if name.startswith(f"{first} ")]
        if rest:
            found[first] = " ".join(rest)
    for name, verb in verbs.items():
        parser = Parser(name, verb.summary, verb.examples)
        verb.flags(parser)
        add_manners(parser)
        flags = [a for a in parser._actions if a.option_strings]
        long = [text for a in flags for text in a.option_strings if text.startswith("--")]
        found[f"{name} --"] = " ".join(long)
        for action in flags:
            if action.nargs != 0:
                values = offered(action, worlds)
                found |= {f"{name} {text}": values for text in action.option_strings}
        arguments = [offered(a, worlds) for a in parser._actions if not a.option_strings]
        found[f"{name} @"] = " ".join(dict.fromkeys(" ".join(arguments).split()))
    return found


def offered(action: argparse.Action, worlds: str) -> str:
    """The values that a flag or an argument may take, where they can be listed."""
    if action.choices:
        return " ".join(map(str, action.choices))
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if action.dest in ("world", "worlds") or "WORLD" in metavar.split("|"):
        return f"{worlds} {FILES}"
    parts = metavar.split("|")
    if len(parts) > 1 and all(re.fullmatch(r"[a-z0-9.-]+", part) for part in parts):
        return " ".join(parts)
    return "" if NUMBERS.fullmatch(metavar) else FILES


def script(shell: str, words: dict[str, str]) -> str:
    """What a shell is to read."""
    if shell == "fish":
        rows = [f"        case '{key}'\n            echo '{text}'" for key, text in words.items()]
        rows.append("        case '*'\n            return 1")
        body = "\n".join(rows)
        head = f'function _goalshift_words\n    switch "$argv[1]"\n{body}\n    end\nend'
        return head + FISH.rstrip()
    rows = [f"    '{key}') echo '{text}' ;;" for key, text in words.items()]
    cases = "\n".join([*rows, "    *) return 1 ;;"])
    head = f'_goalshift_words() {{\n    case "$1" in\n{cases}\n    esac\n}}'
    zsh = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
    return (zsh if shell == "zsh" else "") + head + BASH.rstrip()


def flags(parser: Parser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="for which shell")


@VERBS.verb(
    "completion",
    "bash|zsh|fish",
    "print what completes commands, flags and worlds at <TAB> in a shell",
    flags,
    (
        "goalshift completion bash > ~/.local/share/bash-completion/completions/goalshift",
        "goalshift completion zsh > ~/.goalshift.zsh",  # and source it in ~/.zshrc
        "goalshift completion fish > ~/.config/fish/completions/goalshift.fish",
    ),
)
def completion(args: argparse.Namespace, talk: Talk) -> Report:
    from ...engine.catalogue import names

    verbs = {name: verb for group in Group.known for name, verb in group.items()}
    text = script(args.shell, table(verbs, " ".join(names())))
    return Report({"shell": args.shell, "script": text}, text)
