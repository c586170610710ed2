#!/usr/bin/env python3
"""Holds docs/threats.md, the tests and test/mutants.json together.

Every number from T-01 to T-56 has one row. Every test that a row names exists, and names the number, in its name or in the
comment before it, if it is forge's. A row without a test says why. Every mutant's test stands in its number's row,
and what the mutant changes stands once in the code.
Prints one line for each finding and exits 1 if there was any."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = "docs/threats.md"
MUTANTS = "test/mutants.json"
COUNT = 56
FOLDERS = ["contracts", "chains", "butter", "test", "devnet", "cmd"]
ROW = re.compile(r"^\| (T-\d\d) \|(.*)\|$", re.MULTILINE)
NAME = re.compile(r"`(\w+)\.(\w+)`")
FUZZ = re.compile(r"`(\w+_fuzz)`")
COMMENT = re.compile(r" *//.*")


def sources(pattern):
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob(pattern)]


def forge_tests():
    """{Contract.test: the text by which it can name a number}. A test of a base contract belongs to the derived one too."""
    found = {}
    for path in sources("*.t.sol"):
        text = path.read_text()
        contracts = list(re.finditer(r"^contract (\w+)", text, re.MULTILINE))
        for index, contract in enumerate(contracts):
            end = contracts[index + 1].start() if index + 1 < len(contracts) else len(text)
            body = text[contract.start():end]
            for test in re.finditer(r"((?:^ +///.*\n)*)^ +function (\w+)\(", body, re.MULTILINE):
                found[f"{contract[1]}.{test[2]}"] = test[1] + test[2]
    return found


def google_tests():
    return {f"{suite}.{name}" for path in sources("*_test.cpp")
            for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE)}


def names_number(text, threat):
    return threat in text or threat.replace("-", "") in text


def check():
    forge = forge_tests()
    google = google_tests()
    fuzzers = {path.stem for path in sources("*_fuzz.cpp")}
    rows = {}
    for threat, row in ROW.findall((ROOT / TABLE).read_text()):
        if threat in rows:
            yield f"{TABLE}: {threat} has two rows"
        rows[threat] = row
        cells = row.split("|")
        if len(cells) != 3:
            yield f"{TABLE}: {threat} has {len(cells)} cells after its number, expected 3"
            continue
        tests = [".".join(name) for name in NAME.findall(cells[1])]
        fuzz = FUZZ.findall(cells[1])
        for test in tests:
            if test in forge:
                if not names_number(forge[test], threat):
                    yield f"{TABLE}: {test} does not name {threat}"
            elif test not in google:
                yield f"{TABLE}: {threat} names {test}, which does not exist"
        for name in fuzz:
            if name not in fuzzers:
                yield f"{TABLE}: {threat} names {name}, which does not exist"
        if not tests and not fuzz and not cells[2].strip():
            yield f"{TABLE}: {threat} has neither a test nor a reason"
    for number in range(1, COUNT + 1):
        if f"T-{number:02}" not in rows:
            yield f"{TABLE}: T-{number:02} is missing"
    for mutant in json.loads((ROOT / MUTANTS).read_text())["mutants"]:
        if mutant["test"] not in forge:
            yield f"{MUTANTS}: {mutant['threat']} names {mutant['test']}, which does not exist"
        if f"`{mutant['test']}`" not in rows.get(mutant["threat"], ""):
            yield f"{TABLE}: {mutant['threat']} does not name {mutant['test']}, which has a mutant"
        code = COMMENT.sub("", (ROOT / mutant["file"]).read_text())
        for find, _ in mutant["edits"]:
            if code.count(COMMENT.sub("", find)) != 1:
                yield f"{MUTANTS}: {mutant['threat']}: not once in the code of {mutant['file']}: {find}"


def main():
    findings = list(check())
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
