const { dbToCloud, drive } = require("../compat.cjs");

module.exports = { dbToCloud, drive };
