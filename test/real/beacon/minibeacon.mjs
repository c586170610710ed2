// SPDX-License-Identifier: Apache-2.0
// minibeacon: one-process PoS beacon chain driver for a local devnet.
//  - real consensus state transition (@lodestar/state-transition), real BLS (@chainsafe/blst), all validators in-process
//  - real execution client through the Engine API (JWT), e.g. @ethereumjs/client
//  - serves the Beacon REST endpoints a light client / bridge relayer needs, plus /devnet/* control
// node minibeacon.mjs --preset minimal --forks deneb:0,electra:0,fulu:2 --validators 64 --sps 2 --mode realtime|manual --slots N --capture DIR
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
const args = {
  preset: 'minimal',
  forks: 'electra:0',
  validators: '64',
  sps: '2',
  mode: 'realtime',
  engine: 'http://127.0.0.1:8551',
  rpc: 'http://127.0.0.1:8545',
  jwt: './jwt.hex',
  rest: '5052',
  chain_id: '1337',
  slots: '0',
  capture: '',
  genesis: '',
  att: '1',
  sync: '1',
  seed: '1',
  buildms: '',
  verify: '1',
  latest_proof_window: '64',
};
for (let i = 2; i < process.argv.length; i += 2) {
  const k = process.argv[i].replace(/^--/, '');
  if (!(k in args)) throw Error('unknown arg ' + k);
  args[k] = process.argv[i + 1];
}
process.env.LODESTAR_PRESET = args.preset;
const { createBeaconConfig, createChainForkConfig } = await import('@lodestar/config');
const { mainnetChainConfig, minimalChainConfig } = await import('@lodestar/config/configs');
const P = await import('@lodestar/params');
const { ssz } = await import('@lodestar/types');
const ST = await import('@lodestar/state-transition');
const {
  getSyncCommitteesWitness,
  getNextSyncCommitteeBranch,
  getCurrentSyncCommitteeBranch,
  getFinalizedRootProof,
  getBlockBodyExecutionHeaderProof,
} = await import(
  new URL('./node_modules/@lodestar/state-transition/lib/lightClient/proofs.js', import.meta.url)
);
const { SecretKey } = await import('@chainsafe/blst');
const { BitArray } = await import('@chainsafe/ssz');
const N = Number(args.validators),
  SPS = Number(args.sps);
const hex = (u) => '0x' + Buffer.from(u).toString('hex'),
  unhex = (h) => new Uint8Array(Buffer.from(h.slice(2), 'hex')),
  eq = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0,
  sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const log = (...a) => console.log(new Date().toISOString().slice(11, 23), ...a);
let seed = Number(args.seed) >>> 0;
const rnd = () => {
  seed = (seed + 0x6d2b79f5) >>> 0;
  let t = seed;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
// ---------- config
const base = args.preset === 'minimal' ? minimalChainConfig : mainnetChainConfig;
const forkEpoch = Object.fromEntries(
  args.forks.split(',').map((x) => {
    const [a, b] = x.split(':');
    return [a, Number(b)];
  }),
);
const chain = {
  ...base,
  PRESET_BASE: args.preset,
  CONFIG_NAME: 'minibeacon',
  SECONDS_PER_SLOT: SPS,
  SLOT_DURATION_MS: SPS * 1000,
  MIN_GENESIS_ACTIVE_VALIDATOR_COUNT: N,
  MIN_GENESIS_TIME: 0,
  GENESIS_DELAY: 0,
  TERMINAL_TOTAL_DIFFICULTY: 0n,
  DEPOSIT_CHAIN_ID: Number(args.chain_id),
  DEPOSIT_NETWORK_ID: Number(args.chain_id),
  DEPOSIT_CONTRACT_ADDRESS: unhex('0x00000000219ab540356cbb839cbe05303d7705fa'),
  BLOB_SCHEDULE: [],
  ALTAIR_FORK_EPOCH: 0,
  BELLATRIX_FORK_EPOCH: 0,
  CAPELLA_FORK_EPOCH: 0,
  DENEB_FORK_EPOCH: forkEpoch.deneb ?? 0,
  ELECTRA_FORK_EPOCH: forkEpoch.electra ?? (forkEpoch.deneb !== undefined ? Infinity : 0),
  FULU_FORK_EPOCH: forkEpoch.fulu ?? Infinity,
  GLOAS_FORK_EPOCH: Infinity,
};
const SPE = P.SLOTS_PER_EPOCH,
  PERIOD = SPE * P.EPOCHS_PER_SYNC_COMMITTEE_PERIOD;
// ---------- engine api
const jwtKey = Buffer.from(
  fs
    .readFileSync(new URL(args.jwt, import.meta.url), 'utf8')
    .trim()
    .replace(/^0x/, ''),
  'hex',
);
const b64 = (x) => Buffer.from(x).toString('base64url');
const jwt = () => {
  const h = b64('{"alg":"HS256","typ":"JWT"}'),
    p = b64(JSON.stringify({ iat: Math.floor(Date.now() / 1000) }));
  return `${h}.${p}.${crypto.createHmac('sha256', jwtKey).update(`${h}.${p}`).digest('base64url')}`;
};
let rid = 0;
const call = async (url, method, params, auth) => {
  const r = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(auth ? { authorization: 'Bearer ' + jwt() } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: ++rid, method, params }),
  });
  const j = await r.json();
  if (j.error)
    throw Error(
      `${method}: ${j.error.code} ${j.error.message} ${JSON.stringify(j.error.data ?? '').slice(0, 200)}`,
    );
  return j.result;
};
const engStat = {};
const engine = async (m, ...p) => {
    const t = performance.now();
    const r = await call(args.engine, m, p, true);
    const k = m + (m.includes('forkchoice') ? (p[1] ? '+attrs' : '') : '');
    const e = (engStat[k] ??= [0, 0]);
    e[0]++;
    e[1] += performance.now() - t;
    return r;
  },
  eth = (m, ...p) => call(args.rpc, m, p, false);
// ---------- keys
const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const skBig = [...Array(N)].map((_, i) => {
  const b = Buffer.alloc(32);
  b.writeUInt32LE(i, 0);
  const d = crypto.createHash('sha256').update(b).digest();
  return BigInt('0x' + Buffer.from(d).reverse().toString('hex')) % R;
});
const toSk = (n) => SecretKey.fromBytes(Buffer.from(n.toString(16).padStart(64, '0'), 'hex'));
const sks = skBig.map(toSk);
const pks = sks.map((s) => s.toPublicKey().toBytes());
const pkIndex = new Map(pks.map((p, i) => [hex(p), i]));
const aggSign = (idx, msg) => {
  let s = 0n;
  for (const i of idx) s = (s + skBig[i]) % R;
  return toSk(s).sign(msg).toBytes();
}; // sum(sk)*H(m) == aggregate of the individual signatures
// ---------- payload json <-> ssz
const q = (n) => '0x' + BigInt(n).toString(16);
const payloadFromJson = (j) => ({
  parentHash: unhex(j.parentHash),
  feeRecipient: unhex(j.feeRecipient),
  stateRoot: unhex(j.stateRoot),
  receiptsRoot: unhex(j.receiptsRoot),
  logsBloom: unhex(j.logsBloom),
  prevRandao: unhex(j.prevRandao),
  blockNumber: Number(j.blockNumber),
  gasLimit: Number(j.gasLimit),
  gasUsed: Number(j.gasUsed),
  timestamp: Number(j.timestamp),
  extraData: unhex(j.extraData),
  baseFeePerGas: BigInt(j.baseFeePerGas),
  blockHash: unhex(j.blockHash),
  transactions: j.transactions.map(unhex),
  withdrawals: j.withdrawals.map((w) => ({
    index: Number(w.index),
    validatorIndex: Number(w.validatorIndex),
    address: unhex(w.address),
    amount: BigInt(w.amount),
  })),
  blobGasUsed: BigInt(j.blobGasUsed),
  excessBlobGas: BigInt(j.excessBlobGas),
});
// ---------- genesis
const tmpCfg = createChainForkConfig(chain);
const elGen = await eth('eth_getBlockByNumber', '0x0', false);
const genesisTime = args.genesis ? Number(args.genesis) : Math.floor(Date.now() / 1000) + 3;
const gFork = tmpCfg.getForkName(0),
  gTypes = ssz[gFork];
function makeGenesis() {
  const hdr = {
    slot: 0,
    proposerIndex: 0,
    parentRoot: new Uint8Array(32),
    stateRoot: new Uint8Array(32),
    bodyRoot: gTypes.BeaconBlockBody.hashTreeRoot(gTypes.BeaconBlockBody.defaultValue()),
  };
  const s = ST.getGenesisBeaconState(
    tmpCfg,
    { depositRoot: new Uint8Array(32), depositCount: N, blockHash: unhex(elGen.hash) },
    hdr,
  );
  s.genesisTime = genesisTime;
  const v = tmpCfg.getForkVersion(0);
  s.fork = ssz.phase0.Fork.toViewDU({ previousVersion: v, currentVersion: v, epoch: 0 });
  s.eth1DepositIndex = N;
  const FAR = Infinity;
  const vals = [],
    bal = [];
  for (let i = 0; i < N; i++) {
    const wc = new Uint8Array(32);
    wc[0] = 1;
    wc.set(unhex('0x70997970C51812dc3A010C7d01b50e0d17dc79C8'), 12);
    vals.push({
      pubkey: pks[i],
      withdrawalCredentials: wc,
      effectiveBalance: 32e9,
      slashed: false,
      activationEligibilityEpoch: 0,
      activationEpoch: 0,
      exitEpoch: FAR,
      withdrawableEpoch: FAR,
    });
    bal.push(32e9);
  }
  s.validators = ssz.phase0.Validators.toViewDU(vals);
  s.balances = ssz.phase0.Balances.toViewDU(bal);
  s.previousEpochParticipation = ssz.altair.EpochParticipation.toViewDU(Array(N).fill(0));
  s.currentEpochParticipation = ssz.altair.EpochParticipation.toViewDU(Array(N).fill(0));
  s.inactivityScores = ssz.altair.InactivityScores.toViewDU(Array(N).fill(0));
  s.commit();
  s.genesisValidatorsRoot = s.validators.hashTreeRoot();
  s.latestExecutionPayloadHeader = gTypes.ExecutionPayloadHeader.toViewDU({
    parentHash: unhex(elGen.parentHash),
    feeRecipient: unhex(elGen.miner),
    stateRoot: unhex(elGen.stateRoot),
    receiptsRoot: unhex(elGen.receiptsRoot),
    logsBloom: unhex(elGen.logsBloom),
    prevRandao: unhex(elGen.mixHash),
    blockNumber: 0,
    gasLimit: Number(elGen.gasLimit),
    gasUsed: Number(elGen.gasUsed),
    timestamp: Number(elGen.timestamp),
    extraData: unhex(elGen.extraData),
    baseFeePerGas: BigInt(elGen.baseFeePerGas),
    blockHash: unhex(elGen.hash),
    transactionsRoot: ssz.bellatrix.Transactions.hashTreeRoot([]),
    withdrawalsRoot: ssz.capella.Withdrawals.hashTreeRoot([]),
    blobGasUsed: 0n,
    excessBlobGas: 0n,
  });
  if (P.ForkSeq[gFork] >= P.ForkSeq.electra) {
    s.depositRequestsStartIndex = P.UNSET_DEPOSIT_REQUESTS_START_INDEX;
  }
  s.commit();
  return s;
}
let gState = makeGenesis();
const cfg = createBeaconConfig(chain, gState.genesisValidatorsRoot);
{
  const pc = ST.createPubkeyCache();
  const tmp = ST.createCachedBeaconState(
    gState,
    { config: cfg, pubkeyCache: pc },
    { skipSyncCommitteeCache: true },
  );
  const { syncCommittee } = ST.getNextSyncCommittee(
    cfg.getForkSeq(0),
    tmp,
    ST.getActiveValidatorIndices(tmp, 0),
    tmp.epochCtx.effectiveBalanceIncrements,
  );
  gState.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  gState.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  gState.commit();
  gState = ST.createCachedBeaconState(gState, { config: cfg, pubkeyCache: pc });
}
const gvr = gState.genesisValidatorsRoot;
// ---------- domains
const dom = (type, slot) => ST.computeDomain(type, cfg.getForkVersion(slot), gvr);
const sroot = (t, v, d) => ST.computeSigningRoot(t, v, d);
// ---------- store
const gHeader = {
  ...ssz.phase0.BeaconBlockHeader.clone(gState.latestBlockHeader.toValue()),
  stateRoot: gState.hashTreeRoot(),
};
const gRoot = ssz.phase0.BeaconBlockHeader.hashTreeRoot(gHeader);
const blocks = new Map(); // rootHex -> {root,slot,parent,fork,signed,header,elHash,state(optional),payloadJson}
const gEntry = {
  root: gRoot,
  slot: 0,
  parent: null,
  fork: gFork,
  signed: null,
  header: gHeader,
  elHash: elGen.hash,
  state: gState,
};
blocks.set(hex(gRoot), gEntry);
let head = gEntry;
const canon = new Map([[0, hex(gRoot)]]);
const lc = { bootstraps: new Map(), updates: new Map(), finality: null, optimistic: null };
const listeners = new Set();
const emit = (event, data) => {
  for (const l of listeners)
    if (l.topics.has(event)) l.res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
};
const stats = { blocks: 0, missed: 0, tState: 0, tEngine: 0, tLc: 0 };
// ---------- production
const zeroPad = (h) => h;
async function produce(slot, opts = {}) {
  const parent = opts.parent ?? head;
  let t0 = performance.now();
  let pre = ST.processSlots(parent.state.clone(), slot);
  const epoch = Math.floor(slot / SPE),
    fork = cfg.getForkName(slot),
    seq = cfg.getForkSeq(slot),
    T = ssz[fork];
  const proposer = pre.epochCtx.getBeaconProposer(slot);
  stats.tState += performance.now() - t0;
  // execution payload
  t0 = performance.now();
  const { expectedWithdrawals } = ST.getExpectedWithdrawals(seq, pre);
  const attrs = {
    timestamp: q(genesisTime + slot * SPS),
    prevRandao: hex(ST.getRandaoMix(pre, epoch)),
    suggestedFeeRecipient: opts.feeRecipient ?? '0x8943545177806ed17b9f23f0a21ee5948ecaa776',
    withdrawals: expectedWithdrawals.map((w) => ({
      index: q(w.index),
      validatorIndex: q(w.validatorIndex),
      address: hex(w.address),
      amount: q(w.amount),
    })),
    parentBeaconBlockRoot: hex(parent.root),
  };
  const fin = pre.finalizedCheckpoint,
    jus = pre.currentJustifiedCheckpoint;
  const elOf = (c) => {
    if (c.epoch === 0) return '0x' + '00'.repeat(32);
    return blocks.get(hex(c.root))?.elHash ?? '0x' + '00'.repeat(32);
  };
  const fc = {
    headBlockHash: parent.elHash,
    safeBlockHash: elOf(jus),
    finalizedBlockHash: elOf(fin),
  };
  const r = await engine('engine_forkchoiceUpdatedV3', fc, attrs);
  if (r.payloadStatus.status !== 'VALID' || !r.payloadId) throw Error('fcu ' + JSON.stringify(r));
  const bm =
    args.buildms !== ''
      ? Number(args.buildms)
      : args.mode === 'realtime'
        ? Math.min(300, SPS * 100)
        : 0;
  if (bm) await sleep(bm);
  const gp = await engine(
    seq >= P.ForkSeq.electra ? 'engine_getPayloadV4' : 'engine_getPayloadV3',
    r.payloadId,
  );
  const payload = payloadFromJson(gp.executionPayload);
  const reqs = gp.executionRequests ?? [];
  stats.tEngine += performance.now() - t0;
  t0 = performance.now();
  // operations
  const body = T.BeaconBlockBody.defaultValue();
  body.randaoReveal = sks[proposer]
    .sign(sroot(ssz.Epoch, epoch, dom(P.DOMAIN_RANDAO, slot)))
    .toBytes();
  body.eth1Data = pre.eth1Data.toValue();
  body.graffiti = new Uint8Array(Buffer.from((opts.graffiti ?? 'minibeacon').padEnd(32, '\0')));
  body.executionPayload = payload;
  if (gp.blobsBundle) body.blobKzgCommitments = gp.blobsBundle.commitments.map(unhex);
  if (seq >= P.ForkSeq.electra)
    for (const x of reqs) {
      const b = unhex(x);
      if (b.length < 2) continue;
      if (b[0] === 0)
        body.executionRequests.deposits = ssz.electra.DepositRequests.deserialize(b.slice(1));
      if (b[0] === 1)
        body.executionRequests.withdrawals = ssz.electra.WithdrawalRequests.deserialize(b.slice(1));
      if (b[0] === 2)
        body.executionRequests.consolidations = ssz.electra.ConsolidationRequests.deserialize(
          b.slice(1),
        );
    }
  const maxAtt = seq >= P.ForkSeq.electra ? P.MAX_ATTESTATIONS_ELECTRA : P.MAX_ATTESTATIONS;
  for (
    let s = Math.max(parent.slot, slot - SPE);
    s < slot && body.attestations.length < maxAtt;
    s++
  ) {
    const e = Math.floor(s / SPE);
    const src =
      e === epoch
        ? pre.currentJustifiedCheckpoint.toValue()
        : pre.previousJustifiedCheckpoint.toValue();
    const data = {
      slot: s,
      index: 0,
      beaconBlockRoot: ST.getBlockRootAtSlot(pre, s),
      source: src,
      target: { epoch: e, root: ST.getBlockRoot(pre, e) },
    };
    const cc = pre.epochCtx.getCommitteeCountPerSlot(e);
    const d = dom(P.DOMAIN_BEACON_ATTESTER, e * SPE);
    const pick = (c) => {
      const bits = [...c].map(() => rnd() < Number(opts.att ?? args.att));
      return bits;
    };
    if (seq >= P.ForkSeq.electra) {
      const cb = BitArray.fromBitLen(P.MAX_COMMITTEES_PER_SLOT);
      const bits = [],
        who = [];
      for (let c = 0; c < cc; c++) {
        const com = pre.epochCtx.getBeaconCommittee(s, c);
        let b = pick(com);
        if (!b.some(Boolean)) continue;
        cb.set(c, true);
        com.forEach((v, i) => {
          bits.push(b[i]);
          if (b[i]) who.push(v);
        });
      }
      if (who.length)
        body.attestations.push({
          aggregationBits: BitArray.fromBoolArray(bits),
          data,
          signature: aggSign(who, sroot(ssz.phase0.AttestationData, data, d)),
          committeeBits: cb,
        });
    } else
      for (let c = 0; c < cc; c++) {
        const com = pre.epochCtx.getBeaconCommittee(s, c),
          b = pick(com),
          dd = { ...data, index: c };
        const who = [...com].filter((v, i) => b[i]);
        if (who.length)
          body.attestations.push({
            aggregationBits: BitArray.fromBoolArray(b),
            data: dd,
            signature: aggSign(who, sroot(ssz.phase0.AttestationData, dd, d)),
          });
      }
  }
  // sync aggregate over the parent block, by the committee of `slot`
  const prevSlot = Math.max(slot, 1) - 1;
  const com = pre.epochCtx.currentSyncCommitteeIndexed.validatorIndices;
  const bits = [...com].map(() => rnd() < Number(opts.sync ?? args.sync));
  const who = [...com].filter((v, i) => bits[i]);
  body.syncAggregate = {
    syncCommitteeBits: BitArray.fromBoolArray(bits),
    syncCommitteeSignature: who.length
      ? aggSign(who, sroot(ssz.Root, parent.root, dom(P.DOMAIN_SYNC_COMMITTEE, prevSlot)))
      : Uint8Array.from([0xc0, ...Array(95).fill(0)]),
  };
  const block = {
    slot,
    proposerIndex: proposer,
    parentRoot: parent.root,
    stateRoot: new Uint8Array(32),
    body,
  };
  const o = { executionPayloadStatus: 'valid', dataAvailabilityStatus: 'Available' };
  const EPS = ST.ExecutionPayloadStatus,
    DAS = ST.DataAvailabilityStatus;
  o.executionPayloadStatus = EPS.valid;
  o.dataAvailabilityStatus = DAS.Available;
  const post0 = ST.stateTransition(
    parent.state.clone(),
    { message: block, signature: new Uint8Array(96) },
    { ...o, verifyStateRoot: false, verifyProposer: false, verifySignatures: false },
  );
  block.stateRoot = post0.hashTreeRoot();
  const root = T.BeaconBlock.hashTreeRoot(block);
  const signed = {
    message: block,
    signature: sks[proposer]
      .sign(sroot(T.BeaconBlock, block, dom(P.DOMAIN_BEACON_PROPOSER, slot)))
      .toBytes(),
  };
  // full verification (state root, proposer, all signatures)
  const post =
    args.verify === '1'
      ? ST.stateTransition(parent.state.clone(), signed, {
          ...o,
          verifyStateRoot: true,
          verifyProposer: true,
          verifySignatures: true,
        })
      : post0;
  stats.tState += performance.now() - t0;
  t0 = performance.now();
  const vh = body.blobKzgCommitments.map((c) => {
    const h = crypto.createHash('sha256').update(c).digest();
    h[0] = 1;
    return hex(h);
  });
  const np =
    seq >= P.ForkSeq.electra
      ? await engine('engine_newPayloadV4', gp.executionPayload, vh, hex(parent.root), reqs)
      : await engine('engine_newPayloadV3', gp.executionPayload, vh, hex(parent.root));
  if (np.status !== 'VALID') throw Error('newPayload ' + JSON.stringify(np));
  const header = {
    slot,
    proposerIndex: proposer,
    parentRoot: parent.root,
    stateRoot: block.stateRoot,
    bodyRoot: T.BeaconBlockBody.hashTreeRoot(body),
  };
  const entry = {
    root,
    slot,
    parent,
    fork,
    signed,
    header,
    elHash: gp.executionPayload.blockHash,
    elNumber: payload.blockNumber,
    state: post,
  };
  blocks.set(hex(root), entry);
  await setHead(entry);
  stats.tEngine += performance.now() - t0;
  stats.blocks++;
  t0 = performance.now();
  onImport(entry);
  stats.tLc += performance.now() - t0;
  return entry;
}
async function setHead(e) {
  const s = e.state;
  const fin = s.finalizedCheckpoint,
    jus = s.currentJustifiedCheckpoint;
  const z = '0x' + '00'.repeat(32);
  const el = (c) => (c.epoch === 0 ? z : (blocks.get(hex(c.root))?.elHash ?? z));
  const r = await engine(
    'engine_forkchoiceUpdatedV3',
    { headBlockHash: e.elHash, safeBlockHash: el(jus), finalizedBlockHash: el(fin) },
    null,
  );
  if (r.payloadStatus.status !== 'VALID') throw Error('fcu head ' + JSON.stringify(r));
  const oldHead = head;
  head = e;
  if (e.parent !== oldHead) {
    // reorg: rewrite canonical index
    for (const k of [...canon.keys()])
      if (k > 0 && k >= Math.min(oldHead.slot, e.slot) - SPE * 4) canon.delete(k);
    let x = e;
    while (x && canon.get(x.slot) !== hex(x.root)) {
      canon.set(x.slot, hex(x.root));
      x = x.parent;
    }
    let depth = 0;
    for (let y = oldHead; y && canon.get(y.slot) !== hex(y.root); y = y.parent) depth++;
    if (depth) {
      log(
        `REORG depth ${depth} old ${oldHead.slot}/${hex(oldHead.root).slice(0, 10)} new ${e.slot}/${hex(e.root).slice(0, 10)}`,
      );
      emit('chain_reorg', {
        slot: String(e.slot),
        depth: String(depth),
        old_head_block: hex(oldHead.root),
        new_head_block: hex(e.root),
      });
    }
  } else canon.set(e.slot, hex(e.root));
}
// ---------- light client server
const exFork = (f) => P.ForkSeq[f] >= P.ForkSeq.capella;
function lcHeader(e) {
  const T = ssz[e.fork];
  if (!e.signed)
    return {
      beacon: e.header,
      execution: T.ExecutionPayloadHeader.defaultValue(),
      executionBranch: Array.from({ length: 4 }, () => new Uint8Array(32)),
    };
  if (!e.lch) {
    const b = e.signed.message.body;
    e.lch = {
      beacon: e.header,
      execution: ST.executionPayloadToPayloadHeader(P.ForkSeq[e.fork], b.executionPayload),
      executionBranch: getBlockBodyExecutionHeaderProof(e.fork, b),
    };
  }
  return e.lch;
}
const norm = (fork, v) => v;
let lastFinEpoch = 0;
function attestedData(a) {
  // everything needed from the attested state, computed once
  if (a.att) return a.att;
  const s = a.state,
    f = a.fork;
  const w = getSyncCommitteesWitness(f, s);
  const fin = s.finalizedCheckpoint.toValue();
  a.att = {
    nextSyncCommittee: s.nextSyncCommittee.toValue(),
    nextBranch: getNextSyncCommitteeBranch(w),
    currentSyncCommittee: s.currentSyncCommittee.toValue(),
    currentBranch: getCurrentSyncCommitteeBranch(w),
    fin,
    finBranch: getFinalizedRootProof(s),
  };
  return a.att;
}
const period = (s) => Math.floor(s / PERIOD);
const pop = (a) => (a.bitLen ? a.getTrueBitIndexes().length : 0);
function better(n, o) {
  if (!o) return true;
  const mc = n.syncAggregate.syncCommitteeBits.bitLen,
    pn = pop(n.syncAggregate.syncCommitteeBits),
    po = pop(o.syncAggregate.syncCommitteeBits);
  const sn = pn * 3 >= mc * 2,
    so = po * 3 >= mc * 2;
  if (sn !== so) return sn;
  if (!sn && pn !== po) return pn > po;
  const rel = (u) => period(u.attestedHeader.beacon.slot) === period(u.signatureSlot);
  if (rel(n) !== rel(o)) return rel(n);
  const fn = n.hasFin,
    fo = o.hasFin;
  if (fn !== fo) return fn;
  if (fn) {
    const cf = (u) =>
      period(u.finalizedHeader.beacon.slot) === period(u.attestedHeader.beacon.slot);
    if (cf(n) !== cf(o)) return cf(n);
  }
  if (pn !== po) return pn > po;
  if (n.attestedHeader.beacon.slot !== o.attestedHeader.beacon.slot)
    return n.attestedHeader.beacon.slot < o.attestedHeader.beacon.slot;
  return n.signatureSlot < o.signatureSlot;
}
const upgradeHdr = (h) => h;
function onImport(e) {
  const a = e.parent;
  if (!a) return;
  const agg = e.signed.message.body.syncAggregate;
  const n = pop(agg.syncCommitteeBits);
  if (a.signed && n >= P.MIN_SYNC_COMMITTEE_PARTICIPANTS) {
    const d = attestedData(a);
    const finE =
      d.fin.epoch > 0 || !eq(d.fin.root, new Uint8Array(32)) ? blocks.get(hex(d.fin.root)) : null;
    const T = ssz[a.fork];
    const finHeader = finE ? lcHeader(finE) : T.LightClientHeader.defaultValue();
    const zb = d.finBranch.map(() => new Uint8Array(32));
    const u = {
      attestedHeader: lcHeader(a),
      nextSyncCommittee: d.nextSyncCommittee,
      nextSyncCommitteeBranch: d.nextBranch,
      finalizedHeader: finHeader,
      finalityBranch: finE ? d.finBranch : zb,
      syncAggregate: agg,
      signatureSlot: e.slot,
      fork: a.fork,
      hasFin: !!finE,
    };
    const p = period(a.slot);
    if (better(u, lc.updates.get(p))) lc.updates.set(p, u);
    lc.optimistic = {
      fork: a.fork,
      v: { attestedHeader: u.attestedHeader, syncAggregate: agg, signatureSlot: e.slot },
    };
    emit('light_client_optimistic_update', {
      version: a.fork,
      data: ssz[a.fork].LightClientOptimisticUpdate.toJson(lc.optimistic.v),
    });
    if (finE) {
      lc.finality = {
        fork: a.fork,
        v: {
          attestedHeader: u.attestedHeader,
          finalizedHeader: finHeader,
          finalityBranch: d.finBranch,
          syncAggregate: agg,
          signatureSlot: e.slot,
        },
      };
      emit('light_client_finality_update', {
        version: a.fork,
        data: ssz[a.fork].LightClientFinalityUpdate.toJson(lc.finality.v),
      });
    }
  }
  // bootstrap for every epoch's first canonical block
  const pe = Math.floor(e.parent.slot / SPE),
    ce = Math.floor(e.slot / SPE);
  const mkBoot = (b) => {
    if (!b.signed) return;
    const d = attestedData(b);
    lc.bootstraps.set(hex(b.root), {
      fork: b.fork,
      v: {
        header: lcHeader(b),
        currentSyncCommittee: d.currentSyncCommittee,
        currentSyncCommitteeBranch: d.currentBranch,
      },
    });
  };
  if (e.slot % SPE === 0) mkBoot(e);
  else if (pe !== ce) mkBoot(e.parent);
  const fe = e.state.finalizedCheckpoint.epoch;
  if (fe > lastFinEpoch) {
    lastFinEpoch = fe;
    emit('finalized_checkpoint', {
      block: hex(e.state.finalizedCheckpoint.root),
      epoch: String(fe),
    });
  }
  emit('head', { slot: String(e.slot), block: hex(e.root), state: hex(e.header.stateRoot) });
  // prune old states / proofs
  const keep = Number(args.latest_proof_window);
  const old = canon.get(e.slot - keep);
  if (old) {
    const b = blocks.get(old);
    if (b && b !== gEntry) {
      b.state = undefined;
      b.att = undefined;
    }
  }
}
// ---------- driver
let skip = 0,
  paused = args.mode === 'manual';
const nextSlot = () => head.slot + 1 + 0;
let clockSlot = 0;
const report = (e) =>
  log(
    `slot ${e.slot} ep ${Math.floor(e.slot / SPE)} ${e.fork} root ${hex(e.root).slice(0, 10)} el#${e.elNumber} txs ${e.signed.message.body.executionPayload.transactions.length} att ${e.signed.message.body.attestations.length} J${e.state.currentJustifiedCheckpoint.epoch} F${e.state.finalizedCheckpoint.epoch}`,
  );
async function step(slot, opts) {
  const e = await produce(slot, opts);
  return e;
}
let q0 = Promise.resolve();
const lock = (f) => {
  const r = q0.then(f);
  q0 = r.catch(() => {});
  return r;
};
// ---------- REST
const J = (res, o, c = 200) => {
  res.writeHead(c, { 'content-type': 'application/json' });
  res.end(JSON.stringify(o));
};
const find = (id) => {
  if (id === 'head') return head;
  if (id === 'genesis') return gEntry;
  if (id === 'finalized') {
    const c = head.state.finalizedCheckpoint;
    return c.epoch === 0 ? gEntry : blocks.get(hex(c.root));
  }
  if (id === 'justified') {
    const c = head.state.currentJustifiedCheckpoint;
    return c.epoch === 0 ? gEntry : blocks.get(hex(c.root));
  }
  if (id.startsWith('0x')) return blocks.get(id.toLowerCase());
  return blocks.get(canon.get(Number(id)));
};
const hdrJson = (e) => ({
  root: hex(e.root),
  canonical: canon.get(e.slot) === hex(e.root),
  header: {
    message: ssz.phase0.BeaconBlockHeader.toJson(e.header),
    signature: e.signed ? hex(e.signed.signature) : '0x' + '00'.repeat(96),
  },
});
const specJson = () => {
  const o = {};
  for (const [k, v] of Object.entries({ ...P.activePreset, ...chain }))
    o[k] =
      v instanceof Uint8Array
        ? hex(v)
        : Array.isArray(v)
          ? v
          : v === Infinity
            ? '18446744073709551615'
            : String(v);
  for (const k of Object.keys(P)) if (k.startsWith('DOMAIN_')) o[k] = hex(P[k]);
  return o;
};
const updJson = (u) => ssz[u.fork].LightClientUpdate.toJson(u);
const server = http.createServer(async (req, res) => {
  try {
    const u = new URL(req.url, 'http://x'),
      p = u.pathname;
    let m;
    const bodyTxt =
      req.method === 'POST'
        ? await new Promise((r) => {
            let b = '';
            req.on('data', (d) => (b += d));
            req.on('end', () => r(b));
          })
        : '';
    if (p === '/eth/v1/node/version')
      return J(res, { data: { version: 'minibeacon/0.1 (@lodestar/state-transition 1.41.0)' } });
    if (p === '/eth/v1/node/health') {
      res.writeHead(200);
      return res.end();
    }
    if (p === '/eth/v1/node/syncing')
      return J(res, {
        data: {
          head_slot: String(head.slot),
          sync_distance: '0',
          is_syncing: false,
          is_optimistic: false,
          el_offline: false,
        },
      });
    if (p === '/eth/v1/beacon/genesis')
      return J(res, {
        data: {
          genesis_time: String(genesisTime),
          genesis_validators_root: hex(gvr),
          genesis_fork_version: hex(cfg.getForkVersion(0)),
        },
      });
    if (p === '/eth/v1/config/spec') return J(res, { data: specJson() });
    if (p === '/eth/v1/config/fork_schedule')
      return J(res, {
        data: Object.values(cfg.forks)
          .filter((f) => f.epoch !== Infinity)
          .map((f) => ({
            previous_version: hex(f.prevVersion),
            current_version: hex(f.version),
            epoch: String(f.epoch),
          })),
      });
    if ((m = p.match(/^\/eth\/v1\/beacon\/headers\/([^/]+)$/))) {
      const e = find(m[1]);
      return e
        ? J(res, { execution_optimistic: false, finalized: false, data: hdrJson(e) })
        : J(res, { code: 404, message: 'not found' }, 404);
    }
    if (p === '/eth/v1/beacon/headers')
      return J(res, { execution_optimistic: false, finalized: false, data: [hdrJson(head)] });
    if ((m = p.match(/^\/eth\/v1\/beacon\/blocks\/([^/]+)\/root$/))) {
      const e = find(m[1]);
      return e
        ? J(res, { data: { root: hex(e.root) } })
        : J(res, { code: 404, message: 'not found' }, 404);
    }
    if ((m = p.match(/^\/eth\/v2\/beacon\/blocks\/([^/]+)$/))) {
      const e = find(m[1]);
      if (!e || !e.signed) return J(res, { code: 404, message: 'not found' }, 404);
      if ((req.headers.accept || '').includes('octet-stream')) {
        res.writeHead(200, {
          'content-type': 'application/octet-stream',
          'eth-consensus-version': e.fork,
        });
        return res.end(ssz[e.fork].SignedBeaconBlock.serialize(e.signed));
      }
      return J(res, {
        version: e.fork,
        execution_optimistic: false,
        finalized: false,
        data: ssz[e.fork].SignedBeaconBlock.toJson(e.signed),
      });
    }
    if ((m = p.match(/^\/eth\/v1\/beacon\/states\/([^/]+)\/finality_checkpoints$/))) {
      const e = find(m[1]);
      if (!e?.state) return J(res, { code: 404, message: 'state not kept' }, 404);
      const c = (x) => ({ epoch: String(x.epoch), root: hex(x.root) });
      return J(res, {
        data: {
          previous_justified: c(e.state.previousJustifiedCheckpoint),
          current_justified: c(e.state.currentJustifiedCheckpoint),
          finalized: c(e.state.finalizedCheckpoint),
        },
      });
    }
    if ((m = p.match(/^\/eth\/v1\/beacon\/states\/([^/]+)\/fork$/))) {
      const e = find(m[1]);
      if (!e?.state) return J(res, { code: 404, message: 'state not kept' }, 404);
      return J(res, { data: ssz.phase0.Fork.toJson(e.state.fork.toValue()) });
    }
    if ((m = p.match(/^\/eth\/v1\/beacon\/states\/([^/]+)\/sync_committees$/))) {
      const e = find(m[1]);
      if (!e?.state) return J(res, { code: 404, message: 'state not kept' }, 404);
      return J(res, {
        data: {
          validators: [...e.state.epochCtx.currentSyncCommitteeIndexed.validatorIndices].map(
            String,
          ),
        },
      });
    }
    if ((m = p.match(/^\/eth\/v2\/debug\/beacon\/states\/([^/]+)$/))) {
      const e = find(m[1]);
      if (!e?.state) return J(res, { code: 404, message: 'state not kept' }, 404);
      if ((req.headers.accept || '').includes('octet-stream')) {
        res.writeHead(200, {
          'content-type': 'application/octet-stream',
          'eth-consensus-version': e.fork,
        });
        return res.end(e.state.serialize());
      }
      return J(res, { version: e.fork, data: ssz[e.fork].BeaconState.toJson(e.state.toValue()) });
    }
    if (p === '/eth/v1/beacon/light_client/finality_update')
      return lc.finality
        ? J(res, {
            version: lc.finality.fork,
            data: ssz[lc.finality.fork].LightClientFinalityUpdate.toJson(lc.finality.v),
          })
        : J(res, { code: 404, message: 'No finality update available' }, 404);
    if (p === '/eth/v1/beacon/light_client/optimistic_update')
      return lc.optimistic
        ? J(res, {
            version: lc.optimistic.fork,
            data: ssz[lc.optimistic.fork].LightClientOptimisticUpdate.toJson(lc.optimistic.v),
          })
        : J(res, { code: 404, message: 'No optimistic update available' }, 404);
    if (p === '/eth/v1/beacon/light_client/updates') {
      const s = Number(u.searchParams.get('start_period')),
        c = Math.min(128, Number(u.searchParams.get('count')));
      const out = [];
      for (let i = s; i < s + c; i++) {
        const x = lc.updates.get(i);
        if (!x) break;
        out.push({ version: x.fork, data: updJson(x) });
      }
      return J(res, out);
    }
    if ((m = p.match(/^\/eth\/v1\/beacon\/light_client\/bootstrap\/(0x[0-9a-f]{64})$/i))) {
      const b = lc.bootstraps.get(m[1].toLowerCase());
      return b
        ? J(res, { version: b.fork, data: ssz[b.fork].LightClientBootstrap.toJson(b.v) })
        : J(res, { code: 404, message: 'bootstrap not available' }, 404);
    }
    if (p === '/eth/v1/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      const l = { res, topics: new Set(u.searchParams.getAll('topics').join(',').split(',')) };
      listeners.add(l);
      req.on('close', () => listeners.delete(l));
      return;
    }
    // ---- devnet control
    if (p === '/devnet/status')
      return J(res, {
        head: head.slot,
        root: hex(head.root),
        el: head.elHash,
        justified: head.state.currentJustifiedCheckpoint.epoch,
        finalized: head.state.finalizedCheckpoint.epoch,
        paused,
        stats,
        engine_ms_avg: Object.fromEntries(
          Object.entries(engStat).map(([k, [n, t]]) => [k, +(t / n).toFixed(2)]),
        ),
        rss: process.memoryUsage().rss,
        periods: [...lc.updates.keys()],
      });
    if (p === '/devnet/pause') {
      paused = true;
      return J(res, { paused });
    }
    if (p === '/devnet/resume') {
      paused = false;
      return J(res, { paused });
    }
    if (p === '/devnet/step') {
      const n = Number(u.searchParams.get('n') ?? 1),
        sk = Number(u.searchParams.get('skip') ?? 0);
      const o = {};
      for (const k of ['sync', 'att'])
        if (u.searchParams.has(k)) o[k] = Number(u.searchParams.get(k));
      const r = await lock(async () => {
        for (let i = 0; i < n; i++) await step(head.slot + 1 + (i === 0 ? sk : 0), o);
        return {
          head: head.slot,
          root: hex(head.root),
          el: head.elHash,
          finalized: head.state.finalizedCheckpoint.epoch,
        };
      });
      return J(res, r);
    }
    if (p === '/devnet/reorg') {
      const d = Number(u.searchParams.get('depth') ?? 1),
        n = Number(u.searchParams.get('n') ?? d + 1);
      const r = await lock(async () => {
        const oldHead = head;
        let b = head;
        for (let i = 0; i < d; i++) b = b.parent;
        if (!b?.state) throw Error('no state at that depth');
        let s = oldHead.slot;
        let par = b;
        for (let i = 0; i < n; i++) {
          s++;
          par = await produce(s, { parent: par });
        }
        return { old: hex(oldHead.root), head: head.slot, root: hex(head.root) };
      });
      return J(res, r);
    }
    if (p === '/devnet/equivocate') {
      const r = await lock(async () => {
        const P0 = head,
          s = P0.slot + 1,
          o = [];
        for (const [g, f] of [
          ['fork-A', '0x' + 'a1'.repeat(20)],
          ['fork-B', '0x' + 'b2'.repeat(20)],
        ]) {
          const a = await produce(s, { parent: P0, graffiti: g, feeRecipient: f });
          const c = await produce(s + 1, { parent: a, graffiti: g, feeRecipient: f });
          o.push({
            attested_root: hex(a.root),
            child_root: hex(c.root),
            optimistic_update: {
              version: a.fork,
              data: ssz[a.fork].LightClientOptimisticUpdate.toJson(lc.optimistic.v),
            },
            finality_update: lc.finality
              ? {
                  version: lc.finality.fork,
                  data: ssz[lc.finality.fork].LightClientFinalityUpdate.toJson(lc.finality.v),
                }
              : null,
            block: { version: a.fork, data: ssz[a.fork].SignedBeaconBlock.toJson(a.signed) },
          });
        }
        return o;
      });
      return J(res, r);
    }
    J(res, { code: 404, message: 'unknown path ' + p }, 404);
  } catch (err) {
    J(res, { code: 500, message: String(err?.stack || err) }, 500);
  }
});
server.listen(Number(args.rest), '127.0.0.1');
log(
  `minibeacon preset=${args.preset} forks=${args.forks} genesisFork=${gFork} validators=${N} SPE=${SPE} sync=${P.SYNC_COMMITTEE_SIZE} period=${PERIOD} slots genesis_time=${genesisTime} gvr=${hex(gvr)} elGenesis=${elGen.hash}`,
);
const maxSlots = Number(args.slots);
export const api = {
  produce,
  step,
  lc,
  blocks,
  canon,
  get head() {
    return head;
  },
  ssz,
  P,
  hex,
  stats,
};
if (args.mode === 'realtime') {
  for (;;) {
    const now = Date.now() / 1000;
    const s = Math.floor((now - genesisTime) / SPS);
    if (now >= genesisTime && s > head.slot && s > clockSlot && s >= 1) {
      clockSlot = s;
      if (!paused) {
        try {
          const e = await lock(() => produce(s));
          report(e);
        } catch (err) {
          log('slot', s, 'FAILED', err.message);
          stats.missed++;
        }
        if (maxSlots && s >= maxSlots) break;
      }
    }
    const t =
      Math.max(genesisTime, genesisTime + (Math.max(s, clockSlot) + 1) * SPS) * 1000 - Date.now();
    await sleep(Math.max(5, Math.min(t, 1000)));
  }
} else if (args.mode === 'fast') {
  for (let s = 1; s <= maxSlots; s++) {
    const e = await lock(() => produce(s));
    if (s % SPE === 0) report(e);
  }
  log('done', JSON.stringify(stats), 'rss', process.memoryUsage().rss);
} else log('manual mode: drive with /devnet/step');
