//! Whether the remote that a manifest names as the source of Core is there.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::text;
use vit_contract::vertical::Upstream;

use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Remote, safe_url};
use crate::registry::Registry;

/// That it is not there, and what would add it. Without it another remote is asked for releases,
/// which may be the team's own: its branches are then not taken for Core's.
///
/// # Errors
/// The configuration cannot be read.
pub(super) fn missing(
    cx: &Context<'_>,
    verticals: &[Vertical],
    registry: &dyn Registry,
) -> Result<Option<Problem>, EngineError> {
    if cx.site.settings.registry.location.is_some() {
        return Ok(None);
    }
    let named = verticals
        .iter()
        .filter_map(|v| Some((v, v.manifest.as_ref()?.upstream.as_ref()?)))
        .find_map(|(v, upstream)| Some((v, upstream, upstream.remote_name.as_deref()?)));
    let Some((vertical, upstream, name)) = named else {
        return Ok(None);
    };
    let remotes = cx.git.remotes()?;
    if remotes.iter().any(|remote| remote.name == name) {
        return Ok(None);
    }
    let asked = remotes
        .iter()
        .find(|remote| Some(remote.name.as_str()) == registry.remote());
    if asked.is_some_and(|remote| is_of(remote, upstream)) {
        return Ok(None);
    }
    let name = text::visible(name);
    let url = upstream.repo.as_ref().map_or_else(
        || "URL".to_owned(),
        |repo| format!("https://github.com/{}", text::visible(repo)),
    );
    let instead = asked.map_or_else(
        || "the repository's own release tags count instead".to_owned(),
        |remote| {
            let (name, url) = (text::visible(&remote.name), safe_url(&remote.url));
            format!(
                "releases are taken from {name} ({}) instead",
                text::visible(&url)
            )
        },
    );
    let problem = Problem::new(
        Code::UpstreamRemoteMissing,
        &vertical.manifest_path,
        format!(
            "the remote {name}, which the manifest names as the source of Core, is not configured"
        ),
    );
    Ok(Some(problem.evidence(instead).hint(
        Who::You,
        format!("add it: `git remote add {name} {url}`"),
    )))
}

/// Whether a remote is the repository that the manifest names, whatever the remote's name.
fn is_of(remote: &Remote, upstream: &Upstream) -> bool {
    let Some(repo) = &upstream.repo else {
        return false;
    };
    let url = remote.url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    url.strip_suffix(repo.as_str())
        .is_some_and(|rest| rest.ends_with(['/', ':']))
}
