# SPDX-License-Identifier: Apache-2.0
"""Processes of other people's nodes on loopback: free ports, starting, waiting until they answer, ending.

A directory stands for one node or one set of nodes: NAME.log and NAME.pid of each process are in it, and
info.json says what a client needs. Every process has the directory on its command line, which is how one is
told from another program that has got its id since.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "real"
ENDING_SECONDS_MAX = 10  # the released beacon node takes minutes
LOG_TAIL_CHARACTERS = 4000


def free_ports(count):
    """Ports that are free now, held together until all are known, so that none is given twice."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def get_json(url, body=None, seconds_max=10):
    """The JSON that `url` answers with, or None while it does not answer with any."""
    try:
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=seconds_max) as answer:
            return json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return None


def ask(url, method, *parameters, seconds_max=10):
    """The answer to a JSON-RPC call, with `result` or `error`; empty when there is none."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    return get_json(url, body, seconds_max) or {}


def call(url, method, *parameters, seconds_max=10):
    """The result of a JSON-RPC call, or None when there is none."""
    return ask(url, method, *parameters, seconds_max=seconds_max).get("result")


def tail(path):
    return path.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:] if path.exists() else ""


def launch(directory, name, command, **options):
    """Starts `command` in a session of its own, so that a Ctrl-C is ours to handle."""
    with open(directory / f"{name}.log", "w") as log:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, **options)
    (directory / f"{name}.pid").write_text(str(process.pid))
    return process


def wait_until(directory, processes, what, seconds_max, condition):
    """Waits for a true `condition()`; a process that ends first, or the time, ends everything in `directory`
    and this program, with the end of its log. `processes` are by name."""
    deadline = time.monotonic() + seconds_max
    while not (value := condition()):
        ended = [name for name, process in processes.items() if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            stop(directory)
            name = (ended or list(processes))[0]
            why = f"{name} ended" if ended else f"not within {seconds_max} s"
            sys.exit(f"no {what}: {why}\n{tail(directory / f'{name}.log')}")
        time.sleep(0.1)
    return value


def is_running(pid, directory):
    """Whether `pid` still is a process of `directory`."""
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return str(directory).encode() in command and state != "Z"


def stop(directory):
    """Ends what was launched in `directory`; what does not end in time is killed. Logs stay."""
    directory = pathlib.Path(directory).resolve()
    running = [int(file.read_text()) for file in sorted(directory.glob("*.pid"))]
    running = [pid for pid in running if is_running(pid, directory)]
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ENDING_SECONDS_MAX
    while running := [pid for pid in running if is_running(pid, directory)]:
        if time.monotonic() > deadline:
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(0.1)


def node_headers():
    """The option that has Node's headers taken from where Node is, when they are there, rather than fetched."""
    prefix = pathlib.Path(os.path.realpath(shutil.which("node") or "/usr/bin/node")).parents[1]
    return [f"--nodedir={prefix}"] if (prefix / "include" / "node" / "node.h").exists() else []


def npm():
    """Debian 12's npm 9 cannot read overrides that name another package; a later one is a package itself."""
    version = subprocess.run(["npm", "--version"], capture_output=True, text=True, check=True).stdout
    return ["npm"] if int(version.split(".")[0]) >= 10 else ["npx", "--yes", "npm@10.9.2"]


def install(source, name, *npm_options, compiled=()):
    """`npm ci` of the lockfile in `source` into build/real/NAME, again when it has changed; returns where.
    No package runs a script of its own, but the `compiled` ones: they come as C++ and build themselves."""
    target = BUILD / name
    target.mkdir(parents=True, exist_ok=True)
    lock = (source / "package-lock.json").read_bytes()
    done = target / "installed-lock.json"
    if not done.exists() or done.read_bytes() != lock:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, target / file)
        with open(target / "npm.log", "w") as log:
            # The project's own compilers, if there are no others.
            environment = dict(os.environ)
            if shutil.which("g++") is None:
                environment = dict({"CC": "clang-19", "CXX": "clang++-19"}, **environment)
            commands = [[*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *npm_options]]
            if compiled:
                commands.append(["npm", "rebuild", *compiled, *node_headers()])
            for command in commands:
                result = subprocess.run(command, cwd=target, env=environment, stdout=log, stderr=subprocess.STDOUT)
                if result.returncode != 0:
                    sys.exit(f"{' '.join(command)} failed in {target}:\n{tail(target / 'npm.log')}")
        done.write_bytes(lock)
    # Modules find their packages beside themselves.
    for module in (*source.glob("*.mjs"), *source.glob("*.cjs")):
        shutil.copy(module, target / module.name)
    return target


def finish(directory, info):
    """Says what a client needs: in DIR/info.json and on standard output."""
    (directory / "info.json").write_text(json.dumps(info) + "\n")
    print(json.dumps(info))
