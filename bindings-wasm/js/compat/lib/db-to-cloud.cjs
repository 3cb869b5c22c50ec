const { dbToCloud } = require("../../compat.cjs");

module.exports = { dbToCloud };
