//! A release seen from another one that is not installed yet: what a hop of a chain means.

use std::collections::BTreeSet;

use vit_contract::release::Release;
use vit_contract::verdict::Verdict;

use super::{Facts, Target, target};
use crate::compat::{self, Vertical};

impl Facts {
    /// Judges the hop from one release to a later one: with the verticals that the first one's
    /// tree has, and with the releases between the two on the way.
    #[must_use]
    pub fn judge_hop(&self, from: &Target, to: &Target) -> Verdict {
        let there: Vec<Vertical> = standing(from).cloned().collect();
        let brought: Vec<Vertical> = standing(to).filter(|v| v.tracked).cloned().collect();
        let (verticals, removed): (Vec<Vertical>, BTreeSet<String>) =
            target::merge(&there, brought);
        let way = self.way_from(&from.release.version, &to.release);
        let way: Vec<&Release> = way.iter().map(|release| &**release).collect();
        let case = compat::Case {
            target: &to.release,
            way: &way,
            exports: &to.exports,
            channel: self.channel.channel,
            explicit: to.explicit,
            today: self.today,
            installed: Some(&from.release.version),
            removed: &removed,
        };
        compat::judge(&case, &verticals)
    }
}

/// The verticals that stand where a target lands: those that its tree does not have are gone.
fn standing(target: &Target) -> impl Iterator<Item = &Vertical> {
    target
        .switch
        .verticals
        .iter()
        .filter(|vertical| !target.switch.removed.contains(&vertical.manifest_path))
}
