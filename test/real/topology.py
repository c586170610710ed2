# SPDX-License-Identifier: Apache-2.0
"""Writes the topology of `butter deploy` for nodes that are running, from what they say of themselves."""
import json
import pathlib
import subprocess
import time

import nodes

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "checkpoint"

# The first of the well-known test accounts; every genesis block here funds it.
DEPLOYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
KEY_VARIABLE = "BUTTER_TEST_KEY"
# Of the beacon API's config, the forks that a light client can start from, oldest first.
FORKS = ("altair", "bellatrix", "capella", "deneb", "electra", "fulu")
FAR_FUTURE = 2**64 - 1
TRUSTING_PERIOD = 14 * 24 * 3600  # seconds


def ask(url, path):
    answer = nodes.get_json(url + path)
    if answer is None:
        raise RuntimeError(f"no answer from {url}{path}")
    return answer["data"]


def finalized_root(beacon):
    """The root of the newest finalised block, None before there is one."""
    root = ask(beacon, "/eth/v1/beacon/states/head/finality_checkpoints")["finalized"]["root"]
    return None if int(root, 16) == 0 else root


def checkpoint(*arguments):
    done = subprocess.run([str(TOOL), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"tools/checkpoint: {done.stderr.strip()}")
    return done.stdout.splitlines()


def ethereum_parameters(beacon):
    spec = ask(beacon, "/eth/v1/config/spec")
    genesis = ask(beacon, "/eth/v1/beacon/genesis")
    # A chain whose clock is a script's may live years before the one that its client stands on.
    age = max(int(time.time()) - int(genesis["genesis_time"]), 0)
    lines = [
        f'genesis_validators_root = "{genesis["genesis_validators_root"]}"',
        f'genesis_time = {genesis["genesis_time"]}',
        f'trusting_period = {age + TRUSTING_PERIOD}',
        f'seconds_per_slot = {spec["SECONDS_PER_SLOT"]}',
        f'slots_per_epoch = {spec["SLOTS_PER_EPOCH"]}',
        f'epochs_per_period = {spec["EPOCHS_PER_SYNC_COMMITTEE_PERIOD"]}',
        f'committee_size = {spec["SYNC_COMMITTEE_SIZE"]}',
        *checkpoint("ethereum", beacon),
    ]
    forks = []
    for name in FORKS:
        epoch = int(spec.get(f"{name.upper()}_FORK_EPOCH", FAR_FUTURE))
        if epoch >= FAR_FUTURE:
            continue
        # Forks of one epoch are passed at once: the last is the one that counts.
        if forks and forks[-1][1] == epoch:
            forks.pop()
        forks.append((name, epoch, spec[f"{name.upper()}_FORK_VERSION"]))
    entries = (f'{{ name = "{name}", epoch = {epoch}, version = "{version}" }}' for name, epoch, version in forks)
    return [*lines, f"forks = [{', '.join(entries)}]"]


def mapo_parameters(info):
    lines = [f'epoch_length = {info["epoch_length"]}', "hash_fork_block = 0"]
    if "genesis_validators" not in info:
        return [*lines, *checkpoint("mapo", info["epoch_length"], *info["rpc"])]
    entries = (f'{{ address = "{one["address"]}", g1 = "{one["g1"]}", g2 = "{one["g2"]}" }}'
               for one in info["genesis_validators"])
    return [*lines, "checkpoint_block = 0", f"checkpoint_validators = [{', '.join(entries)}]"]


def chain_text(name, info, relay_precompiles):
    """The tables of one chain. `info` is what its start script printed."""
    out = [f"[chains.{name}]"]
    is_mapo = "epoch_length" in info
    out += [f'family = "{"mapo" if is_mapo else "ethereum"}"', f'chain_id = {info["chain_id"]}',
            f'rpc = {json.dumps(info["rpc"])}']
    if "beacon" in info:
        out.append(f'consensus = {json.dumps(info["beacon"])}')
    out += ["", f"[chains.{name}.key]", f'private_key_env = "{KEY_VARIABLE}"', ""]
    out += [f"[chains.{name}.fees]", "max_fee_gwei = 10000", "max_priority_fee_gwei = 10", ""]
    if is_mapo:
        lines = mapo_parameters(info)
    else:
        # Of the chain that carries the client, the relay chain.
        lines = [*ethereum_parameters(info["beacon"][0]), f'bls_precompiles = "{relay_precompiles}"']
    out += [f"[chains.{name}.parameters]", *lines, ""]
    return "\n".join(out)


def write_topology(directory, chains, relay="R"):
    """`chains`: name -> info. Returns the file."""
    # The relay chain's node has those of the old draft.
    precompiles = chains[relay].get("bls_precompiles", "draft" if "epoch_length" in chains[relay] else "final")
    text = f'relay = "{relay}"\npoll_interval_ms = 500\n\n[governance]\ntimelock_delay_s = 0\n\n'
    text += "\n".join(chain_text(name, info, precompiles) for name, info in chains.items())
    file = pathlib.Path(directory) / "topology.toml"
    file.write_text(text)
    return file
