"""What the configuration says about CUDA: with a compiler, without one, and with one that does not work."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from tap import case, main

ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("KAISAR_BUILD", ROOT / "build"))
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(trial LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
include({root}/lib/cuda.cmake)
message(STATUS "has ${{KAISAR_HAS_CUDA}}")
"""


def configure(*options, **environment):
    """Exit code and output of a configuration of nothing but lib/cuda.cmake."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "CMakeLists.txt").write_text(PROJECT.format(root=ROOT))
        done = subprocess.run(["cmake", "-S", folder, "-B", folder + "/build", "-G", "Ninja", *options], capture_output=True,
                              text=True, env={**os.environ, **environment})
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@case("KAISAR_CUDA=OFF builds no GPU kernels and says so")
def switched_off():
    code, said = configure("-DKAISAR_CUDA=OFF")
    assert code == 0 and "CUDA: no GPU kernels: KAISAR_CUDA is OFF" in said and "has false" in said, said


@case("without a CUDA compiler that works, AUTO builds no GPU kernels and says so, and ON refuses")
def no_compiler():
    code, said = configure(CUDACXX="/nowhere/nvcc")
    assert code == 0 and "CUDA: no GPU kernels: there is no nvcc that works" in said and "has false" in said, said
    code, said = configure("-DKAISAR_CUDA=ON", CUDACXX="/nowhere/nvcc")
    assert code != 0 and "KAISAR_CUDA=ON: there is no nvcc that works" in said, said


@case("the program says whether it has GPU kernels, as its build folder shows")
def program_tells():
    version = json.loads(subprocess.run([BUILD / "bin/kaisar", "--version", "--json"], check=True, capture_output=True,
                                        text=True).stdout)
    has_objects = any((BUILD / "lib/CMakeFiles").glob("kaisar_device_*"))
    assert version["cuda"] == has_objects, f"--version says {version['cuda']}, there are GPU objects: {has_objects}"


main()
