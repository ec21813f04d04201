//! Choosing: which channel is in force, and which releases it shows (FORMATS.md §2).

use std::cmp::{Ordering, Reverse};

use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::output::ChannelChoice;
use vit_contract::release::Release;
use vit_contract::vertical::Status;

use super::Vertical;

/// The channel in force and who set it: what this run was told, else the stored choice, else the
/// calmest of the active and deprecated verticals' channels, else stable.
#[must_use]
pub fn effective_channel(
    overriding: Option<(Channel, &'static str)>,
    stored: Option<Channel>,
    verticals: &[Vertical],
) -> ChannelChoice {
    if let Some((channel, set_by)) = overriding {
        return choice(channel, set_by);
    }
    if let Some(channel) = stored {
        return choice(channel, "vit channel");
    }
    // `Lts` is the least of the order: whoever wants it is the calmest.
    verticals
        .iter()
        .filter_map(|vertical| vertical.manifest.as_ref())
        .filter(|manifest| matches!(manifest.status, Status::Active | Status::Deprecated))
        .map(|manifest| (manifest.compatibility.update_channel, &manifest.domain_name))
        .min()
        .map_or_else(
            || choice(Channel::Stable, "default"),
            |(channel, name)| choice(channel, &format!("manifest of {name}")),
        )
}

fn choice(channel: Channel, set_by: &str) -> ChannelChoice {
    ChannelChoice {
        channel,
        set_by: set_by.to_owned(),
    }
}

/// The releases that are newer than what is installed, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Newer<'a> {
    /// Those that can be a target.
    pub usable: Vec<&'a Release>,
    /// Those that cannot, each with its reason among its problems.
    pub unusable: Vec<&'a Release>,
}

/// The releases that are newer than `current` and that `channel` shows or, where their metadata
/// was not read yet, may show; newest first. What is not read has the channel of its version, and
/// its metadata can only make that riskier, or put it on the lts track.
#[must_use]
pub fn candidates<'a>(
    releases: impl IntoIterator<Item = &'a Release>,
    current: Option<&Version>,
    channel: Channel,
) -> Vec<&'a Release> {
    let mut seen: Vec<&Release> = releases
        .into_iter()
        .filter(|release| may_show(channel, release))
        .filter(|release| {
            current
                .is_none_or(|current| release.version.cmp_precedence(current) == Ordering::Greater)
        })
        .collect();
    // The whole order of `Version` breaks ties of precedence, so that no order of the registry's
    // answer shows through.
    seen.sort_by_key(|release| Reverse(&release.version));
    seen
}

/// Whether `channel` shows a release, as far as is known of it.
#[must_use]
pub fn may_show(channel: Channel, release: &Release) -> bool {
    let on_track = release.lts() || (release.unread && channel == Channel::Lts);
    channel.sees(release.channel(), on_track)
}

/// The releases that `channel` shows and that are newer than `current` by SemVer precedence
/// (build metadata does not order); all that it shows where `current` is not known. Those whose
/// metadata was not read are judged by what is known of them.
#[must_use]
pub fn newer<'a>(
    releases: impl IntoIterator<Item = &'a Release>,
    current: Option<&Version>,
    channel: Channel,
) -> Newer<'a> {
    let seen = candidates(releases, current, channel);
    let (usable, unusable) = seen.into_iter().partition(|release| release.is_usable());
    Newer { usable, unusable }
}

#[cfg(test)]
mod tests;
