// SPDX-License-Identifier: Apache-2.0
// Messages in large ordinary blocks: among 200 transactions of every type, several in one receipt, beside
// reverted ones. Exactly those that were sent arrive, and the proofs are the same bytes whether a node gives a
// block's receipts at once or one by one.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { AbiCoder, Contract, ContractFactory, Interface, JsonRpcProvider, Wallet, id } from "ethers";

import { request, until } from "./answers.mjs";
import { Devnet, PROGRAM, ROOT, USER_KEY } from "./devnet.mjs";

const NATIVE = "0x0000000000000000000000000000000000000000";
const TRANSACTIONS = 200;
const GAS_LIMIT = 300_000n;
const EPOCH_LENGTH = 30;
const GWEI = 10n ** 9n;
const METHOD_NOT_FOUND = -32601;
/** Places in the block of the transactions that send, one below and two above where keys of the trie grow. */
const SENDING = [7, 130, 199];
const REVERTED = [8, 100, 131];
const MESSAGES_EACH = 3;
/** Blocks take few blobs. */
const BLOBS = [3, 44, 150];
const LAST = 198;
/** `butter prove` ends with this status while there is nothing to prove yet. */
const NOT_YET = 1;
const MESSAGE_OUT = id("MessageOut(bytes32,uint64,bytes)");
const OUTBOX_ROOT = id("OutboxRoot(uint64,uint64,bytes32)");
const MESSAGE_EXECUTED = id("MessageExecuted(bytes32)");

/** The blob of zeros: its commitment and its proof are the point at infinity. */
const INFINITY = "0xc0" + "00".repeat(47);
const BLOB = { data: "0x" + "00".repeat(131_072), commitment: INFINITY, proof: INFINITY };
const BLOB_HASH =
  "0x01" + createHash("sha256").update(Buffer.from(INFINITY.slice(2), "hex")).digest("hex").slice(2);

async function artifact(name) {
  return JSON.parse(await readFile(path.join(ROOT, `out/${name}.sol/${name}.json`), "utf8"));
}

/** A node's RPC with `answer(call)` before it, which may give a response of its own; counts what is asked. */
class Front {
  static async before(url, answer) {
    const front = new Front();
    front.requests = [];
    front.server = createServer(async (incoming, outgoing) => {
      const chunks = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const calls = Array.isArray(body) ? body : [body];
      const isBatch = Array.isArray(body);
      front.requests.push(calls.map((call) => ({ method: call.method, params: call.params, isBatch })));
      try {
        const answers = await Promise.all(calls.map(async (call) => {
          const own = (await answer(call)) ?? (await request(url, call.method, call.params));
          return { jsonrpc: "2.0", id: call.id, ...own };
        }));
        outgoing.setHeader("content-type", "application/json");
        outgoing.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
      } catch {
        outgoing.destroy(); // the node has gone
      }
    });
    await new Promise((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    front.url = `http://127.0.0.1:${front.server.address().port}`;
    return front;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Without eth_getBlockReceipts. */
const withoutBlockReceipts = ({ method }) =>
  method === "eth_getBlockReceipts"
    ? { error: { code: METHOD_NOT_FOUND, message: `the method ${method} does not exist/is not available` } }
    : undefined;

/** With it, before a node that has none. */
function withBlockReceipts(url) {
  return async ({ method, params }) => {
    if (method !== "eth_getBlockReceipts") return undefined;
    const { result: block } = await request(url, "eth_getBlockByNumber", [params[0], false]);
    const receipts = await Promise.all(
      block.transactions.map(async (hash) => (await request(url, "eth_getTransactionReceipt", [hash])).result),
    );
    return { result: receipts };
  };
}

let devnet, batchCode, adder;
let failed = false;
const fronts = {};
const chains = {};
before(async () => {
  devnet = await Devnet.start({ contracts: true, args: ["--block-interval-ms", "400"] });
  batchCode = await artifact("MessageBatch");
  for (const name of ["A", "B", "R"]) {
    const { rpc, id: chainId } = devnet.chains[name];
    const provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true, pollingInterval: 100 });
    chains[name] = {
      id: chainId,
      rpc,
      provider,
      wallet: new Wallet(USER_KEY, provider),
      service: devnet.deployment.chains[name].contracts.service.address,
    };
  }
  fronts.A = await Front.before(chains.A.rpc, withoutBlockReceipts);
  fronts.counting = await Front.before(chains.R.rpc, () => undefined);
  fronts.R = await Front.before(chains.R.rpc, withBlockReceipts(chains.R.rpc));
});
after(async () => {
  for (const front of Object.values(fronts)) await front.stop();
  for (const chain of Object.values(chains)) chain.provider.destroy();
  await devnet?.stop({ keep: failed });
});

function check(name, body) {
  return test(name, async (t) => {
    try {
      await body(t);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
}

async function deploy(chain, code, ...args) {
  const factory = new ContractFactory(code.abi, code.bytecode.object, chain.wallet);
  const contract = await factory.deploy(...args);
  await contract.waitForDeployment();
  return contract;
}

/** A message that adds 2^bit to the total on B: the total tells which were executed, each of them once. */
function messageOf(bit) {
  const payload = AbiCoder.defaultAbiCoder().encode(["uint256"], [1n << BigInt(bit)]);
  return [false, 1, adder.target, payload, GAS_LIMIT, 0];
}

/**
 * The transactions of one block on `chain`, signed; `bits` are of the messages in them that are really sent.
 * Those of reverted ones have bits of their own, which must never show. `last` goes in near the end.
 */
async function makeTransactions(chain, types, batch, firstBit, last) {
  const { provider, wallet } = chain;
  const price = (await provider.getFeeData()).gasPrice * 3n;
  const nonce = await provider.getTransactionCount(wallet.address);
  const services = new Contract(
    chain.service,
    ["function getMessageFee(uint256,address,uint256) view returns (uint256,address)"],
    provider,
  );
  const [fee] = await services.getMessageFee(chains.B.id, NATIVE, GAS_LIMIT);
  const raw = [];
  const bits = [];
  let bit = firstBit;
  for (let place = 0; place < TRANSACTIONS; ++place) {
    const plain = { to: wallet.address, value: 1, gasLimit: 60_000, type: types[place % types.length] };
    let fields = plain;
    if (SENDING.includes(place) || REVERTED.includes(place)) {
      const isGood = SENDING.includes(place);
      const messages = Array.from({ length: MESSAGES_EACH }, (_, i) => messageOf(bit + i));
      if (isGood) bits.push(...messages.map((_, i) => bit + i));
      bit += MESSAGES_EACH;
      const data = batch.interface.encodeFunctionData("send", [chains.B.id, messages]);
      const value = fee * BigInt(MESSAGES_EACH) - (isGood ? 0n : 1n);
      fields = { to: batch.target, data, value, gasLimit: 600_000, type: place % 3 };
    } else if (place === LAST && last !== undefined) {
      fields = { ...last, gasLimit: 300_000, type: 2 };
    } else if (types.includes(4) && BLOBS.includes(place)) {
      fields = { ...plain, type: 3, maxFeePerBlobGas: GWEI, blobVersionedHashes: [BLOB_HASH], blobs: [BLOB] };
    } else if (plain.type === 4) {
      const authorized = Wallet.createRandom();
      const authorization = { address: chain.service, nonce: 0, chainId: chain.id };
      fields = { ...plain, authorizationList: [await authorized.authorize(authorization)] };
    }
    const fees =
      fields.type < 2 ? { gasPrice: price } : { maxFeePerGas: price, maxPriorityFeePerGas: GWEI };
    raw.push(await wallet.signTransaction({ chainId: chain.id, nonce: nonce + place, ...fees, ...fields }));
  }
  return { raw, bits };
}

/**
 * Sends them so that one block takes all: their nonces are in a row, and the first comes last, until which
 * none can be taken. Returns the block.
 */
async function sealInOneBlock(chain, raw) {
  const send = async (one) => {
    const { result, error } = await request(chain.rpc, "eth_sendRawTransaction", [one]);
    assert.equal(error, undefined, error?.message);
    return result;
  };
  for (const one of raw.slice(1)) await send(one);
  const first = await send(raw[0]);
  const receipt = await until("the block", () => chain.provider.getTransactionReceipt(first));
  const { result: block } = await request(chain.rpc, "eth_getBlockByNumber", [
    "0x" + receipt.blockNumber.toString(16),
    true,
  ]);
  assert.equal(block.transactions.length, TRANSACTIONS);
  return block;
}

/** Order ids of the messages that left in `block`, by the service's logs. */
async function ordersIn(chain, block, topic) {
  const logs = await chain.provider.getLogs({ blockHash: block.hash, address: chain.service, topics: [topic] });
  return logs.map((log) => log.topics[1]);
}

/** The configuration with `front` as the only endpoint of the chain called `name`. */
async function configWith(name, front = fronts[name]) {
  const text = await readFile(devnet.config, "utf8");
  const file = path.join(path.dirname(devnet.config), `${name}-by-front.toml`);
  await writeFile(file, text.replaceAll(chains[name].rpc, front.url));
  return file;
}

/** The calls of the next step, by `butter prove`; nothing while there is none. */
async function prove(config, order) {
  try {
    const { stdout } = await promisify(execFile)(PROGRAM, ["prove", "--config", config, "--json", order], {
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(stdout).calls.map(({ chain, contract, data, what }) => ({ chain, contract, data, what }));
  } catch (error) {
    if (error.code === NOT_YET) return undefined;
    throw error;
  }
}

const isDelivery = (calls) => calls?.at(-1).what.startsWith("transferIn");

/**
 * The delivery proved both ways while the chains' finality stood still, which the first way asked twice shows.
 * What is to be done before a delivery, such as an update of the light client, is done as anyone could.
 */
async function proveBothWays(name, order) {
  const front = await configWith(name);
  return until("proofs of one state", async () => {
    const before = await prove(devnet.config, order);
    if (before === undefined) return undefined;
    if (!isDelivery(before)) {
      for (const { chain, contract, data } of before) {
        await (await chains[chain].wallet.sendTransaction({ to: contract, data })).wait();
      }
      return undefined;
    }
    const other = await prove(front, order);
    const again = await prove(devnet.config, order);
    return JSON.stringify(before) === JSON.stringify(again) ? { one: before, other } : undefined;
  });
}

/**
 * The requests to `front` for the block of `log`, or for its receipts. Not those of a sender for the receipt of
 * its own transaction, which come alone; not the one by which a node is found to lack eth_getBlockReceipts.
 */
function requestsOf(front, log) {
  const isOfBlock = ({ method, params, isBatch }) =>
    (method === "eth_getBlockByNumber" && Number(params[0]) === log.blockNumber) ||
    (method === "eth_getTransactionReceipt" && isBatch && params[0] === log.transactionHash);
  return front.requests.filter((calls) => calls.some(isOfBlock) && !calls.some(isOfScan));
}
/** Scans for events ask with their range's last block whether the node has it. */
const isOfScan = ({ method }) => method === "eth_getLogs";

function describe(calls) {
  const methods = [...new Set(calls.map((call) => call.method))];
  return `${methods.join(" and ")} x ${calls.length}`;
}

const total = () => adder.total();
const sumOf = (bits) => bits.reduce((sum, bit) => sum + (1n << BigInt(bit)), 0n);

check("messages of a large block of an outer chain arrive exactly", async () => {
  adder = await deploy(chains.B, await artifact("OmniAdder"), chains.B.service);
  const batch = await deploy(chains.A, batchCode, chains.A.service);
  await (await adder.setTrustedSource(chains.A.id, batch.target)).wait();

  const { raw, bits } = await makeTransactions(chains.A, [0, 1, 2, 4], batch, 0);
  const block = await sealInOneBlock(chains.A, raw);
  const types = new Set(block.transactions.map((one) => Number(one.type)));
  assert.deepEqual([...types].sort(), [0, 1, 2, 3, 4]);
  const orders = await ordersIn(chains.A, block, MESSAGE_OUT);
  assert.equal(orders.length, SENDING.length * MESSAGES_EACH);

  const { one, other } = await proveBothWays("A", orders.at(-1));
  assert.deepEqual(other, one);
  assert.ok(one.at(-1).data.length > 1_000);
  const batchOfAll = (calls) =>
    calls.length === TRANSACTIONS && calls.every((call) => call.method === "eth_getTransactionReceipt");
  assert.ok(fronts.A.requests.some(batchOfAll), "the proof was made of single receipts");

  // The program works with the front that lacks the method.
  fronts.A.requests.length = 0;
  await devnet.run(await configWith("A"));
  await until("all messages", async () => (await total()) === sumOf(bits));
  const asked = fronts.A.requests.filter((calls) => calls.some((call) => call.method.includes("Receipt")));
  const refusals = asked.filter((calls) => calls[0].method === "eth_getBlockReceipts");
  const singles = asked.filter((calls) => calls[0].method === "eth_getTransactionReceipt" && calls.length > 1);
  assert.equal(refusals.length, 1, "what the node lacks is asked for once");
  assert.ok(singles.length > 0 && singles.every(batchOfAll));
  const [log] = await chains.A.provider.getLogs({ blockHash: block.hash, topics: [MESSAGE_OUT] });
  console.log(`block ${log.blockNumber} of A: ${requestsOf(fronts.A, log).map(describe).join("; ")}`);
});

check("so do those of a large block of the relay chain", async () => {
  await devnet.stopProgram();
  const already = await total();
  const batch = await deploy(chains.R, batchCode, chains.R.service);
  await (await adder.setTrustedSource(chains.R.id, batch.target)).wait();

  const publish = new Interface(["function publishRoot(uint64)"]).encodeFunctionData("publishRoot", [chains.B.id]);
  const { raw, bits } = await makeTransactions(chains.R, [0, 1, 2], batch, 100, {
    to: chains.R.service,
    data: publish,
  });
  const block = await sealInOneBlock(chains.R, raw);
  assert.deepEqual([...new Set(block.transactions.map((one) => Number(one.type)))].sort(), [0, 1, 2]);
  const orders = await ordersIn(chains.R, block, MESSAGE_OUT);
  assert.equal(orders.length, SENDING.length * MESSAGES_EACH);

  const { one, other } = await proveBothWays("R", orders[0]);
  assert.deepEqual(other, one);
  const wasServed = fronts.R.requests.some((calls) => calls[0].method === "eth_getBlockReceipts");
  assert.ok(wasServed, "the other proof was made of the block's receipts at once");

  await devnet.run(await configWith("R", fronts.counting));
  await until("all messages", async () => (await total()) === already + sumOf(bits));
  // What a proof took: of the block whose root was used last.
  const roots = await chains.R.provider.getLogs({ address: chains.R.service, topics: [OUTBOX_ROOT], fromBlock: 0 });
  const used = roots.findLast((log) => requestsOf(fronts.counting, log).length > 0);
  assert.notEqual(used, undefined);
  const requests = requestsOf(fronts.counting, used);
  console.log(`block ${used.blockNumber} of R: ${requests.map(describe).join("; ")}`);
  const isEpochEnd = used.blockNumber % EPOCH_LENGTH === 0;
  // One more if the block was the newest when the program looked for the head.
  assert.ok(requests.length <= (isEpochEnd ? 4 : 3), "requests for a proof");
});

check("nothing was executed twice, and nothing that was reverted", async () => {
  const delivered = await chains.B.provider.getLogs({
    address: chains.B.service,
    topics: [MESSAGE_EXECUTED],
    fromBlock: 0,
  });
  const orders = delivered.map((log) => log.topics[1]);
  assert.equal(orders.length, 2 * SENDING.length * MESSAGES_EACH);
  assert.equal(new Set(orders).size, orders.length);
});
