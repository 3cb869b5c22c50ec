import { drive } from "../../index.js";

export const fsDrive: typeof drive.fsDrive;
export const github: typeof drive.github;
export const dropbox: typeof drive.dropbox;
export const onedrive: typeof drive.onedrive;
export const google: typeof drive.google;
export const webdav: typeof drive.webdav;
