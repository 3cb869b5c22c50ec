module.exports = require("../../../compat.cjs").drive.onedrive;
