# SPDX-License-Identifier: Apache-2.0
"""The scenarios of `run`. Each is a function of a Lane that has no chains yet; it raises Failed or Skipped."""
import json
import re

import nodes
import topology
from lane import (DAPP, DAPP_KEY, MAX_FEE, NOT_FOUND, PRIORITY_FEE, Failed, cast, note, start_atlas, start_relay,
                  started)

# Seconds between slots that are made on demand. Faster than by the clock, slow enough for two busy cores.
MINIMAL_SLOT_SECONDS = 0.25
MAINNET_SLOT_SECONDS = 0.15
MINIMAL_PERIOD_SLOTS = 64
WAIT_SECONDS_MAX = 900

MULTICALL = "0xca11bde05977b3631167028862be2a173976ca11"
ELECTION = "0x000000000000000000000000000000000000d013"
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


def finalized_slot(trace):
    return int(re.search(r"finalized_slot=(\d+)", trace["accepted_by_relay_verified"])[1])


def participation(trace):
    signed, size = re.search(r"participation=(\d+)/(\d+)", trace["accepted_by_relay_verified"]).groups()
    return int(signed), int(size)


# ---- scenarios


def short(lane):
    """One outer chain, minimal preset, and the relay chain: a message each way."""
    lane.add("R", start_relay(lane.butter, lane.directory))
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
    relay = lane.add("R", start_atlas(lane.directory, "--validators", 4))
    lane.add("A", started("beacon", lane.directory / "A", "--chain-id", 7001, "--", "--preset", "minimal",
                          "--validators", 64, "--mode", "realtime", "--sps", 1, "--forks", "electra:0,fulu:6"))
    lane.add("B", started("lodestar", lane.directory / "B", "--chain-id", 7002))
    note(f"relay chain: {relay['version']}, beacon node: "
         f"{topology.ask(lane.chains['B']['beacon'][0], '/eth/v1/node/version')['version']}")
    lane.deploy()
    for chain in lane.chains:
        lane.create_receiver(chain)
    lane.run()
    lane.pass_message("A", "B", "0x01")
    lane.pass_message("B", "A", "0x02")
    # The set of four signs until the end of an epoch, the set of three that was elected then after it.
    owner_key = open(relay["owner_key"]).read().strip()
    before = len(nodes.call(lane.rpc("R"), "istanbul_getSnapshot", hex(lane.block_number("R")))["validators"])
    receipt = json.loads(cast("send", "--rpc-url", lane.rpc("R"), "--private-key", owner_key, ELECTION, "--gas-price",
                              MAX_FEE, "--priority-gas-price", PRIORITY_FEE, "--gas-limit", 300_000,
                              "setElectableValidators(uint256,uint256)", 1, 3, "--json"))
    if int(receipt["status"], 16) != 1 or before != 4:
        raise Failed(f"the election was not changed: {before} validators, {receipt['transactionHash']}")
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
    fulu_epoch = 14
    lane.add("R", start_relay(lane.butter, lane.directory))
    lane.add("A", manual(lane.directory / "A", 7001, "mainnet", 512, f"electra:0,fulu:{fulu_epoch}"))
    pump = lane.pump("A", MAINNET_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    lane.create_receiver("R")
    lane.run()

    trace = lane.pass_message("A", "R", "0x01")
    lane.pass_message("R", "A", "0x02")
    fork_slot = fulu_epoch * 32
    if finalized_slot(trace) >= fork_slot:
        raise Failed(f"the first message was final at slot {finalized_slot(trace)} only, after the fork")
    # In a block just before the fork: its finality is signed after it.
    lane.wait_for("fork", WAIT_SECONDS_MAX, lambda: lane.head_slot("A") >= fork_slot - 8)
    trace = lane.pass_message("A", "R", "0x03")
    if finalized_slot(trace) < fork_slot:
        raise Failed(f"final at slot {finalized_slot(trace)}, before the fork at {fork_slot}")

    pump.options = {"skip": 2}
    lane.pass_message("A", "R", "0x04")
    pump.options = {"sync": 0.7}
    signed, size = participation(lane.pass_message("A", "R", "0x05"))
    if not size * 2 <= signed * 3 <= size * 2.5:
        raise Failed(f"{signed} of {size} signed, which is not just over two thirds")

    pump.options = {"sync": 0.55}
    # The newest update of before is still good enough.
    lane.wait_for("signatures of few", WAIT_SECONDS_MAX, lambda: few_signed(lane))
    sent = lane.send("A", "R", "0x06")
    lane.wait_for("finality that few have signed", WAIT_SECONDS_MAX,
                  lambda: lane.block_number("A", "finalized") >= sent["block"])
    expect_waiting(lane, sent["order_id"], r"participation at slot \d+ is \d+ of 512, two thirds are needed")
    pump.options = {}
    lane.wait_delivered(sent["order_id"])
    lane.verify(sent["order_id"])

    pump.options = {"att": 0}
    sent = lane.send("A", "R", "0x07")
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
    sent = lane.send("A", "R", "0x08")
    with pump.paused():
        depth = lane.block_number("A") - sent["block"] + 1
        if lane.block_number("A", "finalized") >= sent["block"]:
            raise Failed("the block to be replaced is final already")
        pump.request("reorg", depth=depth)
        if nodes.call(lane.rpc("A"), "eth_getTransactionReceipt", sent["transaction"]) is not None:
            raise Failed("the node still has the replaced block's transaction")
    note(f"replaced {depth} blocks")
    after = lane.pass_message("A", "R", "0x09")
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


def message_data(target, payload):
    return cast("abi-encode", "f((bool,uint8,bytes,bytes,uint256,uint256))",
                f"(false,1,{target},{payload},250000,0)")


class Crowd:
    """Signed transactions for one block, of one account in the order in which they are made."""

    def __init__(self, lane, chain):
        self.lane = lane
        self.chain = chain
        self.nonce = int(nodes.call(lane.rpc(chain), "eth_getTransactionCount", DAPP, "latest"), 16)
        self.sent = []

    def add(self, *arguments, gas_limit=400_000, fees=("--gas-price", MAX_FEE, "--priority-gas-price", PRIORITY_FEE)):
        raw = cast("mktx", "--rpc-url", self.lane.rpc(self.chain), "--chain", self.lane.chains[self.chain]["chain_id"],
                   "--private-key", DAPP_KEY, "--nonce", self.nonce, "--gas-limit", gas_limit, *fees, *arguments)
        hash_ = nodes.call(self.lane.rpc(self.chain), "eth_sendRawTransaction", raw)
        if hash_ is None:
            return None
        self.nonce += 1
        self.sent.append(hash_)
        return hash_


def crowd(lane):
    """Messages among 200 other transactions of one block, several of them in one receipt, some reverted."""
    lane.add("R", start_relay(lane.butter, lane.directory))
    lane.add("A", manual(lane.directory / "A", 7001, "minimal", 64, "electra:0,fulu:6"))
    pump = lane.pump("A", MINIMAL_SLOT_SECONDS)
    lane.deploy()
    lane.create_receiver("A")
    target = lane.create_receiver("R")
    service = lane.deployed("A", "service")
    to_chain = lane.chains["R"]["chain_id"]
    fee = int(cast("call", "--rpc-url", lane.rpc("A"), service, "getMessageFee(uint256,address,uint256)(uint256,address)",
                   to_chain, "0x" + "00" * 20, 250_000).split()[0])
    transfer = lambda payload: cast("calldata", "transferOut(uint256,bytes,address)", to_chain,
                                    message_data(target, payload), "0x" + "00" * 20)
    blob = lane.directory / "blob"
    blob.write_bytes(b"a blob that nobody reads")
    legacy, listed = ("--legacy", "--gas-price", MAX_FEE), ("--gas-price", MAX_FEE, "--priority-gas-price", PRIORITY_FEE,
                                                            "--access-list", json.dumps([]))
    with pump.paused():
        block = Crowd(lane, "A")
        others, single, reverting = [], [], []
        refused = set()

        def add_other(index):
            kind = index % 5
            if kind == 0:
                others.append(block.add(DAPP, "--value", index, gas_limit=30_000))
            elif kind == 1:
                others.append(block.add(DAPP, "--value", index, gas_limit=30_000, fees=legacy))
            elif kind == 2:
                others.append(block.add(DAPP, "--value", index, gas_limit=30_000, fees=listed))
            elif kind == 3:  # creates a contract that has no code
                others.append(block.add("--create", "0x60006000f3", gas_limit=100_000))
            else:  # reverts
                others.append(block.add("--create", "0x60006000fd", gas_limit=100_000))

        for index in range(100):
            add_other(index)
        single.append(block.add(service, transfer("0x01"), "--value", fee))
        # Too low a fee: reverted, with the same call data as a good one.
        reverting.append(block.add(service, transfer("0x02"), "--value", fee - 1))
        calls = ",".join(f"({service},false,{fee},{transfer(f'0x03{n:02x}')})" for n in range(3))
        together = block.add(MULTICALL, "aggregate3Value((address,bool,uint256,bytes)[])", f"[{calls}]", "--value",
                             3 * fee, gas_limit=1_000_000)
        reverting.append(block.add(service, transfer("0x04"), "--value", 0))
        if block.add(DAPP, "--blob", "--path", blob, gas_limit=30_000,
                     fees=("--gas-price", MAX_FEE, "--priority-gas-price", PRIORITY_FEE, "--blob-gas-price", "10gwei"),
                     ) is None:
            refused.add(3)
        if block.add(DAPP, "--auth", "0x" + "11" * 20, gas_limit=100_000) is None:
            refused.add(4)
        for index in range(100, 200):
            add_other(index)
        single.append(block.add(service, transfer("0x05"), "--value", fee))
        if None in others + single + reverting + [together]:
            raise Failed("the node refused a transaction that it should take")
        note(f"{len(block.sent)} transactions are waiting; refused types: {sorted(refused) or 'none'}")

    def receipts():
        found = [nodes.call(lane.rpc("A"), "eth_getTransactionReceipt", one) for one in block.sent]
        return found if all(found) else None
    placed = lane.wait_for("block of all transactions", WAIT_SECONDS_MAX, receipts)
    by_hash = dict(zip(block.sent, placed))
    places = {}
    for one in placed:
        places.setdefault(int(one["blockNumber"], 16), []).append(one)
    note("blocks of " + ", ".join(f"{len(ones)}" for ones in places.values()) + " transactions, types "
         + ", ".join(sorted({one["type"] for one in placed})))
    if len(places) != 1:
        raise Failed(f"the transactions are in {len(places)} blocks")
    for one in reverting:
        if by_hash[one]["logs"] or int(by_hash[one]["status"], 16) != 0:
            raise Failed(f"{one} should have reverted")
    orders = [log["topics"][1] for one in single + [together] for log in by_hash[one]["logs"]
              if log["address"] == service.lower() and log["topics"][0] == MESSAGE_OUT]
    if len(orders) != 5:
        raise Failed(f"{len(orders)} messages were sent, not 5")

    # Once with the receipts of the whole block, and once as from a node that gives single ones only.
    proxy = lane.without_method("A", "eth_getBlockReceipts")
    slow = lane.config_with("one-by-one", "A", proxy.url)
    lane.run()
    for order in orders:
        note(f"{order}: {gas_of_delivery(lane.wait_delivered(order))}")
    if lane.received("R") != 5:
        raise Failed(f"the target has received {lane.received('R')} messages, not 5")
    for order in orders:
        lane.verify(order)
    lane.verify(orders[0], slow)
    lane.verify(orders[2], slow)
    if proxy.refused == 0:
        raise Failed("nobody asked for the receipts of a whole block")
    lane.end_program()
    lane.run(slow)
    refused_before = proxy.refused
    lane.pass_message("A", "R", "0x06")
    if proxy.refused == refused_before:
        raise Failed("the program did not ask for the receipts of a whole block")


def gas_of_delivery(trace):
    return f"gas {trace['relay_executions'][0]['gas_used']}" if trace["relay_executions"] else "gas ?"


ALL = {one.__name__: one for one in (short, lanes, mainnet, periods, crowd)}
