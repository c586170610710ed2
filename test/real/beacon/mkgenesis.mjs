// SPDX-License-Identifier: Apache-2.0
import * as H from './node_modules/@ethereumjs/genesis/dist/esm/genesisStates/hoodi.js';
import fs from 'fs';
const h = Object.values(H)[0];
const want = [
  '000f3df6d732807ef1319fb7b8bb8522d0beac02',
  '0000f90827f1c53a10cb7a02335b175320002935',
  '00000961ef480eb55e80d19ad83579a64c007002',
  '0000bbddc7ce488642fb579f8b00f3a590007251',
  '00000000219ab540356cbb839cbe05303d7705fa',
  '4e59b44847b379578588920ca78fbf26c0b4956c',
  'ca11bde05977b3631167028862be2a173976ca11',
];
const low = Object.fromEntries(
  Object.entries(h).map(([k, v]) => [k.toLowerCase().replace(/^0x/, ''), v]),
);
const alloc = {};
for (const a of want) {
  const v = low[a];
  console.error(
    a,
    v ? (Array.isArray(v) ? [v[0], v[1]?.length, v[2]?.length, v[3]] : v) : 'MISSING',
  );
  if (v && Array.isArray(v)) {
    alloc['0x' + a] = {
      balance: v[0],
      code: v[1],
      nonce: v[3] || '0x0',
      ...(v[2]?.length ? { storage: Object.fromEntries(v[2]) } : {}),
    };
  }
}
for (const a of [
  'f39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  '70997970C51812dc3A010C7d01b50e0d17dc79C8',
  '3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
  '90F79bf6EB2c4f870365E785982E1f101E93b906',
  '15d34AAf54267DB7D7c367839AAf71A00a2C6A65',
  '9965507D1a55bcC2695C58ba16FB37d819B0A4dc',
  '976EA74026E726554dB657fA54763abd0C3a0aa9',
  '14dC79964da2C08b23698B3D3cc7Ca32193d9955',
  '23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f',
  'a0Ee7A142d267C1f36714E4a8F75612F20a79720',
])
  alloc['0x' + a.toLowerCase()] = { balance: '0x21e19e0c9bab2400000' };
const [, , out, ts, osaka, pragueTime] = process.argv;
const g = {
  config: {
    chainId: 1337,
    homesteadBlock: 0,
    eip150Block: 0,
    eip155Block: 0,
    eip158Block: 0,
    byzantiumBlock: 0,
    constantinopleBlock: 0,
    petersburgBlock: 0,
    istanbulBlock: 0,
    berlinBlock: 0,
    londonBlock: 0,
    mergeNetsplitBlock: 0,
    terminalTotalDifficulty: 0,
    terminalTotalDifficultyPassed: true,
    shanghaiTime: 0,
    cancunTime: 0,
    pragueTime: Number(pragueTime || 0),
    ...(osaka && osaka !== '-' ? { osakaTime: Number(osaka) } : {}),
    depositContractAddress: '0x00000000219ab540356cbb839cbe05303d7705fa',
    blobSchedule: {
      cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
      prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
      osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
    },
  },
  nonce: '0x0',
  timestamp: '0x' + Number(ts || 0).toString(16),
  extraData: '0x',
  gasLimit: '0x3938700',
  difficulty: '0x0',
  mixHash: '0x' + '00'.repeat(32),
  coinbase: '0x' + '00'.repeat(20),
  baseFeePerGas: '0x3b9aca00',
  excessBlobGas: '0x0',
  blobGasUsed: '0x0',
  number: '0x0',
  gasUsed: '0x0',
  parentHash: '0x' + '00'.repeat(32),
  alloc,
};
fs.writeFileSync(out, JSON.stringify(g, null, 1));
