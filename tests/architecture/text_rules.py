"""Sizes, names, and what the library never does."""
import re

from source_tree import functions_of

FILE_LINES, VARIANT_FILE_LINES = 400, 600
FUNCTION_LINES, VARIANT_FUNCTION_LINES = 60, 150
COMPONENT_FILES = 14
ROOT_CMAKE_LINES = 120
DRAWERS = {"util", "utils", "utility", "common", "base", "core", "helper", "helpers", "manager", "misc"}
FORBIDDEN_IN_LIB = {
    r"\b(?:secure_)?getenv\s*\(|\benviron\b": "reads the environment",
    r"(?<![\w_.>])(?:std::)?(?:exit|quick_exit)\s*\(": "ends the process",
    r"(?<![\w_])(?:std::)?v?f?printf\s*\(|\bputs\s*\(|\bfmt::print\s*\(|\bstd::(?:cout|cerr|clog)\b": "prints",
    r"(?<![\w_.>])(?:system|popen)\s*\(": "runs a shell",
}


def is_variant(tree, file):
    return any(file.path == f"lib/kernels/{kernel}/{variant}.cpp" for kernel, variant in tree.variants) or file.path.endswith(".cu")


def files_are_short(tree):
    """no file is longer than 400 lines (kernel variants 600), the root CMakeLists.txt 120"""
    for file in tree.files:
        limit = VARIANT_FILE_LINES if is_variant(tree, file) else FILE_LINES
        if file.lines > limit:
            yield f"{file.path} has {file.lines} lines; {limit} are allowed"
    lines = (tree.root / "CMakeLists.txt").read_text().count("\n")
    if lines > ROOT_CMAKE_LINES:
        yield f"CMakeLists.txt has {lines} lines; {ROOT_CMAKE_LINES} are allowed"


def functions_are_short(tree):
    """no function is longer than 60 lines (kernel variants 150)"""
    for file in tree.under("lib/", "apps/"):
        limit = VARIANT_FUNCTION_LINES if is_variant(tree, file) else FUNCTION_LINES
        for line, header, length in functions_of(file):
            if length > limit:
                yield f"{file.path}:{line} {header[:70]} has {length} lines; {limit} are allowed"


def components_are_small(tree):
    """no component has more than 14 source files"""
    counts = {}
    for file in tree.under("lib/"):
        folder = file.path.rpartition("/")[0]
        counts[folder] = counts.get(folder, 0) + 1
    return [f"{folder}/ has {count} files; {COMPONENT_FILES} are allowed" for folder, count in counts.items() if count > COMPONENT_FILES]


def nothing_is_a_drawer(tree):
    """no folder, file or type is called util, common, base, core, helper, manager or misc"""
    for folder in ("lib", "apps", "tests", "docs"):
        for path in sorted((tree.root / folder).rglob("*")):
            if "node_modules" in path.parts:
                continue
            words = set(re.split(r"[_\-.]", path.name.lower()))
            if words & DRAWERS:
                yield f"{path.relative_to(tree.root)}: say what it is instead of {', '.join(words & DRAWERS)}"
    for file in tree.files:
        for line, match in file.find(r"\b(?:class|struct|namespace)\s+(\w+)"):
            words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", match.group(1))}
            if words & DRAWERS:
                yield f"{file.path}:{line} {match.group(1)}: say what it is instead of {', '.join(words & DRAWERS)}"


def types_are_upper_camel(tree):
    """classes, structs and enums are UpperCamel, their files lower_snake"""
    for file in tree.files:
        for line, match in file.find(r"^\s*(?:class|struct|union|enum(?: class| struct)?)\s+(?:alignas\([^)]*\)\s*)?(\w+)\s*(?:final\s*)?[:{]"):
            if not re.fullmatch(r"(?:[A-Z][a-z0-9]*)+", match.group(1)):
                yield f"{file.path}:{line} the type {match.group(1)} is not UpperCamel"
        if not re.fullmatch(r"[a-z0-9_\-./]+", file.path):
            yield f"{file.path}: file and folder names are lower_snake"


def no_bool_parameters(tree):
    """no function of a lib header takes a bool: a two-value enum says at the call what it means"""
    for file in tree.under("lib/"):
        if not file.path.endswith(".h") or file.path == "lib/error/error.h":  # check(holds): that it holds is all it asks
            continue
        for line, match in file.find(r"\w\s*\(([^(){};]*)\)\s*(?:const|noexcept|override|=|;|\{|->)"):
            found = re.search(r"(?:^|,)\s*(?:const\s+)?bool\s*&?\s+\w+", match.group(1))
            if found:
                yield f"{file.path}:{line} takes {found.group(0).strip(', ')}"


def lib_leaves_the_world_alone(tree):
    """the library never prints, exits, runs a shell or reads the environment"""
    for file in tree.under("lib/"):
        for pattern, what in FORBIDDEN_IN_LIB.items():
            for line, match in file.find(pattern):
                if file.path == "lib/error/error.cpp" and what == "prints":
                    continue  # check() names the broken assumption before it aborts
                yield f"{file.path}:{line} {what}: {match.group(0)}"


def lib_knows_no_default_path(tree):
    """no string of the library is a path of somebody's system, except in lib/hardware, which reads what describes the machine"""
    for file in tree.under("lib/"):
        if file.path.startswith("lib/hardware/"):
            continue
        for number, line in enumerate(file.text.split("\n"), 1):
            match = re.search(r'"(?:/(?:etc|var|home|root|usr|opt|tmp)/|~/)[^"]*"', line)
            if match and not line.lstrip().startswith(("//", "#include")):
                yield f"{file.path}:{number} knows {match.group(0)}"


def no_conditional_compilation(tree):
    """#if stands only in variant tables and in lib/hardware"""
    for file in tree.files:
        if re.fullmatch(r"lib/kernels/\w+/variants\.(?:h|cpp)", file.path) or file.path.startswith("lib/hardware/"):
            continue
        for line, match in file.find(r"^[ \t]*#\s*(?:if|ifdef|ifndef|elif)\b"):
            yield f"{file.path}:{line} {match.group(0).strip()}"


def headers_open_with_their_subject(tree):
    """a header has #pragma once and opens by saying what it is about"""
    for file in tree.under("lib/", "apps/"):
        if not file.path.endswith(".h"):
            continue
        if not file.text.startswith("///"):
            yield f"{file.path} does not open with a /// comment"
        if "#pragma once" not in file.text:
            yield f"{file.path} lacks #pragma once"


def unit_tests_do_not_sleep(tree):
    """no unit test sleeps: a Clock is passed in"""
    for file in tree.under("tests/unit/"):
        for line, match in file.find(r"\b(?:sleep_for|this_thread::sleep_until|usleep|nanosleep|(?<![.:>])sleep)\s*\("):
            yield f"{file.path}:{line} {match.group(0)}…)"


RULES = [files_are_short, functions_are_short, components_are_small, nothing_is_a_drawer, types_are_upper_camel,
         no_bool_parameters, lib_leaves_the_world_alone, lib_knows_no_default_path, no_conditional_compilation,
         headers_open_with_their_subject, unit_tests_do_not_sleep]
