module.exports = require("../../../compat.cjs").drive.google;
