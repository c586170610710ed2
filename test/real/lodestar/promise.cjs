// SPDX-License-Identifier: Apache-2.0
// Node 20 lacks Promise.withResolvers, which a dependency of the beacon node expects.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((a, b) => {
    resolve = a;
    reject = b;
  });
  return { promise, resolve, reject };
};
