"""What a kernel variant's object file may hold: a linker keeps one copy of a shared inline function for the whole program,
and if that is the copy compiled for AVX-512, the program dies on machines that lack it."""
import re
import subprocess

# What a compiler calls by itself for loops that copy and clear.
COMPILER_CALLS = {"memcpy", "memset", "memmove", "memcmp", "_GLOBAL_OFFSET_TABLE_"}


def object_of(tree, kernel, variant):
    return tree.build / f"lib/CMakeFiles/kaisar_variant_{kernel}_{variant}.dir/kernels/{kernel}/{variant}.cpp.o"


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def faults_of_object(path, contract, tools=""):
    """What the object exports beyond the functions that the contract's text declares, weak symbols, start-up code. `tools` is what the
    names of the programs that read it begin with."""
    declared = set(re.findall(r"\b(\w+)\s*\([^;{]*\)\s*noexcept\s*;", contract))
    for line in output_of(tools + "nm", "-C", "-f", "posix", path).split("\n"):
        match = re.match(r"(.*?) ([A-Za-z])(?: [0-9a-f]+)*\s*$", line)
        if not match:
            continue
        symbol, kind = match.groups()
        name = symbol.split("(")[0].split("::")[-1]
        if kind in "WVwvu":
            yield f"{path.name}: weak symbol {symbol}"
        elif kind == "U" and symbol not in COMPILER_CALLS and name not in declared:
            yield f"{path.name}: calls {symbol}"
        elif kind.isupper() and kind != "U" and name not in declared:
            yield f"{path.name}: exports {symbol} ({kind}), which its contract does not declare"
    if re.search(r"\.(?:init_array|ctors)\b", output_of(tools + "objdump", "-h", path)):
        yield f"{path.name}: runs code at start-up"


def variant_objects_are_closed(tree):
    """a variant's object exports its contract's functions, and has no weak symbol and no start-up code"""
    if not tree.variants:
        yield "architecture.txt names no variant"
    for kernel, variant in tree.variants:
        path = object_of(tree, kernel, variant)
        if not path.exists():
            yield f"{path} is missing: build first"
            continue
        yield from faults_of_object(path, (tree.root / f"lib/kernels/{kernel}/contract.h").read_text())


RULES = [variant_objects_are_closed]
