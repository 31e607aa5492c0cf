"""Breaks every rule on purpose in a copy of the tree and requires that the rule names the culprit."""
import pathlib
import shutil
import subprocess
import tempfile

import layer_rules as layers
import object_rules as objects
import text_rules as texts
from source_tree import SourceTree
from tap import case


def header(text):
    return "/// Broken on purpose.\n#pragma once\n" + text


# rule, file that is written (or added to), what is put there
BREAKS = [
    (layers.components_match_folders, "lib/undeclared/thing.h", header("")),
    (layers.layers_are_kept, "lib/bytes/upward.h", header('#include "crypto/hash.h"\n')),
    (layers.layers_are_kept, "lib/error/stray.h", header('#include "stray_file.h"\n')),
    (layers.applications_stay_apart, "apps/kaisar/stray.h", header('#include "network/store.h"\n')),
    (layers.third_party_headers_are_confined, "lib/bytes/web.cpp", "#include <curl/curl.h>\n"),
    (layers.third_party_headers_are_confined, "lib/http/hashing.cpp", "#include <openssl/evp.h>\n"),
    (layers.third_party_headers_are_confined, "lib/bytes/novelty.cpp", "#include <absl/strings/str_cat.h>\n"),
    (layers.json_stays_in_json_files, "lib/crypto/report.cpp", '#include "json/document.h"\n'),
    (layers.variants_stand_alone, "lib/kernels/sha256/reference.cpp", "#include <vector>\n"),
    (texts.files_are_short, "lib/bytes/endless.cpp", "int x;\n" * 401),
    (texts.functions_are_short, "lib/bytes/endless.cpp", "void f(int a) {\n" + "    ++a;\n" * 60 + "}\n"),
    (texts.functions_are_short, "lib/bytes/endless.cpp", "class A {\n    void f() const noexcept {\n" + "g();\n" * 60 + "    }\n};\n"),
    (texts.components_are_small, "lib/bytes/file_{}.cpp", "int x;\n"),
    (texts.nothing_is_a_drawer, "lib/bytes/string_utils.h", header("")),
    (texts.nothing_is_a_drawer, "lib/bytes/store.h", header("class StoreManager {};\n")),
    (texts.types_are_upper_camel, "lib/bytes/camel.h", header("struct lower_snake {\n};\n")),
    (texts.no_bool_parameters, "lib/bytes/flags.h", header("void save(int size, bool quickly);\n")),
    (texts.lib_leaves_the_world_alone, "lib/bytes/talk.cpp", 'void f() { std::cout << "x"; }\n'),
    (texts.lib_leaves_the_world_alone, "lib/bytes/talk.cpp", 'void f() { fprintf(stderr, "x"); }\n'),
    (texts.lib_leaves_the_world_alone, "lib/bytes/leave.cpp", "void f() { exit(1); }\n"),
    (texts.lib_leaves_the_world_alone, "lib/bytes/look.cpp", 'auto f() { return std::getenv("HOME"); }\n'),
    (texts.lib_leaves_the_world_alone, "lib/bytes/shell.cpp", 'void f() { std::system("ls"); }\n'),
    (texts.lib_knows_no_default_path, "lib/bytes/place.cpp", 'const char* place = "/etc/kaisar/config.json";\n'),
    (texts.no_conditional_compilation, "lib/bytes/choice.h", header("#ifdef __linux__\n#endif\n")),
    (texts.headers_open_with_their_subject, "lib/bytes/mute.h", "#pragma once\n"),
    (texts.unit_tests_do_not_sleep, "tests/unit/bytes/slow_test.cpp", "void f() { std::this_thread::sleep_for(x); }\n"),
]

# What the objects of variants must not hold, as a source file; the contract declares `void good(int*) noexcept;`.
OBJECT_BREAKS = {
    "a weak symbol": "inline void shared(int* x) { for (int i = 0; i < 100; ++i) x[i] *= i; }\n"
                     "void good(int* x) noexcept { void (*volatile f)(int*) = shared; f(x); }",
    "a function beyond the contract": "void good(int*) noexcept {}\nvoid more(int*) {}",
    "start-up code": "int f();\nstatic int x = f();\nvoid good(int* y) noexcept { *y = x; }",
    "a call of somebody else's code": "void other(int*);\nvoid good(int* x) noexcept { other(x); }",
}
GOOD_OBJECT = "namespace { void inner(int* x) { *x = 1; } }\nvoid good(int* x) noexcept { inner(x); }"


def copy_of(root, to):
    for folder in ("lib", "apps", "tests", "docs"):
        shutil.copytree(root / folder, to / folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    shutil.copy(root / "CMakeLists.txt", to)


def see_broken_file(root, build, rule, path, text):
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch)
        copy_of(root, copy)
        known = set(rule(SourceTree(copy, build)))
        for number in range(20 if "{}" in path else 1):
            file = copy / path.format(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "a") as out:
                out.write(text)
        fresh = set(rule(SourceTree(copy, build))) - known
        place = path.rpartition("/")[0] if rule in (layers.components_match_folders, texts.components_are_small) else path
        assert any(place in complaint for complaint in fresh), f"the rule did not see {path}; it said {sorted(fresh)}"


def faults_of_text(text):
    with tempfile.TemporaryDirectory() as scratch:
        source, compiled = pathlib.Path(scratch) / "v.cpp", pathlib.Path(scratch) / "v.o"
        source.write_text(text)
        subprocess.run(["c++", "-O1", "-fno-exceptions", "-c", source, "-o", compiled], check=True, capture_output=True)
        return list(objects.faults_of_object(compiled, "void good(int*) noexcept;"))


def add_self_tests(root, build, rules):
    for rule, path, text in BREAKS:
        case(f"self-test: {rule.__name__} sees {path}: {text.strip().splitlines()[-1][:50]}")(
            lambda rule=rule, path=path, text=text: see_broken_file(root, build, rule, path, text))
    for what, text in OBJECT_BREAKS.items():
        def sees(text=text):
            assert faults_of_text(text)
        case(f"self-test: variant_objects_are_closed sees {what}")(sees)

    @case("self-test: variant_objects_are_closed accepts a closed object")
    def _():
        assert faults_of_text(GOOD_OBJECT) == []

    @case("self-test: every rule is broken at least once")
    def _():
        tried = {rule for rule, _, _ in BREAKS} | {objects.variant_objects_are_closed}
        assert tried == set(rules), {rule.__name__ for rule in rules} ^ {rule.__name__ for rule in tried}
