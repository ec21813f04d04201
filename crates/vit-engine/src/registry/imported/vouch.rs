//! Who vouches for an imported release where the registry is trusted as signed. A bundle bears no
//! signature of its own: taken as it is, it would be the way round the signed index.

use vit_contract::bundle::BundledRelease;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::text;

use super::{Registry, is_withdrawn};
use crate::context::Context;
use crate::error::EngineError;

/// How many tags are named in a problem.
const NAMED: usize = 5;

/// Whether the signed index speaks of a release of its listing: one that it does not name is there
/// as withdrawn, without metadata.
pub(super) fn is_named(release: &Release) -> bool {
    !is_withdrawn(release) || release.metadata_sha256.is_some()
}

/// Makes an imported release that the signed index does not name no target, unless its tag has to
/// be signed; tells whether it did.
pub(super) fn bar(
    cx: &Context<'_>,
    origin: &str,
    (release, imported): (&mut Release, &BundledRelease),
) -> bool {
    if tag_vouches(cx, imported) {
        return false;
    }
    let problem = Problem::new(
        Code::RegistryUntrusted,
        &release.tag,
        "the release came in a bundle, and the signed index does not name it: it is no target",
    )
    .evidence(format!("{origin} is trusted as signed"));
    release
        .problems
        .push(hinted(problem, imported.metadata.is_some()));
    true
}

/// Whether the policy of signed tags holds a release to what its tag signs. Metadata beside the
/// tree are signed by no tag.
fn tag_vouches(cx: &Context<'_>, imported: &BundledRelease) -> bool {
    cx.site.settings.trust.require_signed_tags && imported.metadata.is_none()
}

fn hinted(problem: Problem, beside: bool) -> Problem {
    // Metadata beside the tree are signed by no tag: only the index can name them.
    let tags = if beside {
        ""
    } else {
        "; or let signed tags vouch for it: `require_signed_tags = true` under `[trust]` in vit.toml"
    };
    problem.hint(
        Who::You,
        format!(
            "where the registry can be reached, `vit update` brings the signed index of today{tags}; \
             or end the trust on the record: `vit trust remove --reason TEXT`"
        ),
    )
}

/// What [`super::super::unvouched`] says, of a place.
pub(in crate::registry) fn unvouched(
    cx: &Context<'_>,
    place: &dyn Registry,
    (bundle, releases): (&str, &[BundledRelease]),
) -> Result<Option<Problem>, EngineError> {
    let Some(origin) = place.trusted() else {
        return Ok(None);
    };
    let listed = match place.list(cx, false) {
        Ok(listing) if listing.source.signed => listing.releases,
        // Nothing that is verified is kept here: it names nothing.
        Ok(_)
        | Err(
            EngineError::Registry { .. }
            | EngineError::Refused { .. }
            | EngineError::BadInput { .. },
        ) => Vec::new(),
        Err(error) => return Err(error),
    };
    let vouched = |release: &&BundledRelease| {
        tag_vouches(cx, release) || listed.iter().any(|known| is_same(known, release))
    };
    let open: Vec<&BundledRelease> = releases.iter().filter(|r| !vouched(r)).collect();
    if open.is_empty() {
        return Ok(None);
    }
    let tags: Vec<String> = open
        .iter()
        .take(NAMED)
        .map(|r| text::visible(&r.tag))
        .collect();
    let more = match open.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let problem = Problem::new(
        Code::RegistryUntrusted,
        bundle,
        "the registry is trusted as signed, and the signed index that is kept here does not name these releases as the bundle has them",
    )
    .evidence(format!(
        "{}{more}; {origin} is trusted as signed",
        tags.join(", ")
    ));
    let beside = open.iter().any(|release| release.metadata.is_some());
    Ok(Some(hinted(problem, beside)))
}

/// Whether the signed index names a release with this commit and these metadata. What is in the
/// tree is as the commit is.
fn is_same(known: &Release, release: &BundledRelease) -> bool {
    let doubted =
        |problem: &Problem| matches!(problem.code, Code::RegistryUntrusted | Code::TagMoved);
    let brought = release.metadata.as_ref().map(|file| &file.sha256);
    known.tag == release.tag
        && known.commit.as_ref() == Some(&release.commit)
        && known.metadata_sha256.is_some()
        && (brought.is_none() || brought == known.metadata_sha256.as_ref())
        && !known.problems.iter().any(doubted)
}
