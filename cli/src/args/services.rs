//! What can be typed to sign in to services, and out of them.

use clap::{Args as ClapArgs, Subcommand};

/// The options of `kite connect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Connect {
    /// Where to.
    #[command(subcommand)]
    pub to: Option<ConnectTo>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where somebody can sign in.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectTo {
    /// Dropbox, as the app whose key is in KITE_DROPBOX_APP_KEY
    Dropbox(SignInOptions),
    /// Google Drive, as the desktop app in KITE_GDRIVE_CLIENT_ID and KITE_GDRIVE_CLIENT_SECRET
    Gdrive(SignInOptions),
    /// OneDrive, as the app whose id is in KITE_ONEDRIVE_CLIENT_ID
    Onedrive(OneDriveOptions),
    /// A WebDAV server; user and password are asked for, or in KITE_WEBDAV_USER and KITE_WEBDAV_PASSWORD
    Webdav(WebDavServer),
    /// A bucket of Amazon S3 or its kin; the keys are asked for, or in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    S3(S3Bucket),
    /// A repository of GitHub; the token is asked for, read from the input, or in KITE_GITHUB_TOKEN or GITHUB_TOKEN. A
    /// fine-grained one needs Contents, read and write
    Github(GitHubRepository),
}

/// How to sign in.
#[derive(Debug, ClapArgs)]
pub(crate) struct SignInOptions {
    /// The app key or client id of your app at the service; the next time it is known
    #[arg(long, value_name = "ID")]
    pub app: Option<String>,
    /// Open no browser: open the address that is shown on any device, and paste the code or the address of the last page
    #[arg(long)]
    pub no_browser: bool,
    /// Let the browser come back to this port of 127.0.0.1, for a service at which the app must name its port
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// How to sign in to OneDrive.
#[derive(Debug, ClapArgs)]
pub(crate) struct OneDriveOptions {
    #[command(flatten)]
    pub sign_in: SignInOptions,
    /// Ask for all files of the account, which a drive in a folder that you see needs (onedrive:/path); without it, only the
    /// folder of the app is asked for (onedrive:approot)
    #[arg(long)]
    pub all_files: bool,
}

/// Which server.
#[derive(Debug, ClapArgs)]
pub(crate) struct WebDavServer {
    /// The address of a folder there, as kite sync --drive takes it; the password counts for the whole server
    #[arg(value_name = "webdav+https://HOST/PATH")]
    pub address: String,
}

/// A bucket.
#[derive(Debug, ClapArgs)]
pub(crate) struct S3Bucket {
    /// The bucket, as kite sync --drive takes it; the keys count for the whole bucket
    #[arg(value_name = "s3://BUCKET?endpoint=URL&region=NAME")]
    pub address: String,
}

/// A repository.
#[derive(Debug, ClapArgs)]
pub(crate) struct GitHubRepository {
    /// The repository, also as kite sync --drive takes it; the token counts for the whole repository
    #[arg(value_name = "OWNER/REPOSITORY")]
    pub address: String,
}

/// The options of `kite disconnect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Disconnect {
    /// Where from.
    #[command(subcommand)]
    pub from: DisconnectFrom,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where somebody can sign out.
#[derive(Debug, Subcommand)]
pub(crate) enum DisconnectFrom {
    /// Dropbox
    Dropbox(SignOutOptions),
    /// Google Drive
    Gdrive(SignOutOptions),
    /// OneDrive: the tokens are deleted here, and the access of the app is ended on a web page of Microsoft
    Onedrive(SignOutOptions),
    /// A WebDAV server: the password is deleted here
    Webdav(WebDavServer),
    /// A bucket of Amazon S3 or its kin: the keys are deleted here
    S3(S3Bucket),
    /// A repository of GitHub: the token is deleted here
    Github(GitHubRepository),
}

/// How to sign out.
#[derive(Debug, ClapArgs)]
pub(crate) struct SignOutOptions {
    /// Only delete what is kept here, without asking the service
    #[arg(long)]
    pub local: bool,
}
