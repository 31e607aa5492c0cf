"""What the documents, the manual, the completions and the schemas say is what the programs do."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "completions")]

import generate
import json_schema
from processes import BUILD, ROOT, environment
from tap import Skip, case, main

BIN = BUILD / "bin"
START_LIMITS_S = {("--version",): 0.010, ("status", "--offline"): 0.020}
START_TRIES_S = 10


def commands_of(program):
    return list(generate.Command(BIN, [program]).walk(BIN))


def need(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


def output_of(*command, **how):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **how)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@case("the completions are what completions/generate.py makes of --help today")
def _():
    with tempfile.TemporaryDirectory() as folder:
        output_of(sys.executable, ROOT / "completions/generate.py", BIN, folder)
        for path in sorted(pathlib.Path(folder).iterdir()):
            assert path.read_text() == (ROOT / "completions" / path.name).read_text(), \
                f"completions/{path.name} is out of date: python3 completions/generate.py {BIN}"


@case("bash completes commands, options, their values and files")
def _():
    need("bash")
    script = f"source {ROOT}/completions/kaisar.bash; " \
             'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _kaisar; echo "${COMPREPLY[@]}"; }; '
    for typed, expected in (("kaisar wal", "wallet"), ("kaisar wallet si", "sign"), ("kaisar --json status --for", "--format"),
                            ("kaisar status --format n", "nagios"), ("kaisar --color a", "auto always"),
                            ("kaisar --config /etc/hostn", "/etc/hostname"), ("kaisar-network se", "serve")):
        assert output_of("bash", "-c", script + "try " + typed).strip() == expected, typed


@case("fish completes commands, options, their values and files")
def _():
    need("fish")
    for typed, expected in (("kaisar wal", "wallet"), ("kaisar wallet si", "sign"), ("kaisar status --for", "--format"),
                            ("kaisar status --format n", "nagios"), ("kaisar --config /etc/hostn", "/etc/hostname")):
        with tempfile.TemporaryDirectory() as folder:
            said = output_of("fish", "--no-config", "-c", f"source {ROOT}/completions/kaisar.fish; complete -C '{typed}'",
                             env=environment(pathlib.Path(folder)))
        assert said.split("\t")[0].strip() == expected, f"{typed}: {said}"


@case("zsh completes commands, options, their values and files")
def _():
    need("zsh")
    stand_ins = 'typeset -a out; _describe() { [[ $1 = -o ]] && shift; print -l -- "${(@P)2}" }; ' \
                'compadd() { shift; print -l -- $@ }; _files() { print files }; ' \
                f'try() {{ words=("$@"); CURRENT=$#; source {ROOT}/completions/_kaisar }}; '
    for typed, expected in (("kaisar ''", "wallet:"), ("kaisar wallet ''", "sign:"), ("kaisar status ''", "--format:"),
                            ("kaisar status --format ''", "nagios"), ("kaisar --config ''", "files")):
        said = output_of("zsh", "-f", "-c", stand_ins + "try " + typed)
        assert any(line.startswith(expected) for line in said.split("\n")), f"{typed}: {said}"


@case("the manual pages are clean mdoc")
def _():
    need("mandoc")
    for page in sorted((ROOT / "docs/man").glob("*.1")):
        said = [line for line in subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True).stdout.split("\n")
                if line and "referenced manual not found" not in line]
        assert not said, "\n".join(said)


def section_of(page, command):
    """A command's own part of a manual page; the program's options for the program itself."""
    title = f".Ss {command}" if " " in command else ".Sh DESCRIPTION"
    assert title in page, f"the manual has no section {title}"
    return re.split(r"^\.S[sh] ", page.split(title, 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def options_in(text):
    return set(re.findall(r"Fl -([a-z][a-z-]*)", text))


for program in ("kaisar", "kaisar-network"):
    @case(f"the manual of {program} names every command and option, and no other")
    def _(program=program):
        page = (ROOT / f"docs/man/{program}.1").read_text()
        families = {}
        for command in commands_of(program):
            families.setdefault(" ".join(command.words[:2]), []).append(command)
        for family, members in families.items():
            section = section_of(page, family)
            real = {option.name[2:] for member in members for option in member.options} - ({"help"} if family != program else set())
            documented = options_in("\n".join(line for line in section.split("\n") if line.startswith(".It")))
            assert documented == real, f"{family}: missing {sorted(real - documented)}, unknown {sorted(documented - real)}"
            for member in members[1:]:
                assert re.search(rf"^\.It Cm {member.words[-1]}$", section, re.MULTILINE), f"{' '.join(member.words)} is missing"


@case("docs/exit-codes.md and the manual have every exit code of the source, and no other")
def _():
    source = (ROOT / "lib/error/error.h").read_text()
    codes = {int(code): name for name, code in re.findall(r"^    (\w+) = (\d+),", source, re.MULTILINE)} | {0: "ok"}
    page = (ROOT / "docs/exit-codes.md").read_text()
    rows = {int(code): name for code, name in re.findall(r"^\| (\d+) \| ([\w-]+) \|", page, re.MULTILINE)}
    assert rows == codes, f"{rows} is not {codes}"
    manual = (ROOT / "docs/man/kaisar.1").read_text()
    status = re.split(r"^\.Sh ", manual.split(".Sh EXIT STATUS")[1], maxsplit=1, flags=re.MULTILINE)[0]
    assert {int(code) for code in re.findall(r"^\.It (\d+)$", status, re.MULTILINE)} == set(codes)
    kinds = json.loads((ROOT / "docs/schemas/kaisar.error-1.schema.json").read_text())["properties"]["error"]["properties"]
    assert set(kinds["code"]["enum"]) == set(codes) - {0} and set(kinds["kind"]["enum"]) == set(codes.values()) - {"ok"}


@case("every command has a transcript")
def _():
    for command, _ in generate.Command(BIN, ["kaisar"]).commands:
        assert list(HERE.glob(f"{command}*.txt")), f"tests/cli/{command}.txt is missing"


@case("every schema is named after what it describes and uses only what the check knows")
def _():
    paths = sorted((ROOT / "docs/schemas").glob("*.json"))
    assert paths
    for path in paths:
        schema = json.loads(path.read_text())
        described = re.findall(r'"const": "(kaisar[\w-]*\.[\w-]+/\d+)"', path.read_text())
        assert path.name.removesuffix(".schema.json").rpartition("-")[::2] in [tuple(one.split("/")) for one in described], path.name
        assert not json_schema.unknown_keywords(schema), f"{path.name} uses {json_schema.unknown_keywords(schema)}"


@case("links between the documents lead somewhere")
def _():
    broken = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


for words, limit_s in START_LIMITS_S.items():
    @case(f"kaisar {' '.join(words)} starts and ends within {1000 * limit_s:.0f} ms")
    def _(words=words, limit_s=limit_s):
        if "-fsanitize" in (BUILD / "CMakeCache.txt").read_text():
            raise Skip("sanitizers make every start slow")
        # The quickest of many: a busy machine must not fail this test, a slow program must.
        quickest, ends = limit_s, time.monotonic() + START_TRIES_S
        with tempfile.TemporaryDirectory() as folder:
            while quickest >= limit_s and time.monotonic() < ends:
                started = time.perf_counter()
                subprocess.run([BIN / "kaisar", *words], capture_output=True, env=environment(pathlib.Path(folder)))
                quickest = min(quickest, time.perf_counter() - started)
        assert quickest < limit_s, f"never within {1000 * limit_s:.0f} ms"


main()
