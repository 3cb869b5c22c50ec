module.exports = require("../../../compat.cjs").drive.fsDrive;
