//! Branches of repositories of GitHub.

use super::{Drive, cloud::with_root};
use crate::{
    KiteError,
    contain::contained,
    http::{Http, sending},
    tokens::Tokens,
};
use kitestring::Result;
use kitestring_adapters::{GitHub, NativeRuntime, drives::github};
use std::sync::Arc;

/// The folders of the journal layout in which each file has one writer.
const RECORDS: &[&str] = &["j", "p", "c", "k", "v"];

/// A branch of a repository, or a folder in one.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct GitHubPlace {
    /// The account or organization.
    pub owner: String,
    /// The repository.
    pub repository: String,
    /// The branch; `kitestring` by default, with a history of its own.
    #[uniffi(default = None)]
    pub branch: Option<String>,
    /// The folder, as `notes/2026`; the top of the branch by default.
    #[uniffi(default = None)]
    pub folder: Option<String>,
}

fn github(place: GitHubPlace, tokens: &Tokens, http: Option<Arc<dyn Http>>, service: Option<String>) -> Result<GitHub> {
    let GitHubPlace { owner, repository, branch, folder } = place;
    let place = github::Place { owner, repository, branch, folder };
    let (http, runtime, tokens) = (sending(http)?, Arc::new(NativeRuntime::new()), tokens.0.clone());
    match service {
        Some(service) => GitHub::emulated(&service, http, runtime, &place, tokens),
        None => GitHub::new(http, runtime, &place, tokens),
    }
}

#[uniffi::export]
impl Drive {
    /// Takes a branch of a repository of GitHub, for the journal layout. Nothing is sent.
    #[uniffi::constructor(default(http = None, service = None))]
    pub fn github(
        place: GitHubPlace,
        tokens: Arc<Tokens>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(github(place, &tokens, http, service)?.with_one_writer_in(RECORDS)))
    }

    /// The same for the classic layout.
    #[uniffi::constructor(default(http = None, service = None))]
    pub fn github_classic(
        place: GitHubPlace,
        tokens: Arc<Tokens>,
        http: Option<Arc<dyn Http>>,
        service: Option<String>,
    ) -> Result<Arc<Self>, KiteError> {
        contained("open", || with_root!(github(place, &tokens, http, service)?))
    }
}
