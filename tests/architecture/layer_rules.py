"""Who may include what."""
import fnmatch
import pathlib
import re

STANDARD = re.compile(r"^[a-z_0-9]+$")  # <vector>, <cstdint>
SYSTEM = re.compile(r"^(sys|netinet|arpa|linux|net)/|^(unistd|fcntl|dlfcn|poll|pthread|sched|signal|spawn|termios|time|errno"
                    r"|netdb|ifaddrs|sysexits|dirent|ftw|glob|pwd|grp|getopt|execinfo|stdlib|string|stdio|stdint)\.h$")


def components_match_folders(tree):
    """every folder of lib/ is declared in lib/CMakeLists.txt, and every declared component has a folder"""
    folders = {path.name for path in (tree.root / "lib").iterdir() if path.is_dir() and any(path.rglob("*.*"))}
    declared = {name for name in tree.uses if "/" not in name}
    return [f"lib/{name}/ is not declared in lib/CMakeLists.txt" for name in sorted(folders - declared)] + \
           [f"the component {name} has no folder lib/{name}/" for name in sorted(declared - folders)]


def layers_are_kept(tree):
    """a component includes only what its line in lib/CMakeLists.txt names"""
    for file in tree.under("lib/"):
        own = tree.component_of(file.path)
        for line, header, quoted in file.includes():
            target = tree.component_of(header)
            if quoted and target is None:
                yield f"{file.path}:{line} includes \"{header}\", which is no component's header"
            elif quoted and target not in tree.may_use(own):
                yield f"{file.path}:{line} includes \"{header}\", but {own} does not name {target} in lib/CMakeLists.txt"


def applications_stay_apart(tree):
    """an application includes its own headers and those of the components that it links, lib never an application's"""
    for app in sorted(path for path in (tree.root / "apps").iterdir() if path.is_dir()):
        linked = re.findall(r"\bkaisar_([a-z_]+)\b", (app / "CMakeLists.txt").read_text())
        reached = set()
        while linked:
            name = linked.pop()
            if name in tree.uses and name not in reached:
                reached.add(name)
                linked += tree.uses[name]
        if "kernels" in reached:
            reached |= {name for name in tree.uses if name.startswith("kernels/")}
        generated = {path.name.removesuffix(".in") for path in app.parent.rglob("*.h.in")}
        for file in tree.under(f"apps/{app.name}/"):
            for line, header, quoted in file.includes():
                own = (app / header).exists() or (tree.root / file.path).parent.joinpath(header).exists() or header in generated
                if quoted and not own and tree.component_of(header) not in reached:
                    yield f"{file.path}:{line} includes \"{header}\", which {app.name} does not link"


def third_party_headers_are_confined(tree):
    """third-party headers are included only where layers.txt says"""
    rows = [line.split() for line in (pathlib.Path(__file__).parent / "layers.txt").read_text().split("\n")
            if line and not line.startswith("#")]
    for file in tree.files:
        for line, header, quoted in file.includes():
            if quoted or STANDARD.match(header) or SYSTEM.match(header):
                continue
            allowed = [pattern for name, *patterns in rows if header.startswith(name) for pattern in patterns]
            if not any(fnmatch.fnmatch(file.path, pattern) for pattern in allowed):
                yield f"{file.path}:{line} includes <{header}>; layers.txt allows it in {' '.join(allowed) or 'no file'}"


def json_stays_in_json_files(tree):
    """json/document.h is included only by files called *_json, and a *_json.h that includes it only by such files too"""
    sources = tree.under("lib/", "apps/")
    carriers = {"json/document.h"} | {file.path.removeprefix("lib/") for file in sources if file.path.endswith("_json.h")
                                      and any(header == "json/document.h" for _, header, _ in file.includes())}
    for file in sources:
        if file.path.endswith(("_json.cpp", "_json.h")) or file.path.startswith("lib/json/"):
            continue
        for line, header, _ in file.includes():
            if header in carriers:
                yield f"{file.path}:{line} includes {header}: move what needs it to a file called *_json.cpp"


def variants_stand_alone(tree):
    """a variant's file includes its contract, intrinsics and two headers of types, nothing else"""
    allowed = {"cstddef", "cstdint", "immintrin.h", "arm_neon.h"}
    for kernel, variant in tree.variants:
        for file in tree.under(f"lib/kernels/{kernel}/{variant}.cpp"):
            for line, header, _ in file.includes():
                if header not in allowed and header != f"kernels/{kernel}/contract.h":
                    yield f"{file.path}:{line} includes {header}: code compiled for one instruction set must not be shared"


RULES = [components_match_folders, layers_are_kept, applications_stay_apart, third_party_headers_are_confined,
         json_stays_in_json_files, variants_stand_alone]
