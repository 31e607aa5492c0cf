"""Test cases for the tests that are Python scripts: a case is a function; its result is a line that suites.py counts.

    @case("a portal that vanishes leaves the outbox as it was")
    def _(): ...

A case fails by any exception (plain assert is meant to be used) and is skipped by Skip("reason").
"""
import sys
import time
import traceback

_cases = []


class Skip(Exception):
    """What the case needs is not on this machine; the text says what."""


def case(name):
    def add(function):
        _cases.append((name, function))
        return function
    return add


def run_cases(wanted=""):
    """Runs the cases whose name contains `wanted`, prints one line each and returns the exit code."""
    failed = 0
    for name, function in _cases:
        if wanted not in name:
            continue
        started = time.monotonic()
        try:
            function()
            print(f"ok - {name} # {time.monotonic() - started:.1f} s", flush=True)
        except Skip as reason:
            print(f"ok - {name} # SKIP {reason}", flush=True)
        except AssertionError as failure:
            failed += 1
            where = traceback.extract_tb(failure.__traceback__)[-1]
            print(f"not ok - {name}", flush=True)
            for line in (str(failure) or where.line).rstrip().split("\n") + [f"at {where.filename}:{where.lineno}"]:
                print(f"  {line}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok - {name}", flush=True)
            for line in traceback.format_exc().rstrip().split("\n"):
                print(f"  {line}", flush=True)
    return 1 if failed else 0


def main():
    """The usual end of a script; an argument chooses cases by a part of their name."""
    sys.exit(run_cases(sys.argv[1] if len(sys.argv) > 1 else ""))
