#!/usr/bin/env python3
"""Checks what a compiler does not: the layering of tools/layers.txt, licence lines and formatting.

Prints one line for each finding and exits 1 if there was any."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def allowed_edges():
    edges = {}
    for line in (ROOT / "tools/layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, targets = line.partition(":")
            edges[folder.strip()] = targets.split()
    return edges


def layer_of(path, edges):
    """The longest layer that `path` lies in."""
    inside = [layer for layer in edges if path == layer or path.startswith(layer + "/")]
    return max(inside, key=len, default=None)


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True,
                         text=True, check=True)
    return [line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def check_layers(files, edges):
    for file in files:
        layer = layer_of(file, edges)
        if layer is None:
            yield f"{file}: in no layer of tools/layers.txt"
            continue
        for target in INCLUDE.findall((ROOT / file).read_text()):
            if not (ROOT / target).exists() and not target.startswith(("butter/", "chains/", "devnet/", "test/")):
                continue
            reach = [layer, *edges[layer]]
            if file.endswith(("_test.cpp", "_test.hpp", "_bench.cpp")):
                reach += ["test", "butter"]
            if not any(target.startswith(allowed + "/") for allowed in reach):
                yield f"{file}: {layer} may not include {target} (tools/layers.txt)"


def check_licence(files):
    for file in files:
        head = (ROOT / file).read_text().splitlines()[:2]
        if not any("SPDX-License-Identifier" in line for line in head):
            yield f"{file}: no SPDX-License-Identifier in its first lines"


def check_format(files):
    out = subprocess.run(["clang-format-19", "--dry-run", *files], cwd=ROOT, capture_output=True, text=True)
    for line in out.stderr.splitlines():
        if "warning:" in line:
            yield line.split(" [")[0]


def main():
    cpp = tracked("*.cpp", "*.hpp")
    findings = [*check_layers(cpp, allowed_edges()), *check_licence([*cpp, *tracked("*.sol")]), *check_format(cpp)]
    for finding in findings[:100]:
        print(finding)
    if len(findings) > 100:
        print(f"and {len(findings) - 100} more")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
