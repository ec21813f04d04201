//! GitHub on loopback: the endpoints that a client of releases uses, over the repository of a
//! [`World`]. What it answers is made of the origin at the moment it is asked.
//!
//! ```no_run
//! use vit_testkit::World;
//! use vit_testkit::fault_server::Reply;
//! use vit_testkit::github_server::{Asset, GithubServer};
//!
//! let world = World::default();
//! let server = GithubServer::of(&world);
//! server.release("v1.0.0", Asset::of_tag);
//! // … run the program with GITHUB_API_URL=server.api_url() …
//! server.fail(Some(Reply::limited(403, None)));
//! assert_eq!(server.count(), 0);
//! ```
//!
//! | endpoint below `/api/v3` | answer |
//! |---|---|
//! | `/repos/O/N/releases`, `/repositories/ID/releases` | pages with `Link` (by id, as GitHub does) and `ETag` |
//! | `/repos/O/N/tags` | the origin's tags with their commits, in pages |
//! | `/repos/O/N/contents/FILE?ref=TAG` | base64 in lines of 60; 404 |
//! | `/repos/O/N/releases/assets/ID` | 302 to another port with a signed URL |

mod answers;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::fault_server::{Asked, FaultServer, Reply};
use crate::git;
use crate::world::World;

/// The owner and the name of the repository.
pub const REPOSITORY: (&str, &str) = ("vitruvyan", "vitruvyan-core");
/// Its id.
const ID: &str = "4242";
/// What stands before every path.
const BASE: &str = "/api/v3";
/// The secret in the address that an asset's download is redirected to.
pub const SIGNATURE: &str = "signed-4a9c1f";

/// An asset of a release.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// `uploaded`, or `open` while it is not.
    pub state: &'static str,
    /// What the list says of its digest; the truth where nothing is said.
    pub digest: Option<String>,
}

impl Asset {
    /// An asset with metadata, uploaded.
    #[must_use]
    pub fn metadata(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: "release_metadata.json".to_owned(),
            bytes: bytes.into(),
            state: "uploaded",
            digest: None,
        }
    }

    /// The metadata of the tag's own tree.
    #[must_use]
    pub fn of_tag(server: &GithubServer, tag: &str) -> Vec<Self> {
        let spec = format!("{tag}:release_metadata.json");
        vec![Self::metadata(server.git(&["show", &spec]) + "\n")]
    }

    /// No asset.
    #[must_use]
    pub fn none(_: &GithubServer, _: &str) -> Vec<Self> {
        Vec::new()
    }
}

/// What the threads of the server share.
struct State {
    origin: PathBuf,
    home: PathBuf,
    /// Releases as the API lists them, the newest first.
    releases: Vec<Value>,
    assets: Vec<Asset>,
    failure: Option<Reply>,
    /// Answers that come before all others, by the beginning of the path.
    instead: Vec<(String, Reply)>,
}

/// The server.
pub struct GithubServer {
    api: FaultServer,
    /// Where assets are downloaded from: another origin.
    storage: FaultServer,
    state: Arc<Mutex<State>>,
}

impl GithubServer {
    /// Starts a server for the origin of `world`, and makes the world's installation follow it:
    /// its remote is on the server's host, and git is told where that really is.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let server = Self {
            api: FaultServer::start(),
            storage: FaultServer::start(),
            state: Arc::new(Mutex::new(State {
                origin: world.origin(),
                home: world.home(),
                releases: Vec::new(),
                assets: Vec::new(),
                failure: None,
                instead: Vec::new(),
            })),
        };
        let url = server.remote_url();
        world.git(&["config", "remote.origin.url", &url]);
        server.connect_git(world, true);
        let (owner, name) = REPOSITORY;
        for what in ["releases", "tags"] {
            server.serve(&format!("/repos/{owner}/{name}/{what}"));
            server.serve(&format!("/repositories/{ID}/{what}"));
        }
        for file in ["release_metadata.json", "releases.json"] {
            server.serve(&format!("/repos/{owner}/{name}/contents/{file}"));
        }
        server
    }

    /// Answers a path below [`BASE`].
    fn serve(&self, path: &str) {
        let state = Arc::clone(&self.state);
        let (api, storage) = (self.api.url(""), self.storage.url(""));
        self.api.with(&format!("{BASE}{path}"), move |asked| {
            let state = locked(&state);
            let place = answers::Place {
                api: &api,
                storage: &storage,
            };
            answers::answer(&state, &place, asked)
        });
    }

    /// Whether git reaches the repository: by the user's own `insteadOf`, or not at all.
    pub fn connect_git(&self, world: &World, reached: bool) {
        let to = if reached {
            world.origin()
        } else {
            world.root().join("nowhere.git")
        };
        let file = world.home().join(".gitconfig");
        let file = file.to_str().expect("temporary folders are UTF-8");
        let url = self.remote_url();
        for other in [world.origin(), world.root().join("nowhere.git")] {
            let key = format!("url.{}.insteadOf", other.display());
            let value: &[&str] = if other == to { &[&url] } else { &["unused:"] };
            let mut args = vec!["config", "--file", file, &key];
            args.extend(value);
            world.git(&args);
        }
    }

    /// What `GITHUB_API_URL` has to be.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.api.url(BASE)
    }

    /// The repository's URL on this host.
    #[must_use]
    pub fn remote_url(&self) -> String {
        let (owner, name) = REPOSITORY;
        self.api.url(&format!("/{owner}/{name}.git"))
    }

    /// Publishes a release for a tag, before all others, with the assets that `assets` makes.
    pub fn release(&self, tag: &str, assets: impl FnOnce(&Self, &str) -> Vec<Asset>) -> &Self {
        self.release_with(tag, assets, |release| release)
    }

    /// The same, changed at will.
    pub fn release_with(
        &self,
        tag: &str,
        assets: impl FnOnce(&Self, &str) -> Vec<Asset>,
        change: impl FnOnce(Value) -> Value,
    ) -> &Self {
        let assets = assets(self, tag);
        let mut listed = Vec::new();
        for asset in assets {
            let id = {
                let mut state = locked(&self.state);
                state.assets.push(asset.clone());
                state.assets.len()
            };
            let (owner, name) = REPOSITORY;
            let path = format!("/repos/{owner}/{name}/releases/assets/{id}");
            self.serve(&path);
            self.storage.on(
                &format!("/download/{id}"),
                Reply::bytes("application/octet-stream", &asset.bytes),
            );
            listed.push(answers::asset(
                &asset,
                id,
                &self.api.url(&format!("{BASE}{path}")),
            ));
        }
        let prerelease = tag.contains('-');
        let release = json!({
            "id": 1000, "tag_name": tag, "name": tag, "draft": false, "prerelease": prerelease,
            "author": null, "assets": listed, "body": format!("Notes of {tag}"),
            "created_at": "2026-01-01T00:00:00Z", "published_at": "2026-01-01T00:00:00Z",
        });
        locked(&self.state).releases.insert(0, change(release));
        self
    }

    /// Adds so many releases without assets at once: `v0.0.1` and up, oldest last.
    pub fn many(&self, count: usize) -> &Self {
        let mut state = locked(&self.state);
        for number in 1..=count {
            let tag = format!("v0.0.{number}");
            state
                .releases
                .insert(0, json!({"tag_name": tag, "draft": false, "assets": []}));
        }
        drop(state);
        self
    }

    /// Answers everything with this, or works again.
    pub fn fail(&self, with: Option<Reply>) -> &Self {
        locked(&self.state).failure = with;
        self
    }

    /// Answers paths (below the base, with their query) that begin so with this.
    pub fn instead(&self, begin: &str, reply: Reply) -> &Self {
        let begin = format!("{BASE}{begin}");
        locked(&self.state).instead.push((begin, reply));
        self
    }

    /// Every request to the API so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.api.asked()
    }

    /// The paths of these requests, below the base.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let all = self.asked();
        all.iter()
            .map(|asked| {
                asked
                    .path
                    .strip_prefix(BASE)
                    .unwrap_or(&asked.path)
                    .to_owned()
            })
            .collect()
    }

    /// How many requests the API had.
    #[must_use]
    pub fn count(&self) -> usize {
        self.asked().len()
    }

    /// Every request to the other origin that assets come from.
    #[must_use]
    pub fn downloads(&self) -> Vec<Asked> {
        self.storage.asked()
    }

    fn git(&self, args: &[&str]) -> String {
        let state = locked(&self.state);
        git::run(&state.origin, &state.home, args)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
