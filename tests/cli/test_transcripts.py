"""Plays every transcript of this folder."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import transcript
from tap import main

for path in sorted(HERE.glob("*.txt")):
    transcript.add_cases(path)
main()
