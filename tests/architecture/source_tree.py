"""The tree as the rules look at it: source files with and without comments, and what CMake declared."""
import pathlib
import re

SOURCE_SUFFIXES = (".cpp", ".h", ".cu")


def blank_out(text, strings=True):
    """The text with comments (and string contents) replaced by spaces; line numbers stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n]){1,4}\'', re.DOTALL)

    def blank(match):
        found = match.group(0)
        if found[0] in "\"'R" and not strings:
            return found
        spaces = re.sub(r"[^\n]", " ", found)
        return f'"{spaces[2:]}"' if found[0] == '"' and len(found) >= 2 else spaces

    return pattern.sub(blank, text)


class SourceFile:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(errors="replace")
        self.code = blank_out(self.text)
        self.lines = self.text.count("\n")

    def find(self, pattern):
        """(line number, match) of every place in the code, comments and strings left out."""
        for match in re.finditer(pattern, self.code, re.MULTILINE):
            yield self.code.count("\n", 0, match.start()) + 1, match

    def includes(self):
        """(line number, header, whether it stands in quotes) of every #include."""
        for number, line in enumerate(self.text.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'


class SourceTree:
    def __init__(self, root, build):
        self.root, self.build = pathlib.Path(root), pathlib.Path(build)
        self.files = [SourceFile(self.root, path) for folder in ("lib", "apps", "tests")
                      for path in sorted((self.root / folder).rglob("*"))
                      if path.suffix in SOURCE_SUFFIXES and "node_modules" not in path.parts]
        self.uses, self.variants = {}, []
        for line in (self.build / "architecture.txt").read_text().split("\n"):
            words = line.replace(":", " ").split()
            if words[:1] == ["component"]:
                self.uses[words[1]] = words[2:]
            elif words[:1] == ["variant"]:
                self.variants.append((words[1], words[2]))

    def under(self, *folders):
        return [file for file in self.files if file.path.startswith(folders)]

    def component_of(self, path):
        """The component that a file of lib/, or an included header, belongs to; None when there is none."""
        parts = path.removeprefix("lib/").split("/")
        if len(parts) == 3 and parts[0] == "kernels":
            return "/".join(parts[:2])
        return parts[0] if len(parts) == 2 and parts[0] in self.uses else None

    def may_use(self, component):
        """What its own line of lib/CMakeLists.txt names, itself, and a kernel's folder where it names kernels."""
        named = {component, *self.uses.get(component, [])}
        if "kernels" in named:
            named |= {other for other in self.uses if other.startswith("kernels/")}
        return named


def functions_of(file):
    """(line, header, number of lines) of every function body; lambdas and local classes count as part of theirs."""
    code = re.sub(r"^\s*#.*$", "", file.code, flags=re.MULTILINE)
    depth_of_body, header_start, depth = None, 0, 0
    transparent = [True]
    for place, sign in enumerate(code):
        if sign in ";}" or sign == "{":
            header = code[header_start:place]
        if sign == "{":
            depth += 1
            kind = header.strip()
            is_scope = bool(re.search(r"\b(namespace|class|struct|union)\b|extern\s*\"", kind)) and "(" not in kind.split("{")[-1]
            if depth_of_body is None and not is_scope and "(" in kind and all(transparent):
                depth_of_body = depth
                started = code.count("\n", 0, header_start + len(header) - len(header.lstrip())) + 1
                name = " ".join(kind.split())
            transparent.append(is_scope)
        elif sign == "}":
            transparent.pop()
            if depth_of_body == depth:
                yield started, name, code.count("\n", 0, place) + 2 - started
                depth_of_body = None
            depth -= 1
        if sign in ";{}":
            header_start = place + 1
