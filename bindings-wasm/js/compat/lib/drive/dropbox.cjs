module.exports = require("../../../compat.cjs").drive.dropbox;
