// SPDX-License-Identifier: Apache-2.0
// Ordinary tools on the devnet: ethers, viem and cast read the services' events, call them and send with them,
// on the outer chains and on the sealed relay chain; messages of a dApp that knows only the published
// interface of the service go both ways (contracts/examples/published).
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, isError } from "ethers";
import {
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  http,
  parseEventLogs,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { until } from "./answers.mjs";
import { Devnet, ROOT, USER_KEY } from "./devnet.mjs";

const NATIVE = "0x0000000000000000000000000000000000000000";
const GAS_LIMIT = 500_000n;
const GWEI = 10n ** 9n;
const POLL_MS = 100;
const CAST = path.join(ROOT, "node_modules/.bin/cast");

async function artifact(name, file = name) {
  return JSON.parse(await readFile(path.join(ROOT, `out/${file}.sol/${name}.json`), "utf8"));
}

/** Runs cast; its output, or an error with what it wrote. */
async function cast(...args) {
  const { stdout } = await promisify(execFile)(CAST, args);
  return stdout.trim();
}

/** A provider and a signer of the user, by ethers. */
function ethersOn(chain) {
  const provider = new JsonRpcProvider(chain.rpc, chain.id, { staticNetwork: true, pollingInterval: POLL_MS });
  return { provider, signer: new NonceManager(new Wallet(USER_KEY, provider)) };
}

/** The same by viem. */
function viemOn(chain) {
  const definition = defineChain({
    id: chain.id,
    name: chain.name,
    nativeCurrency: { name: "Coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: [chain.rpc] } },
  });
  const options = { chain: definition, transport: http(), pollingInterval: POLL_MS };
  const client = createPublicClient({ ...options, cacheTime: 0 });
  return { client, wallet: createWalletClient({ ...options, account: privateKeyToAccount(USER_KEY) }) };
}

let devnet;
let failed = false;
/** Fails like `test`, and has the logs kept. */
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

let adderCode, inboxAbi, serviceAbi, relayAbi;
const service = {};
const adder = {};
let a, b, r, viemR;
/** Messages that left the relay chain so far. */
let relayedCount = 0;

before(async () => {
  devnet = await Devnet.start({ contracts: true, args: ["--block-interval-ms", "150"] });
  await devnet.run();
  for (const name of ["A", "B", "R"]) service[name] = devnet.deployment.chains[name].contracts.service.address;
  adderCode = await artifact("OmniAdder");
  serviceAbi = (await artifact("IOmniService")).abi;
  inboxAbi = (await artifact("IOmniServiceInbox")).abi;
  relayAbi = [...(await artifact("IOmniServiceRelay")).abi, ...serviceAbi];
  a = ethersOn(devnet.chains.A);
  r = ethersOn(devnet.chains.R);
  viemR = viemOn(devnet.chains.R);
  b = viemOn(devnet.chains.B);
});
after(async () => {
  a?.provider.destroy();
  r?.provider.destroy();
  await devnet?.stop({ keep: failed });
});

check("ethers and viem deploy a dApp of the published interface", async () => {
  for (const [name, chain] of Object.entries({ A: a, R: r })) {
    const factory = new ContractFactory(adderCode.abi, adderCode.bytecode.object, chain.signer);
    const contract = await factory.deploy(service[name]);
    await contract.waitForDeployment();
    adder[name] = await contract.getAddress();
  }
  const hash = await b.wallet.deployContract({
    abi: adderCode.abi,
    bytecode: adderCode.bytecode.object,
    args: [service.B],
  });
  const receipt = await b.client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  adder.B = receipt.contractAddress;

  // Each believes the one that will send to it.
  for (const [name, chain, from] of [["A", a, "B"], ["R", r, "A"]]) {
    const contract = new Contract(adder[name], adderCode.abi, chain.signer);
    await (await contract.setTrustedSource(devnet.chains[from].id, adder[from])).wait();
  }
  const trusted = await b.wallet.writeContract({
    address: adder.B,
    abi: adderCode.abi,
    functionName: "setTrustedSource",
    args: [devnet.chains.A.id, adder.A],
  });
  await b.client.waitForTransactionReceipt({ hash: trusted });
  assert.equal(
    await b.client.readContract({
      address: service.B,
      abi: serviceAbi,
      functionName: "getExecutePermission",
      args: [adder.B, devnet.chains.A.id, adder.A],
    }),
    true,
  );
});

check("its messages of both types go A -> B, A -> R and B -> A", async () => {
  const services = new Contract(service.A, serviceAbi, a.signer);
  const contract = new Contract(adder.A, adderCode.abi, a.signer);
  const orders = [];
  for (const [method, to, number] of [["sendCall", "B", 3], ["sendMessage", "B", 4], ["sendMessage", "R", 5]]) {
    const [fee, receiver] = await services.getMessageFee(devnet.chains[to].id, NATIVE, GAS_LIMIT);
    assert.ok(fee > 0n);
    assert.notEqual(receiver, NATIVE);
    const sent = await contract[method](devnet.chains[to].id, adder[to], number, { value: fee });
    const receipt = await sent.wait();
    const logs = receipt.logs.map((log) => services.interface.parseLog(log)).filter((log) => log !== null);
    const out = logs.find((log) => log.name === "MessageOut");
    assert.equal(out.args.toChain, BigInt(devnet.chains[to].id));
    orders.push(out.args.orderId);
  }
  const found = await services.queryFilter(services.filters.MessageOut(), 0, "latest");
  assert.deepEqual(found.map((log) => log.args.orderId), orders);

  const [fee] = await b.client.readContract({
    address: service.B,
    abi: serviceAbi,
    functionName: "getMessageFee",
    args: [devnet.chains.A.id, NATIVE, GAS_LIMIT],
  });
  const hash = await b.wallet.writeContract({
    address: adder.B,
    abi: adderCode.abi,
    functionName: "sendMessage",
    args: [devnet.chains.A.id, adder.A, 6n],
    value: fee,
  });
  const receipt = await b.client.waitForTransactionReceipt({ hash });
  const [sent] = parseEventLogs({ abi: serviceAbi, logs: receipt.logs, eventName: "MessageOut" });
  assert.equal(sent.args.toChain, BigInt(devnet.chains.A.id));

  const total = (client) => client.readContract({ address: adder.B, abi: adderCode.abi, functionName: "total" });
  await until("both numbers on B", async () => (await total(b.client)) === 7n);
  await until("the number on A", async () => (await contract.total()) === 6n);
  const onR = new Contract(adder.R, adderCode.abi, r.provider);
  await until("the number on R", async () => (await onR.total()) === 5n);

  relayedCount += 3;

  const delivered = await b.client.getContractEvents({
    address: service.B,
    abi: inboxAbi,
    eventName: "MessageExecuted",
    fromBlock: 0n,
  });
  assert.deepEqual(delivered.map((log) => log.args.orderId).sort(), orders.slice(0, 2).sort());
});

check("ethers reads the sealed relay chain and decodes what its service says", async () => {
  const services = new Contract(service.R, relayAbi, r.signer);
  const relayed = await services.queryFilter(services.filters.MessageRelay(), 0, "latest");
  assert.equal(relayed.length, relayedCount);
  const executed = await services.queryFilter(services.filters.MessageIn(), 0, "latest");
  assert.equal(executed.length, 1);
  assert.equal(executed[0].args.result, true);

  const block = await r.provider.getBlock(relayed[0].blockNumber, true);
  assert.equal(block.hash, relayed[0].blockHash);
  assert.equal((await r.provider.getBlock(block.hash)).number, block.number);
  assert.ok(block.prefetchedTransactions.some((one) => one.hash === relayed[0].transactionHash));
  const receipt = await r.provider.getTransactionReceipt(relayed[0].transactionHash);
  assert.equal(receipt.blockHash, block.hash);
  assert.ok(receipt.logs.some((log) => log.index === relayed[0].index));
  const fees = await r.provider.getFeeData();
  assert.ok(fees.gasPrice > 100n * GWEI && fees.maxFeePerGas > fees.maxPriorityFeePerGas);

  await assert.rejects(
    () => new Contract(adder.R, adderCode.abi, r.provider).add.staticCall(1),
    (error) => isError(error, "CALL_EXCEPTION") && error.reason === "only MOS",
  );
  const message = [false, 1, adder.B, "0x", GAS_LIMIT, 0];
  const encoded = services.interface.getAbiCoder().encode(
    ["tuple(bool,uint8,bytes,bytes,uint256,uint256)"],
    [message],
  );
  const error = await services.transferOut.staticCall(devnet.chains.B.id, encoded, NATIVE, { value: 1 }).then(
    () => undefined,
    (refusal) => refusal,
  );
  assert.equal(error?.revert?.name, "FeeTooLow");
  assert.equal(error.revert.args.paid, 1n);

  // A listener, which polls a filter, hears a message that leaves from here.
  const [fee] = await services.getMessageFee(devnet.chains.B.id, NATIVE, GAS_LIMIT);
  let hear;
  const heard = new Promise((resolve) => (hear = resolve));
  await services.once("MessageRelay", (...args) => hear(args.at(-1)));
  const gas = await services.transferOut.estimateGas(devnet.chains.B.id, encoded, NATIVE, { value: fee });
  const sent = await services.transferOut(devnet.chains.B.id, encoded, NATIVE, { value: fee });
  const sentReceipt = await sent.wait();
  assert.ok(sentReceipt.gasUsed <= gas);
  relayedCount += 1;
  assert.equal((await heard).log.transactionHash, sentReceipt.hash);
});

check("viem reads the sealed relay chain, estimates and sends there", async () => {
  const { client, wallet } = viemR;
  assert.equal(await client.getChainId(), devnet.chains.R.id);
  const relayed = await client.getContractEvents({
    address: service.R,
    abi: relayAbi,
    eventName: "MessageRelay",
    fromBlock: 0n,
  });
  assert.equal(relayed.length, relayedCount);
  const block = await client.getBlock({ blockNumber: relayed[0].blockNumber, includeTransactions: true });
  assert.equal(block.hash, relayed[0].blockHash);
  assert.ok(block.transactions.some((one) => one.hash === relayed[0].transactionHash));
  assert.equal((await client.getBlock({ blockHash: block.hash })).number, block.number);
  // As on the chain itself: blocks are final when they are sealed, and there is no tag to say so.
  await assert.rejects(() => client.getBlock({ blockTag: "finalized" }), /hex string without 0x prefix/);
  const pending = await client.getBlock({ blockTag: "pending" });
  assert.equal(pending.hash, null);

  const fees = await client.estimateFeesPerGas();
  assert.ok(fees.maxFeePerGas > 100n * GWEI && fees.maxPriorityFeePerGas === GWEI);
  const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [50] });
  assert.equal(history.baseFeePerGas.length, 5);

  const refused = await client
    .simulateContract({
      address: service.R,
      abi: relayAbi,
      functionName: "retryMessageIn",
      args: [BigInt(devnet.chains.A.id), block.hash, adder.A, "0x"],
      account: wallet.account,
    })
    .then(() => undefined, (error) => error.walk((one) => one instanceof ContractFunctionRevertedError));
  assert.equal(refused?.data?.errorName, "NothingToRetry");

  const data = encodeFunctionData({
    abi: adderCode.abi,
    functionName: "setTrustedSource",
    args: [BigInt(devnet.chains.A.id), adder.A],
  });
  const request = await wallet.prepareTransactionRequest({ to: adder.R, data });
  assert.ok(request.gas > 21_000n);
  const hash = await client.sendRawTransaction({
    serializedTransaction: await wallet.signTransaction(request),
  });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  const sealed = await client.getBlock({ blockNumber: receipt.blockNumber });
  assert.equal(receipt.blockHash, sealed.hash);
  assert.ok(sealed.baseFeePerGas >= 100n * GWEI);
  assert.ok(receipt.effectiveGasPrice >= sealed.baseFeePerGas);
});

check("cast reads the sealed relay chain, estimates, calls and sends there", async () => {
  const at = ["--rpc-url", devnet.chains.R.rpc];
  assert.equal(await cast("chain-id", ...at), String(devnet.chains.R.id));
  const block = JSON.parse(await cast("block", "latest", "--json", ...at));
  assert.match(block.hash, /^0x[0-9a-f]{64}$/);
  assert.ok(BigInt(await cast("base-fee", ...at)) >= 100n * GWEI);
  assert.ok(BigInt(await cast("gas-price", ...at)) > 100n * GWEI);
  const event = relayAbi.find((one) => one.type === "event" && one.name === "MessageRelay");
  const signature = `MessageRelay(${event.inputs.map((input) => input.type).join(",")})`;
  const logs = JSON.parse(
    await cast("logs", "--json", "--from-block", "0", "--address", service.R, signature, ...at),
  );
  assert.equal(logs.length, relayedCount);
  const receipt = JSON.parse(await cast("receipt", "--json", logs[0].transactionHash, ...at));
  assert.equal(receipt.blockHash, logs[0].blockHash);
  assert.equal(await cast("call", adder.R, "total()(uint256)", ...at), "5");
  const estimate = ["estimate", adder.R, "setTrustedSource(uint256,bytes)", String(devnet.chains.A.id), adder.A];
  const user = new Wallet(USER_KEY).address;
  assert.ok(BigInt(await cast(...estimate, "--from", user, ...at)) > 21_000n);
  await assert.rejects(
    () => cast("call", adder.R, "add(uint256)", "1", ...at),
    (error) => error.stderr.includes("only MOS"),
  );
  const sent = JSON.parse(
    await cast("send", "--json", "--private-key", USER_KEY, ...estimate.slice(1), ...at),
  );
  assert.equal(BigInt(sent.status), 1n);
  const transaction = JSON.parse(await cast("tx", "--json", sent.transactionHash, ...at));
  assert.equal(transaction.blockHash, sent.blockHash);
});
