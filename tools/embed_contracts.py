#!/usr/bin/env python3
"""Writes the creation code of the project's contracts, from forge's output, as one JSON file for the program.

usage: embed_contracts.py OUT_FOLDER RESULT NAME...

RESULT is {"NAME": "0x...", "*errors": "ERROR(TYPE,...);..."}: the code of each, and the errors that any of them reverts
with. Fails when a contract is missing or needs linking."""
import json
import pathlib
import sys


def read_artifact(out, name):
    artifact = out / f"{name}.sol" / f"{name}.json"
    if not artifact.exists():
        sys.exit(f"{artifact} is missing; run `make contracts`")
    return json.loads(artifact.read_text())


def creation_code(name, artifact):
    code = artifact["bytecode"]
    if code.get("linkReferences"):
        sys.exit(f"{name} needs linking, which the program does not do")
    return code["object"]


def type_of(parameter):
    """The canonical type: structs as tuples of theirs."""
    kind = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(type_of(member) for member in parameter["components"]) + ")" + kind[len("tuple"):]


def error_signatures(artifact):
    for entry in artifact["abi"]:
        if entry["type"] == "error":
            yield entry["name"] + "(" + ",".join(type_of(parameter) for parameter in entry["inputs"]) + ")"


def main():
    out, result, *names = sys.argv[1:]
    artifacts = {name: read_artifact(pathlib.Path(out), name) for name in names}
    entries = {name: creation_code(name, artifact) for name, artifact in artifacts.items()}
    entries["*errors"] = ";".join(sorted({error for artifact in artifacts.values() for error in error_signatures(artifact)}))
    pathlib.Path(result).write_text(json.dumps(entries, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
