// Node's `inspect`, as a package brings it to browsers.
/* global util */

export const { inspect } = util;
