# SPDX-License-Identifier: Apache-2.0
"""The services on chains of other people's nodes, the program that runs between them, and what is done to them."""
import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import threading
import time
import tomllib
import urllib.request

import nodes
import topology

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CAST = ROOT / "node_modules" / ".bin" / "cast"
SKIPPED = 77
COMMAND_SECONDS_MAX = 900
NOT_FOUND = 5  # exit status of butter
POLL_SECONDS = 0.5

# Accounts 1 and 2 of the well-known test mnemonic: the program itself pays with account 0.
DAPP_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
DAPP = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
USER_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
USER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
USER_VARIABLE = "BUTTER_TEST_USER_KEY"
# Above every chain's base fee here. Given always: not every node answers eth_maxPriorityFeePerGas.
DYNAMIC_FEES = ("--gas-price", "500gwei", "--priority-gas-price", "2gwei")

# FaultyReceiver.Mode
WORKS = 1


class Skipped(Exception):
    pass


class Failed(Exception):
    pass


def cast(*arguments):
    done = subprocess.run([str(CAST), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"cast {arguments[0]}: {done.stderr.strip()[-1000:]}")
    return done.stdout.strip()


def started(kind, directory, *options):
    """Starts nodes of `kind` in `directory`; their info."""
    done = subprocess.run([str(HERE / kind / "start"), str(directory), *map(str, options)], capture_output=True,
                          text=True)
    if done.returncode == SKIPPED:
        raise Skipped(done.stderr.strip())
    if done.returncode != 0:
        raise Failed(f"{kind} did not start: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def start_atlas(directory, *options):
    return started("atlas", directory / "R", "--fund", DAPP, "--fund", USER, *options)


def start_relay(butter, directory, *options):
    """The relay chain's own node with one validator; where it cannot be had, the devnet's."""
    try:
        return start_atlas(directory, "--validators", 1, *options)
    except Skipped as why:
        note(f"the relay chain is the devnet's: {why}")
    home = directory / "R"
    home.mkdir()
    process = nodes.launch(home, "devnet", [butter, "devnet", "--directory", home / "devnet", "--first-port", 0,
                                            "--no-contracts"])
    file = home / "devnet" / "topology.toml"
    nodes.wait_until(home, {"devnet": process}, "devnet", 120, file.exists)
    chain = tomllib.loads(file.read_text())["chains"]["R"]
    return {"chain_id": chain["chain_id"], "rpc": chain["rpc"], "epoch_length": chain["parameters"]["epoch_length"],
            "genesis_validators": chain["parameters"]["checkpoint_validators"], "bls_precompiles": "final"}


class Pump:
    """Makes the slots of a beacon chain in manual mode, one after the other, in a thread of its own."""

    def __init__(self, info, slot_seconds):
        self.info = info
        self.slot_seconds = slot_seconds
        self.options = {}  # of /devnet/step: skip, sync, att
        self.last_slot = None  # waits there, if set
        self.head_slot = 0
        self.error = None
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.is_set():
            begun = time.monotonic()
            with self._turn:
                try:
                    if self.last_slot is None or self.head_slot < self.last_slot:
                        self.head_slot = self.request("step", n=1, **self.options)["head"]
                except Failed as why:
                    self.error = why
                    return
            self._ended.wait(max(0.0, self.slot_seconds - (time.monotonic() - begun)))

    def request(self, route, **options):
        query = "&".join(f"{key}={value}" for key, value in options.items())
        answer = nodes.get_json(f"{self.info['beacon'][0]}/devnet/{route}?{query}", seconds_max=120)
        if answer is None:
            raise Failed(f"the driver did not {route} {query}")
        return answer

    @contextlib.contextmanager
    def paused(self):
        with self._turn:
            yield self

    def stop(self):
        self._ended.set()
        self._thread.join()


class WithoutMethod:
    """A JSON-RPC endpoint that lacks one method and passes on all others."""

    def __init__(self, url, method):
        self.refused = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                call = json.loads(body)
                if isinstance(call, dict) and call["method"] == method:
                    outer.refused += 1
                    error = {"code": -32601, "message": f"the method {method} does not exist"}
                    answer = json.dumps({"jsonrpc": "2.0", "id": call["id"], "error": error}).encode()
                else:
                    request = urllib.request.Request(url, body, {"content-type": "application/json"})
                    with urllib.request.urlopen(request, timeout=60) as passed:
                        answer = passed.read()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """Either side may be ended at any time."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Lane:
    """The services on some chains, and the program that runs between them."""

    def __init__(self, butter, directory):
        self.butter = butter
        self.directory = directory
        self.chains = {}
        self.helpers = []  # pumps and proxies
        self.environment = dict(os.environ, **{topology.KEY_VARIABLE: topology.DEPLOYER_KEY, USER_VARIABLE: USER_KEY})
        self.config = directory / "butter.toml"
        self.program = None

    def add(self, name, info):
        self.chains[name] = info
        return info

    def pump(self, name, slot_seconds):
        pump = Pump(self.chains[name], slot_seconds)
        self.helpers.append(pump)
        return pump

    def without_method(self, name, method):
        proxy = WithoutMethod(self.rpc(name), method)
        self.helpers.append(proxy)
        return proxy

    def stop(self):
        for helper in self.helpers:
            helper.stop()

    def rpc(self, chain):
        return self.chains[chain]["rpc"][0]

    # ---- waiting

    def check(self):
        for helper in self.helpers:
            if getattr(helper, "error", None) is not None:
                raise helper.error
        if self.program is not None and self.program.poll() is not None:
            raise Failed(f"butter run ended with {self.program.returncode}: {nodes.tail(self.log_file())}")

    def wait_for(self, what, seconds_max, condition):
        deadline = time.monotonic() + seconds_max
        while not (value := condition()):
            self.check()
            if time.monotonic() > deadline:
                raise Failed(f"no {what} within {seconds_max} s")
            time.sleep(POLL_SECONDS)
        return value

    def block_number(self, chain, tag="latest"):
        block = nodes.call(self.rpc(chain), "eth_getBlockByNumber", tag, False)
        return int(block["number"], 16) if block else 0

    def head_slot(self, chain):
        answer = nodes.get_json(f"{self.chains[chain]['beacon'][0]}/eth/v1/node/syncing") or {}
        return int(answer.get("data", {}).get("head_slot", 0))

    def wait_for_finality(self, chain):
        beacon = self.chains[chain]["beacon"][0]
        self.wait_for(f"finality on {chain}", 900, lambda: topology.finalized_root(beacon))

    # ---- the program

    def command(self, *arguments, expect=0):
        try:
            done = subprocess.run([str(self.butter), *map(str, arguments)], env=self.environment, capture_output=True,
                                  text=True, timeout=COMMAND_SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"butter {arguments[0]} took more than {COMMAND_SECONDS_MAX} s") from late
        with open(self.directory / "commands.log", "a") as log:
            log.write(f"$ butter {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
        if done.returncode != expect:
            raise Failed(f"butter {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}"
                         f"{done.stdout.strip()[-2000:]}")
        return done.stdout

    def deploy(self):
        for name, info in self.chains.items():
            if "beacon" in info:
                self.wait_for_finality(name)
        file = topology.write_topology(self.directory, self.chains)
        self.command("deploy", "--topology", file, "--out", self.directory)

    def run(self, config=None):
        self.program = nodes.launch(self.directory, "butter", [self.butter, "run", "--config", config or self.config],
                                    env=self.environment)

    def end_program(self):
        self.program.terminate()
        status = self.program.wait(timeout=60)
        self.program = None
        (self.directory / "butter.log").rename(self.directory / f"butter-{time.monotonic_ns()}.log")
        if status != 0:
            raise Failed(f"butter run ended with {status} when asked to end")

    def log_file(self):
        return self.directory / "butter.log"

    def log_lines(self, *words):
        """Lines of the running program's log that have all `words`."""
        return [line for line in self.log_file().read_text().splitlines() if all(word in line for word in words)]

    def config_with(self, name, chain, url):
        """A copy of the configuration in which `chain` is reached at `url`."""
        text = self.config.read_text()
        if self.rpc(chain) not in text:
            raise Failed(f"the configuration does not name {self.rpc(chain)}")
        file = self.directory / f"{name}.toml"
        file.write_text(text.replace(self.rpc(chain), url))
        return file

    # ---- contracts

    def deployed(self, chain, role):
        record = json.loads((self.directory / "deployment.json").read_text())
        return record["chains"][chain]["contracts"][role]["address"]

    def submit(self, chain, key, *arguments, nonce=None, gas_limit=3_000_000, fees=DYNAMIC_FEES):
        """The node's answer to a signed transaction. `cast send` would ask for more than some nodes answer."""
        if nonce is None:
            sender = cast("wallet", "address", "--private-key", key)
            nonce = int(nodes.call(self.rpc(chain), "eth_getTransactionCount", sender, "latest"), 16)
        raw = cast("mktx", "--rpc-url", self.rpc(chain), "--chain", self.chains[chain]["chain_id"], "--private-key", key,
                   "--nonce", nonce, "--gas-limit", gas_limit, *fees, *arguments)
        return nodes.ask(self.rpc(chain), "eth_sendRawTransaction", raw)

    def transact(self, chain, *arguments, key=DAPP_KEY):
        answer = self.submit(chain, key, *arguments)
        if "result" not in answer:
            raise Failed(f"{chain} refused a transaction: {answer}")
        receipt = self.wait_for(f"receipt of {answer['result']}", 300,
                                lambda: nodes.call(self.rpc(chain), "eth_getTransactionReceipt", answer["result"]))
        if int(receipt["status"], 16) != 1:
            raise Failed(f"a transaction on {chain} reverted: {receipt['transactionHash']}")
        return receipt

    def create_receiver(self, chain):
        """A contract that takes every message and counts them."""
        artifact = json.loads((ROOT / "out" / "FaultyReceiver.sol" / "FaultyReceiver.json").read_text())
        service = self.deployed(chain, "service")
        code = artifact["bytecode"]["object"] + cast("abi-encode", "f(address)", service)[2:]
        address = self.transact(chain, "--create", code)["contractAddress"]
        self.transact(chain, address, "setMode(uint8)", WORKS)
        self.chains[chain]["receiver"] = address
        return address

    def received(self, chain):
        return int(cast("call", "--rpc-url", self.rpc(chain), self.chains[chain]["receiver"], "received()"), 16)

    # ---- messages

    def send(self, origin, destination, payload, gas_limit=250_000):
        """What `butter send` says of a message to the receiver on `destination`, as soon as it is in a block."""
        return json.loads(self.command(
            "send", "--config", self.config, "--from", origin, "--to", destination, "--target",
            self.chains[destination]["receiver"], "--payload", payload, "--message", "--gas-limit", gas_limit,
            "--private-key-env", USER_VARIABLE, "--json"))

    def trace(self, order):
        return json.loads(self.command("trace", "--config", self.config, order, "--json"))

    def wait_delivered(self, order, seconds_max=600):
        def look():
            trace = self.trace(order)
            if trace["status"] == "failed":
                raise Failed(f"{order} failed: {trace['wait_text']}")
            return trace if trace["status"] == "delivered" else None
        return self.wait_for(f"delivery of {order}", seconds_max, look)

    def verify(self, order, config=None):
        """The whole chain of proof, made again from the nodes, when the execution is final too."""
        def is_final():
            trace = self.trace(order)
            return (trace["executions"] or trace["relay_executions"])[-1]["final"]
        self.wait_for(f"finality of the execution of {order}", 900, is_final)
        verdict = json.loads(self.command("verify", "--config", config or self.config, order, "--json"))
        if not verdict["steps"] or not all(step["holds"] for step in verdict["steps"]):
            raise Failed(f"{order} does not verify: {verdict}")
        return verdict

    def pass_message(self, origin, destination, payload):
        """Sends, waits until it is executed, and has the program check everything; the trace."""
        before = self.received(destination)
        sent = self.send(origin, destination, payload)
        trace = self.wait_delivered(sent["order_id"])
        if self.received(destination) != before + 1:
            raise Failed(f"{sent['order_id']} was delivered, but its target on {destination} has not received it")
        self.verify(sent["order_id"])
        # Once a client may learn the end of an epoch, of few blocks here, just before a proof of that epoch arrives.
        if len(wasted := self.log_lines("did not take it", sent["order_id"])) > 1:
            raise Failed(f"transactions were sent in vain: {wasted}")
        note(f"{origin} -> {destination}: {gas_of(trace)}")
        return trace


def note(text):
    print(f"  {text}", flush=True)


def gas_of(trace):
    """What each step of a message took, for people."""
    parts = [f"sent {trace['sent']['gas_used']}"]
    for key in ("relayed", "root"):
        if trace[key]:
            parts.append(f"{key} {trace[key]['gas_used']}")
    parts += [f"executed {one['gas_used']}" for one in trace["relay_executions"] + trace["executions"]]
    return f"gas {', '.join(parts)}; {trace['accepted_by_relay_verified'] or ''} {trace['root_by_destination_verified'] or ''}"
