const { LockError } = require("../../compat.cjs");

module.exports = { LockError };
