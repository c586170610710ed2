#!/usr/bin/env python3
"""Writes the creation code of the project's contracts, from forge's output, as one JSON file for the program.

usage: embed_contracts.py OUT_FOLDER RESULT NAME...

RESULT is {"NAME": "0x..."}. Fails when a contract is missing or needs linking."""
import json
import pathlib
import sys


def creation_code(out, name):
    artifact = out / f"{name}.sol" / f"{name}.json"
    if not artifact.exists():
        sys.exit(f"{artifact} is missing; run `make contracts`")
    code = json.loads(artifact.read_text())["bytecode"]
    if code.get("linkReferences"):
        sys.exit(f"{name} needs linking, which the program does not do")
    return code["object"]


def main():
    out, result, *names = sys.argv[1:]
    codes = {name: creation_code(pathlib.Path(out), name) for name in names}
    pathlib.Path(result).write_text(json.dumps(codes, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
