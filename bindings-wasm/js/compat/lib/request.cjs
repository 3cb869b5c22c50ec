const { createRequest, RequestError } = require("../../compat.cjs");

module.exports = { createRequest, RequestError };
