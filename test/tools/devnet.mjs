// SPDX-License-Identifier: Apache-2.0
// A devnet for the tests in this folder: `butter devnet`, and `butter run` where messages are to move. The
// program is BUTTER_PROGRAM, or the release build's.
import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const PROGRAM = process.env.BUTTER_PROGRAM ?? path.join(ROOT, "build/release/cmd/butter/butter");
const START_MS_MAX = 300_000;

/** TEST KEYS: those of anvil's well-known mnemonic. */
export const USER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/** A child process whose output goes to a file; `stop` ends it and waits until it has ended. */
class Child {
  constructor(args, log, file) {
    this.log = log;
    this.file = file;
    this.process = spawn(PROGRAM, args, { stdio: ["ignore", log.fd, log.fd] });
    this.ended = new Promise((resolve) => {
      this.process.once("error", (error) => resolve(error));
      this.process.once("exit", (code, signal) => resolve(code ?? signal));
    });
  }

  static async start(args, file) {
    return new Child(args, await open(file, "a"), file);
  }

  /** Resolves once its output has `text`; fails when it ends first. */
  async said(text) {
    const deadline = Date.now() + START_MS_MAX;
    let ended;
    this.ended.then((status) => (ended = status ?? "unknown"));
    for (;;) {
      const output = await readFile(this.file, "utf8");
      if (output.includes(text)) return output;
      if (ended !== undefined) throw new Error(`butter ended with ${ended}:\n${output}`);
      if (Date.now() > deadline) throw new Error(`waited in vain for "${text}":\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
    await this.log.close();
  }
}

export class Devnet {
  /** `contracts` deploys the services; `args` are further flags of `butter devnet`. */
  static async start({ contracts, args = [] }) {
    const devnet = new Devnet();
    devnet.folder = await mkdtemp(path.join(tmpdir(), "butter-tools-"));
    devnet.children = [];
    try {
      const directory = path.join(devnet.folder, "devnet");
      const flags = ["devnet", "--first-port", "0", "--directory", directory, ...args];
      if (!contracts) flags.push("--no-contracts");
      const node = await Child.start(flags, path.join(devnet.folder, "devnet.log"));
      devnet.children.push(node);
      const output = await node.said(contracts ? "Ctrl-C ends the devnet" : "  B  chain id");
      devnet.chains = {};
      for (const [, name, id, rpc] of output.matchAll(/^ {2}([A-Z]) {2}chain id (\d+) +rpc (\S+)/gm))
        devnet.chains[name] = { name, id: Number(id), rpc };
      devnet.config = path.join(directory, "butter.toml");
      if (contracts) {
        devnet.deployment = JSON.parse(await readFile(path.join(directory, "deployment.json"), "utf8"));
      }
      return devnet;
    } catch (error) {
      await devnet.stop();
      throw error;
    }
  }

  /** Starts the interchain program. */
  async run(config = this.config) {
    this.program = await Child.start(["run", "--config", config], path.join(this.folder, "run.log"));
    this.children.push(this.program);
  }

  async stopProgram() {
    this.children = this.children.filter((child) => child !== this.program);
    await this.program.stop();
  }

  /** Ends everything; the logs stay where a test has failed. */
  async stop({ keep = false } = {}) {
    for (const child of this.children.reverse()) await child.stop();
    if (keep) console.log(`the logs are in ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }
}
