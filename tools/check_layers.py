#!/usr/bin/env python3
"""Checks the #include lines below src/gibbon against layers.toml, and the length of source files.

usage: check_layers.py [REPOSITORY]

A module includes itself and modules of lower layers, never a sibling; a third-party header appears
only where layers.toml says. No source file has more than 800 lines. Prints each breach and exits
with status 1 if there is one.
"""
import fnmatch
import pathlib
import re
import sys
import tomllib

MAX_LINES = 800
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1)


def layer_problem(module, header, layers):
    other = header.split("/")[1]
    if other == module:
        return None
    if other not in layers:
        return f"module {other} is not in layers.toml"
    if layers[other] >= layers[module]:
        return f"{module} (layer {layers[module]}) may not include {other} (layer {layers[other]})"
    return None


def third_party_problem(place, header, rules):
    for prefix, patterns in rules.items():
        if not header.startswith(prefix):
            continue
        # fnmatch's * crosses folders, so "train/*.cpp" means every depth below train/.
        if not any(fnmatch.fnmatch(place, pattern) for pattern in patterns):
            return f"{prefix} belongs only in {', '.join(patterns)}"
    return None


def check_file(path, root, layers, rules):
    place = path.relative_to(root).as_posix()
    module = place.split("/")[0]
    if module not in layers:
        yield f"{path}: module {module} is not in layers.toml"
        return
    for number, header in includes(path):
        if header.startswith("gibbon/"):
            problem = layer_problem(module, header, layers)
        else:
            problem = third_party_problem(place, header, rules)
        if problem:
            yield f"{path}:{number}: {header}: {problem}"


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".cpp", ".hpp"))


def problems(repository):
    root = repository / "src" / "gibbon"
    with open(root / "layers.toml", "rb") as file:
        config = tomllib.load(file)
    for path in sources(root):
        yield from check_file(path, root, config["layers"], config["third_party"])
    for folder in ("src", "tests", "bench"):
        for path in sources(repository / folder):
            lines = len(path.read_text().splitlines())
            if lines > MAX_LINES:
                yield f"{path}: {lines} lines, at most {MAX_LINES} are allowed"


def main():
    repository = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(problems(repository))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
