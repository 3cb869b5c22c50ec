// The same in CommonJS.
import compat = require("kitestring/compat");
import dropbox = require("kitestring/compat/lib/drive/dropbox");

const drive: compat.CloudAdapter = dropbox({ getAccessToken: () => "token" });
const use: (sync: compat.SyncController) => void = sync => sync.use(drive);
void use;

// @ts-expect-error: a token is needed
dropbox({});
