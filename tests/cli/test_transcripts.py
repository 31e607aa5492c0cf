"""Plays every transcript of this folder, or those whose names begin with the argument."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import transcript
from tap import run_cases

for path in sorted(HERE.glob((sys.argv[1] if len(sys.argv) > 1 else "") + "*.txt")):
    transcript.add_cases(path)
sys.exit(run_cases())
