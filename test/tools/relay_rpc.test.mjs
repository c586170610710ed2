// SPDX-License-Identifier: Apache-2.0
// The devnet's relay chain answers as the chain's own node does: the same questions, put to both, have
// answers of one form (test/vectors/atlas_node/answers.json holds the node's).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { collectAnswers, request, until } from "./answers.mjs";
import { Devnet, ROOT, USER_KEY } from "./devnet.mjs";

/** Where the two differ on purpose, and how. */
const OTHER = {
  modules: "no admin module",
  send_underpriced: "anvil's pool takes any higher price for a replacement, the node asks for a tenth more",
};
/** The chain's constants, and what contracts made of the same bytes do. */
const EQUAL = ["chain_id", "network", "syncing", "code", "call", "storage", "gas_price", "tip", "block_count"];

const EPOCH_LENGTH = 30;

let devnet;
let failed = false;
before(async () => {
  devnet = await Devnet.start({ contracts: false, args: ["--block-interval-ms", "150"] });
});
after(() => devnet?.stop({ keep: failed }));

/** What there is to a value but its amounts: members, kinds, sizes of fixed-size data. */
function formOf(value) {
  if (Array.isArray(value)) {
    const forms = new Set(value.map((entry) => JSON.stringify(formOf(entry))));
    return [...forms].sort().map((text) => JSON.parse(text));
  }
  if (value !== null && typeof value === "object") {
    const members = Object.keys(value).sort();
    // The halves of a signature are numbers, shorter by chance.
    return Object.fromEntries(members.map((key) => [key, "rs".includes(key) ? "hex" : formOf(value[key])]));
  }
  if (typeof value !== "string" || !value.startsWith("0x")) return value === null ? null : typeof value;
  return [42, 66, 130, 258, 514].includes(value.length) ? `hex of ${value.length / 2 - 1} bytes` : "hex";
}

test("answers have the form of the node's", async (t) => {
  const real = JSON.parse(await readFile(path.join(ROOT, "test/vectors/atlas_node/answers.json"), "utf8"));
  const ours = await collectAnswers(devnet.chains.R.rpc, EPOCH_LENGTH, USER_KEY);
  assert.deepEqual(Object.keys(ours), Object.keys(real));
  for (const name of Object.keys(real)) {
    if (name in OTHER) continue;
    const passed = await t.test(name, () => {
      if (real[name].error) return assert.deepEqual(ours[name].error, real[name].error);
      assert.equal(ours[name].error, undefined);
      assert.deepEqual(formOf(ours[name].result), formOf(real[name].result));
      if (EQUAL.includes(name)) assert.deepEqual(ours[name].result, real[name].result);
    }).then(() => true, () => false);
    failed ||= !passed;
  }
});
