"""The kernels for 64-bit ARM: built by Debian's cross compiler, run by qemu on this machine's processor.

What that shows is that every variant is right; how fast it is only such a processor can tell."""
import os
import pathlib
import platform
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("KAISAR_BUILD", ROOT / "build")) / "arm64"
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "architecture")]

from object_rules import faults_of_object
from tap import Skip, case, main

NEEDED = {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"}
# Packets of rays, which no variant on ARM makes: nothing to compare, and qemu is slow at floating point.
LEFT_OUT = ["~Rays side by side*"]


def require_tools():
    if platform.machine() == "aarch64":
        raise Skip("this is such a processor: the suite called kernels runs there")
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        raise Skip(f"not installed: {' '.join(missing)}")


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}"
    return done.stdout


def run_kernels(processor, *tests):
    require_tools()
    program = BUILD / "arm64_kernels"
    assert program.exists(), "it was not built"
    return run("qemu-aarch64", "-cpu", processor, program, *tests)


@case("the kernels build for 64-bit ARM without a warning")
def _():
    require_tools()
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run("cmake", "-S", HERE, "-B", BUILD, "-G", "Ninja", *launcher)
    run("cmake", "--build", BUILD, "-j", os.cpu_count())


@case("every variant equals the plain one on a processor that has everything")
def _():
    said = run_kernels("max", *LEFT_OUT)
    assert "skipped" not in said, said
    assert "All tests passed" in said, said


@case("a processor without dot products goes without those variants and says so")
def _():
    said = run_kernels("cortex-a72", "The int8 product*,SHA-256 gives*,The ceilings*")
    for kernel in ("gemm_s8", "peak"):
        assert f"skipped: {kernel} neondot: this processor cannot execute it" in said, said
    assert "neonsha" not in said and " neon:" not in said, said


@case("a variant's object for ARM exports its contract's functions, and has no weak symbol and no start-up code")
def _():
    require_tools()
    variants = [line.split()[1:] for line in (BUILD / "architecture.txt").read_text().splitlines() if line.startswith("variant ")]
    assert {"neon", "neondot", "neonsha", "neonbf16"} <= {variant for _, variant in variants}, variants
    for kernel, variant in variants:
        found = list(BUILD.glob(f"CMakeFiles/kaisar_variant_{kernel}_{variant}.dir/**/{variant}.cpp.o"))
        assert len(found) == 1, f"{kernel} {variant}: {found}"
        faults = list(faults_of_object(found[0], (ROOT / f"lib/kernels/{kernel}/contract.h").read_text(), "aarch64-linux-gnu-"))
        assert not faults, "\n".join(faults)


main()
