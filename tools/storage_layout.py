#!/usr/bin/env python3
"""Compares the storage layout of every contract that can be upgraded with the one in test/storage.

usage: storage_layout.py [--accept]

A variable that moves makes an upgrade read another one's value. Upgradeable is what derives from Governed. Prints what
differs and exits 1; --accept writes what is there now: after a deployment only for variables that were added at the end or
out of a gap."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SNAPSHOTS = ROOT / "test/storage"
BASE = "Governed"
REMAPPINGS = ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/",
              "@openzeppelin/contracts-upgradeable/=node_modules/@openzeppelin/contracts-upgradeable/"]
IMPORT = re.compile(r'^import [^"]*"([^"]+)";', re.MULTILINE)


def read_sources():
    """Ours, and whatever they import, by the names that the compiler gives them."""
    pending = [str(path.relative_to(ROOT)) for folder in ("contracts", "chains") for path in (ROOT / folder).rglob("*.sol")
               if not path.name.endswith(".t.sol") and "test" not in path.parts]
    sources = {}
    while pending:
        name = pending.pop()
        if name in sources:
            continue
        # node_modules may be a link; names stay inside of it.
        text = (ROOT / name).read_text()
        sources[name] = {"content": text}
        for imported in IMPORT.findall(text):
            if imported.startswith("."):
                parts = list(pathlib.PurePosixPath(name).parent.parts)
                for part in imported.split("/"):
                    if part == "..":
                        parts.pop()
                    elif part != ".":
                        parts.append(part)
                pending.append("/".join(parts))
            else:
                pending.append(f"node_modules/{imported}")
    return sources


def compile_layouts():
    settings = {"remappings": REMAPPINGS, "evmVersion": "london",
                "outputSelection": {"*": {"*": ["storageLayout"], "": ["ast"]}}}
    request = {"language": "Solidity", "sources": read_sources(), "settings": settings}
    answer = subprocess.run([ROOT / "tools/solc", "--standard-json"], input=json.dumps(request), capture_output=True,
                            text=True, check=True)
    output = json.loads(answer.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        sys.exit(errors[0])
    return output


def upgradeable(output):
    """{name: layout} of the contracts that are deployed behind a proxy."""
    nodes = {node["id"]: node for source in output["sources"].values() for node in source["ast"]["nodes"]
             if node["nodeType"] == "ContractDefinition"}
    found = {}
    for file, contracts in output["contracts"].items():
        for name, contract in contracts.items():
            node = next(node for node in output["sources"][file]["ast"]["nodes"] if node.get("name") == name)
            bases = [nodes[base]["name"] for base in node["linearizedBaseContracts"]]
            if BASE in bases and not node["abstract"]:
                found[name] = contract["storageLayout"]
    return found


def plain_type(name):
    """Without the numbers that the compiler gives to declarations."""
    return re.sub(r"(t_(?:struct|contract|enum|userDefinedValueType)\(\w+\))\d+", r"\1", name)


def lines_of(layout):
    """One line a variable, and below it those of the structs that it holds."""
    types = layout["types"] or {}

    def members(entries, base, depth):
        for entry in entries:
            slot = base + int(entry["slot"])
            yield f"{'  ' * depth}{slot:>3} +{entry['offset']:<2} {plain_type(entry['type'])} {entry['label']}"
            yield from inside(entry["type"], depth + 1)

    def inside(kind, depth):
        found = types.get(kind, {})
        if "members" in found:
            yield from members(found["members"], 0, depth)
        for part in ("value", "base"):
            if part in found:
                yield from inside(found[part], depth)

    return list(members(layout["storage"], 0, 0))


def main():
    accept = sys.argv[1:] == ["--accept"]
    layouts = {name: lines_of(layout) for name, layout in upgradeable(compile_layouts()).items()}
    if accept:
        SNAPSHOTS.mkdir(exist_ok=True)
        for old in SNAPSHOTS.glob("*.txt"):
            old.unlink()
        for name, lines in layouts.items():
            (SNAPSHOTS / f"{name}.txt").write_text("\n".join(lines) + "\n")
        return 0
    known = {path.stem: path.read_text().splitlines() for path in SNAPSHOTS.glob("*.txt")}
    differs = False
    for name in sorted(known.keys() | layouts.keys()):
        before, after = known.get(name, []), layouts.get(name, [])
        for line in before:
            if line not in after:
                print(f"{name}: gone or moved: {line.strip()}")
        for line in after:
            if line not in before:
                print(f"{name}: new or moved: {line.strip()}")
        if before != after:
            differs = True
    if differs:
        print("if that is intended: tools/storage_layout.py --accept")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
