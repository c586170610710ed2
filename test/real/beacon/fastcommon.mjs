// SPDX-License-Identifier: Apache-2.0
// preload (node --import ./fastcommon.mjs): makes @ethereumjs/common not re-merge the same params object for every tx/header
import { Common } from '@ethereumjs/common';
const known = new Set();
const up = Common.prototype.updateParams,
  cp = Common.prototype.copy,
  rs = Common.prototype.resetParams;
Common.prototype.updateParams = function (p) {
  if (this.__ap?.has(p)) return;
  up.call(this, p);
  (this.__ap ??= new Set()).add(p);
  known.add(p);
};
Common.prototype.resetParams = function (p) {
  this.__ap = new Set();
  return rs.call(this, p);
};
Common.prototype.copy = function () {
  for (const p of known) this.updateParams(p);
  const c = cp.call(this);
  c.__ap = new Set(this.__ap);
  return c;
};
