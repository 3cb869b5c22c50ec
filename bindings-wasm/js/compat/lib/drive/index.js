export { default as fsDrive } from "./fs-drive.js";
export { default as github } from "./github.js";
export { default as dropbox } from "./dropbox.js";
export { default as onedrive } from "./onedrive.js";
export { default as google } from "./google.js";
export { default as webdav } from "./webdav.js";
