// What is known of each service before anybody signs in.

/** Sends everything to a server that stands in for the service, with the same paths. */
function at(service, address) {
  if (service === undefined) return address;
  const { pathname } = new URL(address);
  return new URL(pathname, service).href;
}

/** An app of Dropbox, without a secret (its OAuth guide, "PKCE" and "offline access"). `service` is the address of an emulator. */
export function dropbox({ clientId, service }) {
  return {
    service: "Dropbox",
    clientId,
    server: {
      issuer: "https://www.dropbox.com",
      authorization_endpoint: at(service, "https://www.dropbox.com/oauth2/authorize"),
      token_endpoint: at(service, "https://api.dropboxapi.com/oauth2/token"),
    },
    scopes: ["files.content.read", "files.content.write", "files.metadata.read"],
    parameters: { token_access_type: "offline" },
    /** The refresh token ends with the access token that signs this. */
    revocation: ({ access }) => ({
      url: at(service, "https://api.dropboxapi.com/2/auth/token/revoke"),
      init: { method: "POST", headers: { authorization: `Bearer ${access}` } },
    }),
    isLocal: service !== undefined,
  };
}

/** An app of Google. Google gives a secret to apps that run with the person, where nothing is secret, and wants it back. */
export function google({ clientId, clientSecret, service }) {
  return {
    service: "Google Drive",
    clientId,
    clientSecret,
    server: {
      issuer: "https://accounts.google.com",
      authorization_endpoint: at(service, "https://accounts.google.com/o/oauth2/v2/auth"),
      token_endpoint: at(service, "https://oauth2.googleapis.com/token"),
    },
    scopes: ["https://www.googleapis.com/auth/drive.appdata", "https://www.googleapis.com/auth/drive.file"],
    parameters: { access_type: "offline", prompt: "consent" },
    revocation: ({ refresh }) => ({
      url: at(service, "https://oauth2.googleapis.com/revoke"),
      init: { method: "POST", body: new URLSearchParams({ token: refresh }) },
    }),
    isLocal: service !== undefined,
  };
}

/**
 * An app of Microsoft, without a secret ("OAuth 2.0 authorization code flow", for a single-page app). It asks for the folder of
 * the app, or for all files of the account. Microsoft takes no tokens back: a person ends the access of the app on a page there.
 */
export function onedrive({ clientId, allFiles = false, service }) {
  return {
    service: "OneDrive",
    clientId,
    server: {
      issuer: "https://login.microsoftonline.com/common/v2.0",
      authorization_endpoint: at(service, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
      token_endpoint: at(service, "https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    },
    scopes: [allFiles ? "Files.ReadWrite" : "Files.ReadWrite.AppFolder", "offline_access"],
    parameters: {},
    isLocal: service !== undefined,
  };
}
