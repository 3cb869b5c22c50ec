//! Where servers differ: which statuses mean the same, each with who answers so. Seen on WsgiDAV 4.4.0, rclone 1.60.1, Apache
//! 2.4.71 and nginx 1.22.1 with dav-ext 3.0, unless another source is named. `spec/adapters.md` tells what else differs.

/// PUT into a folder that is not there.
pub(super) const NO_FOLDER: &[u16] = &[
    409, // RFC 4918, 9.7.1; WsgiDAV, Apache; sabre/dav of Nextcloud and ownCloud (its source)
    404, // rclone
    500, // nginx: it cannot rename its temporary file
];

/// MKCOL of a folder that is there, or of a name that a file has.
pub(super) const TAKEN: &[u16] = &[
    405, // RFC 4918, 9.3.1; all but rclone, which answers 201
    301, // Apache before 2.2, of a name without a slash at its end (its source)
];

/// MKCOL below a folder that is not there.
pub(super) const NOTHING_ABOVE: &[u16] = &[
    409, // RFC 4918, 9.3.1; all
    404, // what golang.org/x/net/webdav makes of some storages (its source)
];

/// GET of a folder, or below a file, where it is not simply 404. Others send the web page of a listing: WsgiDAV, rclone.
pub(super) const NO_FILE: &[u16] = &[
    301, 302, 307, 308, // WsgiDAV, nginx: to the same name with a slash
    403, // nginx, behind that redirect
    405, // rclone
    400, 409, // RFC 4918, 8.3 and 9: a name that leads through a file
];

/// PROPFIND of a name that leads through a file, where it is not simply 404.
pub(super) const THROUGH_A_FILE: &[u16] = &[
    400, // Apache
    409, // sabre/dav (its source)
];

/// PUT that was refused for its name or for what is there, before anything was written.
pub(super) const REFUSED_NAME: &[u16] = &[
    400, // Apache, of a name below a file; sabre/dav, of a name that Nextcloud does not allow (its source)
    405, // WsgiDAV, of a name that a folder has
    409, // Apache, of the same
    422, // RFC 4918, 11.2
];
