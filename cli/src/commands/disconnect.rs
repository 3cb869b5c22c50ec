//! `kite disconnect`.

use super::DONE;
use crate::{
    args::{Disconnect, DisconnectFrom, SignOutOptions},
    connections::{AccessKeys, AccessToken, Cloud, Login},
    github::Repository,
    output::{GOOD, json, line, note, styled},
    s3::Bucket,
    webdav::Address,
};
use async_io::block_on;
use kitestring::{Error, ErrorKind, Result};
use kitestring_adapters::oauth::{Revocation, TokenStore as _};
use serde_json::json;

/// Signs out.
pub(super) fn run(args: &Disconnect) -> Result<u8> {
    let (name, place) = match &args.from {
        DisconnectFrom::Dropbox(options) => cloud(Cloud::Dropbox, options)?,
        DisconnectFrom::Gdrive(options) => cloud(Cloud::Gdrive, options)?,
        DisconnectFrom::Onedrive(options) => cloud(Cloud::Onedrive, options)?,
        DisconnectFrom::Webdav(server) => {
            let server = Address::parse_typed(&server.address)?.server()?;
            if !Login::forget(&server)? {
                return Err(nobody(&server));
            }
            ("webdav", server)
        }
        DisconnectFrom::S3(bucket) => {
            let store = Bucket::parse_typed(&bucket.address)?.store();
            if !AccessKeys::forget(&store)? {
                return Err(nobody(&store));
            }
            ("s3", store)
        }
        DisconnectFrom::Github(repository) => {
            let name = Repository::parse_typed(&repository.address)?.name();
            if !AccessToken::forget(&name)? {
                return Err(nobody(&name));
            }
            ("github", name)
        }
    };
    if args.json {
        json::print(&json!({ "disconnected": name }));
    } else {
        line(format_args!("{} of {place}", styled(GOOD, "Signed out")));
    }
    Ok(DONE)
}

/// Gives the tokens back, and deletes them here. What cannot be read, or is not to be given back, is only deleted.
fn cloud(cloud: Cloud, options: &SignOutOptions) -> Result<(&'static str, String)> {
    let (endpoint, file) = (cloud.endpoint()?, cloud.file()?);
    block_on(async {
        let _turn = file.turn().await?;
        match file.load().await {
            Ok(None) => return Err(nobody(cloud.service())),
            Ok(Some(grant)) if !options.local => endpoint.revoke(&grant).await.map_err(|e| kept(cloud, e))?,
            Err(e) if !options.local => return Err(kept(cloud, e)),
            _ => {}
        }
        file.forget().await
    })?;
    if let Revocation::ByHand(page) = &endpoint.provider().revocation {
        note(format_args!("{} takes no tokens back: to end the access of the app, remove it at {page}", cloud.service()));
    }
    Ok((cloud.name(), cloud.service().to_owned()))
}

fn nobody(place: &str) -> Error {
    Error::new(ErrorKind::NotFound, "sign-out", format!("nobody is signed in to {place} here"))
}

fn kept(cloud: Cloud, error: Error) -> Error {
    let detail = format!(
        "{}; nothing was deleted. `kite disconnect {} --local` deletes the tokens here only; end the access of the app on the service's \
         web page then",
        error.detail(),
        cloud.name()
    );
    Error::new(error.kind.clone(), "sign-out", detail).caused_by(error)
}
