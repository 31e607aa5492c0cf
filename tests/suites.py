#!/usr/bin/env python3
"""Runs every test program and script and counts their cases.

usage: python3 tests/suites.py [--build-dir DIR] [--list] [SUITE…]

What counts as a case: a Catch2 test case, an "ok"/"not ok" line of a script, a test of Python's unittest or node's runner,
else the script as a whole (exit code 77 is "skipped", the last line being the reason). What a test says on a line that begins
with "figure:" is repeated. Output is kept in DIR/logs/tests.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

TESTS = pathlib.Path(__file__).resolve().parent
SKIP_LINE = re.compile(r"^\s*skipped[: ]+(.*)$", re.IGNORECASE | re.MULTILINE)
FIGURE_LINE = re.compile(r"^\s*figure: (.*)$", re.MULTILINE)
# These wait for most of their time, for windows of slots, for blocks, for time limits: two of their programs run at once.
PATIENT_SUITES, AT_ONCE = ("network", "interop", "faults"), 2
# How much of what a failed case said is repeated: whoever reads the run's output may not have the logs.
DETAIL_LINES, DETAIL_COLUMNS = 30, 400


class Count:
    """What one program or script, or all of them, came to."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        text = f"{self.passed} passed"
        if self.failed:
            text += f", {len(self.failed)} failed"
        if self.skipped:
            text += f", {len(self.skipped)} skipped"
        return text


def count_catch(name, output, code):
    """Catch2's XML report. A case reports what this machine cannot run by a warning or a line that begins with "skipped"."""
    count = Count()
    try:
        cases = list(xml.fromstring(output[output.index("<?xml"):]).iter("TestCase"))
    except (xml.ParseError, ValueError):
        names = re.findall(r'<TestCase name="([^"]*)"', output)
        count.passed = max(len(names) - 1, 0)
        count.failed.append((f"{name}: {names[-1] if names else 'the program'}", f"ended in its midst with exit code {code}"))
        return count
    for one in cases:
        if one.find("OverallResult").get("success") == "true":
            count.passed += 1
        else:
            where = next(iter(one.iter("Expression")), None)
            place = f"{where.get('filename')}:{where.get('line')}" if where is not None else "see its log"
            count.failed.append((f"{name}: {one.get('name')}", place))
        said = "\n".join(text.text or "" for kind in ("Warning", "StdOut", "StdErr") for text in one.iter(kind))
        count.skipped += [(f"{name}: {one.get('name')}", reason) for reason in SKIP_LINE.findall(said)]
    if code != 0 and not count.failed:
        count.failed.append((name, f"exit code {code} although no case failed"))
    return count


def count_lines(name, output, code):
    """The ok / not ok lines of tap.py; node's runner writes the same, with parts of a case indented."""
    count = Count()
    for line, said in re.findall(r"^((?:not )?ok\b.*)\n((?:[ \t].*\n?)*)", output + "\n", re.MULTILINE):
        negation, _, rest = line.partition("ok")
        title, _, note = re.sub(r"^[\s\d-]*", "", rest).partition(" # ")
        if note.startswith("SKIP"):
            count.skipped.append((f"{name}: {title}", note[4:].strip()))
        elif negation:
            count.failed.append((f"{name}: {title}", said.rstrip() or "see its log"))
        else:
            count.passed += 1
    if code != 0 and not count.failed:
        count.failed.append((name, f"exit code {code}"))
    return count


def count_unittest(name, output, code):
    count = Count()
    ran = int(re.findall(r"^Ran (\d+) tests?", output, re.MULTILINE)[-1])
    count.failed = [(f"{name}: {title}", "see its log") for title in re.findall(r"^(?:FAIL|ERROR): (.+)$", output, re.MULTILINE)]
    count.skipped = [(f"{name}: {title}", why)
                     for title, why in re.findall(r"^(\S+) .*\.\.\. skipped ['\"](.*)['\"]$", output, re.MULTILINE)]
    count.passed = ran - len(count.failed) - len(count.skipped)
    if code != 0 and not count.failed:
        count.failed.append((name, f"exit code {code}"))
    return count


def count_whole(name, output, code):
    count = Count()
    last = output.strip().split("\n")[-1]
    if code == 77:
        count.skipped.append((name, last))
    elif code:
        count.failed.append((name, f"exit code {code}: {last}"))
    else:
        count.passed = 1
    return count


def count_script(name, output, code):
    if re.search(r"^(?:not )?ok\b", output, re.MULTILINE):
        return count_lines(name, output, code)
    if re.search(r"^Ran \d+ tests? in", output, re.MULTILINE):
        return count_unittest(name, output, code)
    return count_whole(name, output, code)


def command_of(script):
    if script.suffix == ".py":
        return [sys.executable, script, "-v"] if "unittest" in script.read_text() else [sys.executable, script]
    if script.suffix in (".mjs", ".js"):
        return ["node", script]
    return ["bash", script]


def scripts_in(folder):
    """The scripts of a suite: test_* in its folder, or in the folders of its parts."""
    found = [path for pattern in ("test_*", "*/test_*") for path in (TESTS / folder).glob(pattern)]
    return sorted(path for path in found if path.suffix in (".py", ".sh", ".mjs", ".js") and "node_modules" not in path.parts)


def programs(build, pattern):
    return sorted(path for path in (build / "bin/tests").glob(pattern) if os.access(path, os.X_OK))


def is_fast(build):
    """Whether it was built to be fast, so that parts of a ceiling can be asked for."""
    cache = (build / "CMakeCache.txt").read_text() if (build / "CMakeCache.txt").exists() else ""
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(\w*)$", cache, re.MULTILINE)
    return kind is not None and kind[1] in ("Release", "RelWithDebInfo") and "-fsanitize" not in cache and "--coverage" not in cache


def suites(build):
    """Name, how long one of its programs may take, and its programs: (name, command, how its cases are counted)."""
    catch = ["-r", "xml"]
    seeds = TESTS / "fuzz/seeds"

    def scripts(folder):
        return [(str(path.relative_to(TESTS)), command_of(path), count_script) for path in scripts_in(folder)]

    return {
        "architecture": (300, scripts("architecture")),
        "unit": (300, [(p.name, [p, *catch], count_catch) for p in programs(build, "unit_*")]),
        "kernels": (300, [(p.name, [p, *catch], count_catch) for p in programs(build, "kernels")]
                    + [(f"{p.name}, speed", [p, *catch, "[speed]"], count_catch) for p in programs(build, "kernels") if is_fast(build)]),
        "arm64": (300, scripts("arm64")),
        "cheats": (300, [(p.name, [p, *catch], count_catch) for p in programs(build, "cheats")]),
        "fuzz": (120, [(p.name, [p, seeds / p.name.removeprefix("replay_")], count_whole) for p in programs(build, "replay_*")]),
        "cli": (600, scripts("cli")),
        "page": (300, scripts("page")),
        "limits": (600, scripts("limits")),
        "network": (900, scripts("network")),
        "interop": (900, scripts("interop")),
        "faults": (900, scripts("faults")),
    }


def run_one(name, command, counted, limit_s, build):
    log = build / "logs/tests" / (name.replace("/", "-") + ".log")
    environment = dict(os.environ, KAISAR_BUILD=str(build), NO_COLOR="1", PYTHONUNBUFFERED="1")
    environment.pop("KAISAR_DATA_DIR", None)
    started = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env=environment, start_new_session=True)
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            code = None
    output = log.read_text(errors="replace")
    count = counted(name, output, code or 0)
    if code is None:
        count.failed.append((name, f"was ended after {limit_s} s"))
    lines = [f"  {name:44} {time.monotonic() - started:6.1f} s   {count}"]
    lines += [f"    {figure}" for figure in FIGURE_LINE.findall(output)]
    for title, detail in count.failed:
        lines.append(f"    FAILED {title}")
        lines += [f"           {line[:DETAIL_COLUMNS]}" for line in detail.split("\n")[-DETAIL_LINES:]]
    print("\n".join(lines), flush=True)
    return count


def run_suite(suite, limit_s, members, build):
    """Runs its programs; where two run at once, each is named when it ends."""
    total = Count()
    print(suite, flush=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE if suite in PATIENT_SUITES else 1) as pool:
        running = [pool.submit(run_one, *member, limit_s, build) for member in members]
        for each in running:
            total.add(each.result())
    if not members:
        total.failed.append((suite, "has no tests: is the build folder complete?"))
        print("    FAILED it has no tests: is the build folder complete?")
    return total


def main():
    parser = argparse.ArgumentParser(description="Runs the tests; the last line counts them.")
    parser.add_argument("--build-dir", type=pathlib.Path, default=TESTS.parent / "build")
    parser.add_argument("--list", action="store_true", help="name the suites and end")
    parser.add_argument("suite", nargs="*")
    wanted = parser.parse_args()
    build = wanted.build_dir.resolve()
    table = suites(build)
    if wanted.list:
        print("\n".join(table))
        return 0
    unknown = set(wanted.suite) - set(table)
    if unknown:
        parser.error(f"no suite is called {', '.join(sorted(unknown))}; there are {', '.join(table)}")
    (build / "logs/tests").mkdir(parents=True, exist_ok=True)
    total, started = Count(), time.monotonic()
    for suite, (limit_s, members) in table.items():
        if wanted.suite and suite not in wanted.suite:
            continue
        total.add(run_suite(suite, limit_s, members, build))
    print(f"all in {time.monotonic() - started:.0f} s; logs are in {build / 'logs/tests'}")
    for title, reason in total.skipped:
        print(f"skipped {title}: {reason}")
    for title, _ in total.failed:
        print(f"FAILED {title}")
    print(f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
