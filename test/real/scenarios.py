# SPDX-License-Identifier: Apache-2.0
"""The scenarios of `run`. Each is a function of a Lane that has no chains yet; it raises Failed or Skipped."""
import pathlib
import re

import nodes
import topology
from lane import (DAPP, DAPP_KEY, DYNAMIC_FEES, NOT_FOUND, Failed, cast, gas_of, note, start_atlas, start_relay,
                  started)

# Seconds between slots that are made on demand. Faster than by the clock, slow enough for two busy cores.
MINIMAL_SLOT_SECONDS = 0.25
MAINNET_SLOT_SECONDS = 0.15
MINIMAL_PERIOD_SLOTS = 64
WAIT_SECONDS_MAX = 900

ELECTION = "0x000000000000000000000000000000000000d013"
NO_ADDRESS = "0x" + "00" * 20
MESSAGE_GAS = 250_000
# Messages in one transaction.
TOGETHER = 3
LEGACY_FEES = ("--legacy", "--gas-price", "500gwei")
LISTED_FEES = (*LEGACY_FEES, "--access-list", "[]")
MESSAGE_OUT = cast("sig-event", "MessageOut(bytes32,uint64,bytes)")


def manual(directory, chain_id, preset, validators, forks):
    return started("beacon", directory, "--chain-id", chain_id, "--", "--preset", preset, "--validators", validators,
                   "--mode", "manual", "--genesis", 1700000000, "--sps", 12, "--forks", forks)


def expect_waiting(lane, order, words):
    """That the message is still under way, and that the program says why with `words`."""
    trace = lane.trace(order)
    if trace["status"] != "waiting" or not re.search(words, trace["wait_text"]):
        raise Failed(f"{order} should wait for /{words}/, but is {trace['status']}: {trace['wait_text']}")
    note(f"waits: {trace['wait_text']}")


def proven_with(trace, words):
    """The numbers in what the relay chain's client has accepted."""
    found = re.search(words, trace["accepted_by_relay_verified"])
    if found is None:
        raise Failed(f"no /{words}/ in: {trace['accepted_by_relay_verified']}")
    return [int(number) for number in found.groups()]


def finalized_slot(trace):
    return proven_with(trace, r"finalized_slot=(\d+)")[0]


# ---- scenarios


def short(lane):
    """One outer chain, minimal preset, and the relay chain: a message each way."""
    lane.add("R", start_relay(lane.butter, lane.directory, "--built"))
    lane.add("A", manual(lane.directory / "A", 7001, "minimal", 64, "electra:0,fulu:6"))
    lane.pump("A", MINIMAL_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    lane.create_receiver("R")
    lane.run()
    lane.pass_message("A", "R", "0x0102")
    lane.pass_message("R", "A", "0x0304")


def lanes(lane):
    """Two outer chains of different nodes and a relay chain of four validators, of which one leaves."""
    # Epochs much longer than B's slots: a delivery that arrives after the end of its epoch has to be made again.
    relay = lane.add("R", start_atlas(lane.directory, "--validators", 4, "--epoch", 60))
    lane.add("A", started("beacon", lane.directory / "A", "--chain-id", 7001, "--", "--preset", "minimal",
                          "--validators", 64, "--mode", "realtime", "--sps", 1, "--forks", "electra:0,fulu:6"))
    lane.add("B", started("lodestar", lane.directory / "B", "--chain-id", 7002, "--slot-seconds", 6))
    note(f"relay chain: {relay['version']}, beacon node: "
         f"{topology.ask(lane.chains['B']['beacon'][0], '/eth/v1/node/version')['version']}")
    lane.deploy()
    for chain in lane.chains:
        lane.create_receiver(chain)
    lane.run()
    lane.pass_message("A", "B", "0x01")
    lane.pass_message("B", "A", "0x02")
    # The set of four signs until the end of an epoch, the set of three that was elected then after it.
    owner_key = pathlib.Path(relay["owner_key"]).read_text().strip()
    before = len(nodes.call(lane.rpc("R"), "istanbul_getSnapshot", hex(lane.block_number("R")))["validators"])
    if before != 4:
        raise Failed(f"the relay chain has {before} validators, not 4")
    lane.transact("R", ELECTION, "setElectableValidators(uint256,uint256)", 1, 3, key=owner_key)
    for chain in ("A", "B"):
        for size in (4, 3):
            lane.wait_for(f"end of an epoch of {size} validators on {chain}", WAIT_SECONDS_MAX,
                          lambda: any(re.search(rf"signers=\d/{size} ended", line)
                                      for line in lane.log_lines("maintainer: updated", f"R->{chain}")))
    trace = lane.pass_message("A", "B", "0x03")
    if not re.search(r"signers=[23]/3 ", trace["root_by_destination_verified"]):
        raise Failed(f"not sealed by the new set: {trace['root_by_destination_verified']}")
    lane.pass_message("B", "A", "0x04")
    for lane_name in ("A->R", "B->R"):
        lane.wait_for(f"next sync committee of {lane_name}", WAIT_SECONDS_MAX,
                      lambda: lane.log_lines("maintainer: updated", lane_name))


def mainnet(lane):
    """Committees of 512 across a fork; slots without blocks, few signatures, no finality, a reorg."""
    fulu_epoch = 24
    fork_slot = fulu_epoch * 32
    lane.add("R", start_relay(lane.butter, lane.directory))
    lane.add("A", manual(lane.directory / "A", 7001, "mainnet", 512, f"electra:0,fulu:{fulu_epoch}"))
    pump = lane.pump("A", MAINNET_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    lane.create_receiver("R")
    lane.run()

    pump.last_slot = fork_slot - 16
    trace = lane.pass_message("A", "R", "0x01")
    if finalized_slot(trace) >= fork_slot:
        raise Failed(f"the first message was final at slot {finalized_slot(trace)}, after the fork")
    # The last blocks before the fork, slowly, with a message in one of them: its finality is signed after the fork.
    lane.wait_for("slots before the fork", WAIT_SECONDS_MAX, lambda: pump.head_slot == pump.last_slot)
    pump.slot_seconds = 1
    pump.last_slot = None
    sent = lane.send("A", "R", "0x02")
    pump.slot_seconds = MAINNET_SLOT_SECONDS
    # No slot was skipped so far: a block's number is its slot.
    if sent["block"] >= fork_slot:
        raise Failed(f"the message is in block {sent['block']}, after the fork")
    trace = lane.wait_delivered(sent["order_id"])
    lane.verify(sent["order_id"])
    if finalized_slot(trace) < fork_slot:
        raise Failed(f"final at slot {finalized_slot(trace)}, before the fork at {fork_slot}")
    lane.pass_message("A", "R", "0x03")
    lane.pass_message("R", "A", "0x04")

    pump.options = {"skip": 2}
    lane.pass_message("A", "R", "0x05")
    pump.options = {"sync": 0.7}
    signed, size = proven_with(lane.pass_message("A", "R", "0x06"), r"participation=(\d+)/(\d+)")
    if not size * 2 <= signed * 3 <= size * 2.5:
        raise Failed(f"{signed} of {size} signed, which is not just over two thirds")

    pump.options = {"sync": 0.55}
    # The newest update of before is still good enough.
    lane.wait_for("signatures of few", WAIT_SECONDS_MAX, lambda: few_signed(lane))
    sent = lane.send("A", "R", "0x07")
    lane.wait_for("finality that few have signed", WAIT_SECONDS_MAX,
                  lambda: lane.block_number("A", "finalized") >= sent["block"])
    lane.wait_for("word of it in the log", 60, lambda: lane.log_lines("waiting for final blocks of A", "two thirds"))
    expect_waiting(lane, sent["order_id"], r"participation at slot \d+ is \d+ of 512, two thirds are needed")
    pump.options = {}
    lane.wait_delivered(sent["order_id"])
    lane.verify(sent["order_id"])

    pump.options = {"att": 0}
    sent = lane.send("A", "R", "0x08")
    at = lane.head_slot("A")
    lane.wait_for("slots without finality", WAIT_SECONDS_MAX, lambda: lane.head_slot("A") > at + 6 * 32)
    expect_waiting(lane, sent["order_id"], r"has not become final for \d+ epochs")
    pump.options = {}
    lane.wait_delivered(sent["order_id"])
    lane.verify(sent["order_id"])
    orphan(lane, pump)


def few_signed(lane):
    bits = topology.ask(lane.chains["A"]["beacon"][0], "/eth/v1/beacon/light_client/finality_update")
    bits = bits["sync_aggregate"]["sync_committee_bits"]
    return bin(int(bits, 16)).count("1") * 3 < (len(bits) - 2) * 4 * 2


def orphan(lane, pump):
    """A message whose block is replaced before it is final is not delivered; the next one is."""
    sent = lane.send("A", "R", "0x09")
    with pump.paused():
        depth = lane.block_number("A") - sent["block"] + 1
        if lane.block_number("A", "finalized") >= sent["block"]:
            raise Failed("the block to be replaced is final already")
        pump.request("reorg", depth=depth)
        if nodes.call(lane.rpc("A"), "eth_getTransactionReceipt", sent["transaction"]) is not None:
            raise Failed("the node still has the replaced block's transaction")
    note(f"replaced {depth} blocks")
    after = lane.pass_message("A", "R", "0x0a")
    if after["sent"]["block"] < sent["block"] or not after["sent"]["final"]:
        raise Failed("the later message did not make the replaced block's height final")
    lane.command("trace", "--config", lane.config, sent["order_id"], expect=NOT_FOUND)
    if lane.log_lines(sent["order_id"]):
        raise Failed(f"the program took up a replaced message: {lane.log_lines(sent['order_id'])}")


def periods(lane):
    """Several sync committee periods, with the program and without it."""
    lane.add("R", start_relay(lane.butter, lane.directory))
    lane.add("A", manual(lane.directory / "A", 7001, "minimal", 64, "electra:0,fulu:12"))
    lane.pump("A", MINIMAL_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    lane.create_receiver("R")
    lane.run()
    seen = set()
    while len(seen) < 4:
        seen.add(finalized_slot(lane.pass_message("A", "R", "0x01")) // MINIMAL_PERIOD_SLOTS)
    lane.end_program()
    # Nobody teaches the client; the messages of that time are sent all the same.
    at = lane.head_slot("A")
    missed = []
    for period in range(3):
        missed.append(lane.send("A", "R", f"0x{period:02x}"))
        lane.wait_for("period", WAIT_SECONDS_MAX, lambda: lane.head_slot("A") > at + (period + 1) * MINIMAL_PERIOD_SLOTS)
    lane.run()
    for sent in missed:
        lane.wait_delivered(sent["order_id"])
        lane.verify(sent["order_id"])
    seen.add(finalized_slot(lane.pass_message("A", "R", "0x02")) // MINIMAL_PERIOD_SLOTS)
    note(f"messages in periods {sorted(seen)}")


def repeater_code(service, count):
    """Of a contract that calls `service` `count` times with what it is called with and an equal part of the value,
    and reverts when one call fails."""
    # retSize 0, retOffset 0, argsSize CALLDATASIZE, argsOffset 0, value CALLVALUE / count, service, GAS: CALL
    call = f"6000600036600060{count:02x}340473{service[2:]}5af1"
    body = "3660006000" + "37" + call * count + "02" * (count - 1) + "15"
    # PUSH1 dest JUMPI STOP JUMPDEST 0 0 REVERT
    body += f"60{len(body) // 2 + 4:02x}57005b60006000fd"
    size = len(body) // 2
    return f"0x60{size:02x}600c60003960{size:02x}6000f3" + body


class Crowd:
    """Signed transactions of one account for one block, waiting in the node's pool."""

    def __init__(self, lane, chain, target):
        self.lane = lane
        self.chain = chain
        self.target = target
        self.service = lane.deployed(chain, "service")
        self.nonce = int(nodes.call(lane.rpc(chain), "eth_getTransactionCount", DAPP, "latest"), 16)
        self.first_block = lane.block_number(chain) + 1
        self.sent = []
        self.reverting = []
        self.refused = {}
        self.to_chain = lane.chains["R"]["chain_id"]
        self.fee = int(cast("call", "--rpc-url", lane.rpc(chain), self.service,
                            "getMessageFee(uint256,address,uint256)(uint256,address)", self.to_chain, NO_ADDRESS,
                            MESSAGE_GAS).split()[0])

    def add(self, *arguments, gas_limit=400_000, fees=DYNAMIC_FEES, may_be_refused=None):
        answer = self.lane.submit(self.chain, DAPP_KEY, *arguments, nonce=self.nonce, gas_limit=gas_limit, fees=fees)
        if "result" not in answer:
            if may_be_refused is None:
                raise Failed(f"the node refused a transaction: {answer}")
            self.refused[may_be_refused] = answer["error"]["message"]
            return
        self.nonce += 1
        self.sent.append(answer["result"])

    def add_others(self, count):
        """What other people do: transfers of three types, creations, creations that revert."""
        for index in range(count):
            kind = index % 5
            if kind < 3:
                self.add(DAPP, "--value", index, gas_limit=30_000, fees=(DYNAMIC_FEES, LEGACY_FEES, LISTED_FEES)[kind])
            elif kind == 3:
                self.add("--create", "0x60006000f3", gas_limit=100_000)
            else:
                self.add("--create", "0x60006000fd", gas_limit=100_000)
                self.reverting.append(self.sent[-1])

    def transfer(self, payload):
        message = cast("abi-encode", "f((bool,uint8,bytes,bytes,uint256,uint256))",
                       f"(false,1,{self.target},{payload},{MESSAGE_GAS},0)")
        return cast("calldata", "transferOut(uint256,bytes,address)", self.to_chain, message, NO_ADDRESS)

    def add_message(self, payload, missing_fee=0):
        """One that pays too little is reverted."""
        self.add(self.service, self.transfer(payload), "--value", self.fee - missing_fee)
        if missing_fee:
            self.reverting.append(self.sent[-1])

    def add_messages_together(self, payload, repeater, count):
        """Several in one transaction, so in one receipt."""
        self.add(repeater, self.transfer(payload), "--value", count * self.fee, gas_limit=1_500_000)

    def included(self):
        """The orders of its messages when all its transactions are in one block, None before they are in any."""
        last = self.lane.block_number(self.chain)
        url = self.lane.rpc(self.chain)
        for number in range(self.first_block, last + 1):
            self.first_block = number
            here = nodes.call(url, "eth_getBlockByNumber", hex(number), False)["transactions"]
            if not set(self.sent) & set(here):
                continue
            if set(self.sent) - set(here):
                raise Failed(f"of {len(self.sent)} transactions only {len(set(self.sent) & set(here))} are in a block")
            # This node executes the block again for each answer about receipts.
            receipts = nodes.call(url, "eth_getBlockReceipts", hex(number), seconds_max=120)
            for one in receipts:
                if (int(one["status"], 16) == 0) != (one["transactionHash"] in self.reverting):
                    raise Failed(f"{one['transactionHash']} has status {one['status']}")
            types = sorted({int(one["type"], 16) for one in receipts})
            note(f"block {number} of {len(here)} transactions of types {types}, {len(self.reverting)} of them reverted;"
                 f" refused by the node: {self.refused or 'none'}")
            return [log["topics"][1] for one in receipts for log in one["logs"]
                    if log["address"].lower() == self.service.lower() and log["topics"][0] == MESSAGE_OUT]
        return None


def crowd(lane):
    """Messages among 200 other transactions of one block, several of them in one receipt, some reverted."""
    lane.add("R", start_relay(lane.butter, lane.directory))
    lane.add("A", manual(lane.directory / "A", 7001, "minimal", 64, "electra:0,fulu:6"))
    pump = lane.pump("A", MINIMAL_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    target = lane.create_receiver("R")
    lane.run()
    code = repeater_code(lane.deployed("A", "service"), TOGETHER)
    repeater = lane.transact("A", "--create", code)["contractAddress"]
    blob = lane.directory / "blob"
    blob.write_bytes(b"a blob that nobody reads")
    with pump.paused():
        block = Crowd(lane, "A", target)
        block.add_others(100)
        block.add_message("0x01")
        block.add_message("0x02", missing_fee=1)
        block.add_messages_together("0x03", repeater, TOGETHER)
        block.add_message("0x04", missing_fee=block.fee)
        block.add(DAPP, "--blob", "--eip4844", "--path", blob, "--blob-gas-price", "10gwei", gas_limit=30_000, may_be_refused=3)
        block.add(DAPP, "--auth", "0x" + "11" * 20, gas_limit=100_000, may_be_refused=4)
        block.add_others(100)
        block.add_message("0x05")
    orders = lane.wait_for("block of all transactions", WAIT_SECONDS_MAX, block.included)
    deliver_all(lane, orders, received=2 + TOGETHER)

    # From a node that gives single receipts only.
    proxy = lane.without_method("A", "eth_getBlockReceipts")
    config = lane.config_with("one-by-one", "A", proxy.url)
    lane.end_program()
    lane.run(config)
    with pump.paused():
        block = Crowd(lane, "A", target)
        block.add_others(5)
        block.add_messages_together("0x05", repeater, TOGETHER)
        block.add_message("0x06", missing_fee=1)
        block.add_message("0x07")
        block.add_others(2)
    orders = lane.wait_for("block of all transactions", WAIT_SECONDS_MAX, block.included)
    deliver_all(lane, orders, received=3 + 2 * TOGETHER, config=config)
    if proxy.refused == 0:
        raise Failed("nobody asked for the receipts of a whole block")
    lane.pass_message("R", "A", "0x08")


def deliver_all(lane, orders, received, config=None):
    if len(orders) != received - lane.received("R"):
        raise Failed(f"{len(orders)} messages were sent")
    for order in orders:
        trace = lane.wait_delivered(order)
        note(gas_of(trace))
        lane.verify(order, config)
    if lane.received("R") != received:
        raise Failed(f"the target has received {lane.received('R')} messages, not {received}")


ALL = {one.__name__: one for one in (short, lanes, mainnet, periods, crowd)}
