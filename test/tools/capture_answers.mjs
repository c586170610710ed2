// SPDX-License-Identifier: Apache-2.0
// usage: node capture_answers.mjs RPC_URL EPOCH_LENGTH KEY
// Prints the answers of the node at RPC_URL; KEY has coins there. For test/vectors/atlas_node/answers.json.
import { collectAnswers } from "./answers.mjs";

const [url, epochLength, key] = process.argv.slice(2);
console.log(JSON.stringify(await collectAnswers(url, Number(epochLength), key), null, 1));
