module.exports = require("../../../compat.cjs").drive.github;
