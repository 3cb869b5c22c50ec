module.exports = require("../../../compat.cjs").drive.webdav;
