#!/usr/bin/env python3
"""Makes the completions of bash, zsh and fish from what the programs say themselves with --help.

usage: python3 completions/generate.py BIN-FOLDER [TARGET-FOLDER]

The scripts are kept in the repository, so that installing them needs no running program; a test makes them again and
compares.
"""
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"^\s+(?:-\w,)?(--[a-z][\w-]*)(?: (\S.*?))?(?:\s{2,}(\S.*))?$")
WORD = re.compile(r"^  ([a-z][\w-]*)(?:\s{2,}(\S.*))?$")
NOTE = "made by completions/generate.py; do not edit"


class Option:
    def __init__(self, name, kind, text):
        self.name, self.text = name, text or ""
        self.takes_value, kind = bool(kind), kind or ""
        self.takes_path = bool(re.match(r"(FILE|DIR|PATH)\b", kind)) and name != "--path"
        among = re.search(r"\{([\w,:.-]+)\}", kind) or re.search(r"^[A-Z].*?: ((?:[a-z-]+, )*[a-z-]+ or [a-z-]+)$", self.text)
        self.values = re.split(r", | or |,", among.group(1)) if among else []


class Command:
    """A program, or one of its commands, as `--help` shows it."""

    def __init__(self, folder, words):
        self.words, self.options, self.commands, self.choices = words, [], [], []
        help_text = subprocess.run([str(folder / words[0]), *words[1:], "--help"], capture_output=True, text=True, check=True).stdout
        section, lines = "", help_text.split("\n")
        for number, line in enumerate(lines):
            if re.match(r"^\S.*:$", line):
                section = line
            option, word = OPTION.match(line), WORD.match(line)
            if option:
                name, kind, text = option.groups()
                self.options.append(Option(name, kind, text or lines[number + 1].strip()))
            elif word and section == "Subcommands:":
                self.commands.append((word.group(1), word.group(2) or lines[number + 1].strip()))
            elif section == "Positionals:" and re.search(r"\{[\w,]+\}", line):
                among, text = re.search(r"\{([\w,]+)\}\S*(?: REQUIRED)?\s*(.*)", line).groups()
                self.choices += [(value, text) for value in among.split(",")]
        if any(option.name == "--list" for option in self.options):
            listed = subprocess.run([str(folder / words[0]), *words[1:], "--list"], capture_output=True, text=True, check=True).stdout
            self.choices = [tuple(line.split(None, 1)) for line in listed.rstrip().split("\n")]

    def walk(self, folder):
        yield self
        for name, _ in self.commands:
            yield from Command(folder, [*self.words, name]).walk(folder)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def rows_of(commands):
    """(words that lead there, its options with those of the program itself, its commands or what it takes by name)."""
    program = {command.words[0]: command for command in commands if len(command.words) == 1}
    for command in commands:
        inherited = program[command.words[0]].options if len(command.words) > 1 else []
        known = {option.name for option in command.options}
        yield " ".join(command.words), \
            command.options + [one for one in inherited if one.name not in known | {"--version"}], command.commands + command.choices


def values_by_option(commands):
    """Options that take one of a few words, and those that take a path. An option means the same wherever it stands."""
    values, paths, others = {}, set(), set()
    for option in (option for command in commands for option in command.options):
        if option.values:
            values.setdefault(option.name, [])
            values[option.name] += [value for value in option.values if value not in values[option.name]]
        elif option.takes_path:
            paths.add(option.name)
        elif option.takes_value:
            others.add(option.name)
    return values, sorted(paths - set(values)), sorted(others - paths - set(values))


def case_arms(commands, value_line, path_line, other_line):
    values, paths, others = values_by_option(commands)
    arms = [f"        {name}) {value_line.format(' '.join(words))} ;;" for name, words in sorted(values.items())]
    for names, line in ((paths, path_line), (others, other_line)):
        if names:
            arms.append(f"        {'|'.join(names)}) {line} ;;")
    return "\n".join(arms)


def bash(commands):
    rows = "\n".join(f"    [{quoted(path)}]={quoted(' '.join([name for name, _ in inner] + [option.name for option in options]))}"
                     for path, options, inner in rows_of(commands))
    arms = case_arms(commands, 'COMPREPLY=($(compgen -W "{}" -- "$current")); return', 'COMPREPLY=($(compgen -f -- "$current")); return',
                     "return")
    return f"""# bash completion for kaisar and kaisar-network; {NOTE}
declare -gA _kaisar_words=(
{rows}
)

_kaisar() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} place=${{COMP_WORDS[0]##*/}} word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        [[ -z ${{_kaisar_words[$place $word]+set}} ]] || place="$place $word"
    done
    COMPREPLY=()
    case ${{COMP_WORDS[COMP_CWORD-1]}} in
{arms}
    esac
    COMPREPLY=($(compgen -W "${{_kaisar_words[$place]}}" -- "$current"))
}}

complete -o filenames -F _kaisar kaisar kaisar-network
"""


def zsh(commands):
    def choice(name, text):
        return quoted(name + ":" + text.replace(":", "\\:"))

    rows = "\n".join(f"        ({quoted(path)})\n            commands=({' '.join(choice(*one) for one in inner)})\n"
                     f"            options=({' '.join(choice(option.name, option.text) for option in options)}) ;;"
                     for path, options, inner in rows_of(commands))
    known = " ".join(quoted(" ".join(command.words)) for command in commands)
    arms = case_arms(commands, "compadd -- {}; return", "_files; return", "return")
    return f"""#compdef kaisar kaisar-network
# zsh completion for kaisar and kaisar-network; {NOTE}
_kaisar() {{
    local place=${{words[1]:t}} word
    local -a known commands options
    known=({known})
    for word in ${{words[2,CURRENT-1]}}; do
        (( ${{known[(Ie)$place $word]}} )) && place="$place $word"
    done
    case ${{words[CURRENT-1]}} in
{arms}
    esac
    case $place in
{rows}
    esac
    (( $#commands )) && _describe command commands
    _describe -o option options
}}

_kaisar "$@"
"""


def fish(commands):
    known = " ".join(quoted(" ".join(command.words)) for command in commands)
    lines = []
    for command in commands:
        path, program = " ".join(command.words), command.words[0]
        at = f" -n {quoted('__kaisar_at ' + quoted(path))}"
        lines += [f"complete -c {program}{at} -f -a {name} -d {quoted(text)}" for name, text in command.commands + command.choices]
        everywhere = len(command.words) == 1  # the program's own options may stand after any command
        for option in command.options:
            takes = f" -x -a {quoted(' '.join(option.values))}" if option.values else " -r -F" if option.takes_path else \
                " -x" if option.takes_value else ""
            lines.append(f"complete -c {program}{'' if everywhere else at} -l {option.name[2:]}{takes} -d {quoted(option.text)}")
    body = "\n".join(lines)
    return f"""# fish completion for kaisar and kaisar-network; {NOTE}
function __kaisar_at
    set -l words (commandline -opc)
    set -l place (path basename -- $words[1])
    for word in $words[2..]
        contains -- "$place $word" {known}; and set place "$place $word"
    end
    test "$place" = $argv[1]
end

{body}
"""


def main():
    folder = pathlib.Path(sys.argv[1])
    target = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent)
    commands = [command for program in ("kaisar", "kaisar-network") if (folder / program).exists()
                for command in Command(folder, [program]).walk(folder)]
    (target / "kaisar.bash").write_text(bash(commands))
    (target / "_kaisar").write_text(zsh(commands))
    (target / "kaisar.fish").write_text(fish(commands))


if __name__ == "__main__":
    main()
