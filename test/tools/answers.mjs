// SPDX-License-Identifier: Apache-2.0
// Puts the same questions to any node of the relay chain and keeps its answers, so that the devnet's node can
// be held against the chain's own (test/vectors/atlas_node/answers.json).
import { Wallet, getCreateAddress } from "ethers";

const CHAIN_ID = 213;
const ABSENT_HASH = "0x" + "11".repeat(32);
const ABSENT_BLOCK = "0xffffff";
const ADDRESS = "0x00000000000000000000000000000000000000aa";
const TOPIC = "0x" + "41".repeat(32);
const GWEI = 10n ** 9n;
const WAIT_MS_MAX = 60_000;
const POLL_MS = 50;

/** Creation code of a contract that runs `runtime`, at most 255 bytes. */
function creationCode(runtime) {
  const size = (runtime.length / 2).toString(16).padStart(2, "0");
  return `0x60${size}600c60003960${size}6000f3${runtime}`;
}
// CALLDATASIZE 0 0 CALLDATACOPY, then PUSH32 TOPIC CALLDATASIZE 0 LOG1 twice: logs its input twice.
const LOGGER = creationCode("366000600037" + `7f${TOPIC.slice(2)}366000a1`.repeat(2) + "00");
// CALLDATASIZE 0 0 CALLDATACOPY CALLDATASIZE 0 REVERT: reverts with its input.
const REVERTER = creationCode("366000600037366000fd");
/** `Error("no")`. */
export const ERROR_TEXT =
  "0x08c379a0" + "20".padStart(64, "0") + "2".padStart(64, "0") + "6e6f".padEnd(64, "0");

export async function request(url, method, params) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  return error === undefined ? { result } : { error };
}

async function resultOf(url, method, ...params) {
  const { result, error } = await request(url, method, params);
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}

export async function until(what, condition) {
  const deadline = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Sends transactions of every type the chain takes, waits for the end of an epoch, and asks.
 * `key` has coins on the chain at `url`; nothing else uses it meanwhile.
 */
export async function collectAnswers(url, epochLength, key) {
  const wallet = new Wallet(key);
  let nonce = Number(await resultOf(url, "eth_getTransactionCount", wallet.address, "latest"));
  const sign = (fields) =>
    wallet.signTransaction({
      chainId: CHAIN_ID,
      type: 2,
      gasLimit: 300_000,
      maxFeePerGas: 300n * GWEI,
      maxPriorityFeePerGas: GWEI,
      ...fields,
    });
  const send = async (fields) =>
    resultOf(url, "eth_sendRawTransaction", await sign({ nonce: nonce++, ...fields }));
  const receiptOf = (hash) => until(`receipt of ${hash}`, () => resultOf(url, "eth_getTransactionReceipt", hash));

  const logger = getCreateAddress({ from: wallet.address, nonce });
  const created = await send({ data: LOGGER });
  const reverter = getCreateAddress({ from: wallet.address, nonce });
  await receiptOf(await send({ data: REVERTER }));
  const legacy = { type: 0, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, gasPrice: 200n * GWEI };
  const withAccessList = { ...legacy, type: 1, accessList: [{ address: ADDRESS, storageKeys: [ABSENT_HASH] }] };
  // Their nonces are in a row, and the first comes last: until then none can be taken, then one block takes all.
  const first = nonce++;
  const later = {
    access_list: await send({ to: logger, data: "0x02", ...withAccessList }),
    dynamic_fee: await send({ to: logger, data: "0x0102030405" }),
    reverted: await send({ to: reverter, data: ERROR_TEXT }),
  };
  const firstSigned = await sign({ nonce: first, to: logger, data: "0x01", ...legacy });
  const transactions = { legacy: await resultOf(url, "eth_sendRawTransaction", firstSigned), ...later };
  const placed = {};
  for (const [name, hash] of Object.entries(transactions)) placed[name] = await receiptOf(hash);
  const sealed = placed.dynamic_fee.blockNumber;
  const sealedHash = placed.dynamic_fee.blockHash;
  const epochEnd = Math.ceil((Number(sealed) + 1) / epochLength) * epochLength;
  await until("the end of an epoch", async () => Number(await resultOf(url, "eth_blockNumber")) > epochEnd);
  const epochBlock = "0x" + epochEnd.toString(16);
  const beforeEpochBlock = "0x" + (epochEnd - 1).toString(16);
  // A transaction that the pool has and no block takes: its nonce comes after a gap.
  const waiting = await sign({ nonce: nonce + 5, to: ADDRESS });
  const waitingHash = await resultOf(url, "eth_sendRawTransaction", waiting);

  const callOf = (to, data) => ({ from: wallet.address, to, data });
  const questions = {
    // What the chain has.
    chain_id: ["eth_chainId", []],
    network: ["net_version", []],
    listening: ["net_listening", []],
    peers: ["net_peerCount", []],
    modules: ["rpc_modules", []],
    syncing: ["eth_syncing", []],
    block_number: ["eth_blockNumber", []],
    block: ["eth_getBlockByNumber", [sealed, false]],
    block_with_transactions: ["eth_getBlockByNumber", [sealed, true]],
    block_by_hash: ["eth_getBlockByHash", [sealedHash, false]],
    block_latest: ["eth_getBlockByNumber", ["latest", false]],
    block_pending: ["eth_getBlockByNumber", ["pending", false]],
    block_of_epoch_end: ["eth_getBlockByNumber", [epochBlock, false]],
    block_absent: ["eth_getBlockByNumber", [ABSENT_BLOCK, false]],
    block_absent_by_hash: ["eth_getBlockByHash", [ABSENT_HASH, false]],
    block_finalized: ["eth_getBlockByNumber", ["finalized", false]],
    block_safe: ["eth_getBlockByNumber", ["safe", false]],
    block_count: ["eth_getBlockTransactionCountByNumber", [sealed]],
    block_count_by_hash: ["eth_getBlockTransactionCountByHash", [sealedHash]],
    block_receipts: ["eth_getBlockReceipts", [sealed]],
    header_rlp: ["debug_getHeaderRlp", [Number(sealed)]],
    raw_receipts: ["debug_getRawReceipts", [sealed]],
    receipt_created: ["eth_getTransactionReceipt", [created]],
    receipt_absent: ["eth_getTransactionReceipt", [ABSENT_HASH]],
    receipt_waiting: ["eth_getTransactionReceipt", [waitingHash]],
    transaction_absent: ["eth_getTransactionByHash", [ABSENT_HASH]],
    transaction_waiting: ["eth_getTransactionByHash", [waitingHash]],
    transaction_by_place: ["eth_getTransactionByBlockNumberAndIndex", [sealed, "0x0"]],
    transaction_by_absent_place: ["eth_getTransactionByBlockNumberAndIndex", [sealed, "0xff"]],
    // State.
    balance: ["eth_getBalance", [wallet.address, "latest"]],
    balance_then: ["eth_getBalance", [wallet.address, sealed]],
    balance_absent: ["eth_getBalance", [wallet.address, ABSENT_BLOCK]],
    nonce_pending: ["eth_getTransactionCount", [wallet.address, "pending"]],
    code: ["eth_getCode", [logger, "latest"]],
    code_finalized: ["eth_getCode", [logger, "finalized"]],
    storage: ["eth_getStorageAt", [logger, "0x0", "latest"]],
    proof: ["eth_getProof", [wallet.address, [ABSENT_HASH], "latest"]],
    call: ["eth_call", [callOf(logger, "0x"), "latest"]],
    call_by_hash: ["eth_call", [callOf(logger, "0x"), { blockHash: sealedHash }]],
    call_absent: ["eth_call", [callOf(logger, "0x"), ABSENT_BLOCK]],
    call_absent_by_hash: ["eth_call", [callOf(logger, "0x"), { blockHash: ABSENT_HASH }]],
    call_safe: ["eth_call", [callOf(logger, "0x"), "safe"]],
    call_without_block: ["eth_call", [callOf(logger, "0x")]],
    call_reverts: ["eth_call", [callOf(reverter, "0x1234567800"), "latest"]],
    call_reverts_with_text: ["eth_call", [callOf(reverter, ERROR_TEXT), "latest"]],
    call_reverts_with_nothing: ["eth_call", [callOf(reverter, "0x"), "latest"]],
    estimate: ["eth_estimateGas", [callOf(logger, "0x01")]],
    estimate_reverts: ["eth_estimateGas", [callOf(reverter, "0x1234567800")]],
    // Logs.
    logs: ["eth_getLogs", [{ fromBlock: sealed, toBlock: sealed, address: logger }]],
    logs_by_hash: ["eth_getLogs", [{ blockHash: sealedHash, topics: [TOPIC] }]],
    logs_of_system_calls: ["eth_getLogs", [{ fromBlock: epochBlock, toBlock: epochBlock }]],
    logs_before_system_calls: ["eth_getLogs", [{ fromBlock: beforeEpochBlock, toBlock: beforeEpochBlock }]],
    logs_of_transfers: [
      "eth_getLogs",
      [{
        fromBlock: epochBlock,
        toBlock: epochBlock,
        topics: ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", null],
      }],
    ],
    logs_of_unknown_block: ["eth_getLogs", [{ blockHash: ABSENT_HASH }]],
    logs_of_both: ["eth_getLogs", [{ blockHash: sealedHash, fromBlock: sealed }]],
    logs_backwards: ["eth_getLogs", [{ fromBlock: epochBlock, toBlock: sealed }]],
    logs_beyond: ["eth_getLogs", [{ fromBlock: ABSENT_BLOCK, toBlock: ABSENT_BLOCK }]],
    logs_finalized: ["eth_getLogs", [{ fromBlock: sealed, toBlock: "finalized" }]],
    filter_absent: ["eth_getFilterChanges", ["0x1234"]],
    uninstall_absent: ["eth_uninstallFilter", ["0x1234"]],
    subscribe: ["eth_subscribe", ["newHeads"]],
    // Fees.
    gas_price: ["eth_gasPrice", []],
    tip: ["eth_maxPriorityFeePerGas", []],
    fee_history: ["eth_feeHistory", ["0x2", "latest", [10, 50]]],
    fee_history_without_rewards: ["eth_feeHistory", ["0x2", "latest", null]],
    fee_history_finalized: ["eth_feeHistory", ["0x2", "finalized", []]],
    blob_fee: ["eth_blobBaseFee", []],
    // Transactions that are refused.
    send_known: ["eth_sendRawTransaction", [waiting]],
    send_nonce_too_low: ["eth_sendRawTransaction", [await sign({ nonce: 0, to: ADDRESS })]],
    send_underpriced: [
      "eth_sendRawTransaction",
      [await sign({ nonce: nonce + 5, to: ADDRESS, maxFeePerGas: 301n * GWEI, value: 1n })],
    ],
    send_without_funds: [
      "eth_sendRawTransaction",
      [await sign({ nonce, to: ADDRESS, value: 10n ** 40n })],
    ],
    send_too_little_gas: ["eth_sendRawTransaction", [await sign({ nonce, to: ADDRESS, gasLimit: 20_999 })]],
    send_too_much_gas: ["eth_sendRawTransaction", [await sign({ nonce, to: ADDRESS, gasLimit: 25_000_000 })]],
    send_other_chain: ["eth_sendRawTransaction", [await sign({ nonce, to: ADDRESS, chainId: 1 })]],
    send_blob: ["eth_sendRawTransaction", ["0x03c0"]],
    send_set_code: ["eth_sendRawTransaction", ["0x04c0"]],
    send_nothing: ["eth_sendRawTransaction", ["0x"]],
    send_unsigned: ["eth_sendTransaction", [{ from: wallet.address, to: ADDRESS }]],
    // Validators.
    snapshot: ["istanbul_getSnapshot", [epochBlock]],
    snapshot_latest: ["istanbul_getSnapshot", []],
    snapshot_absent: ["istanbul_getSnapshot", [ABSENT_BLOCK]],
    // Questions that are none.
    no_such_method: ["eth_noSuchMethod", []],
    anvil_method: ["evm_mine", []],
    too_few: ["eth_getBlockByNumber", []],
    one_too_few: ["eth_getBlockByNumber", [sealed]],
    too_many: ["eth_getBlockByNumber", [sealed, false, 1]],
    not_a_block: ["eth_getBlockByNumber", ["0xzz", false]],
  };
  for (const [name, hash] of Object.entries(transactions)) {
    questions[`receipt_${name}`] = ["eth_getTransactionReceipt", [hash]];
    questions[`transaction_${name}`] = ["eth_getTransactionByHash", [hash]];
  }
  const answers = {};
  for (const [name, [method, params]] of Object.entries(questions))
    answers[name] = { method, params, ...(await request(url, method, params)) };
  return answers;
}
