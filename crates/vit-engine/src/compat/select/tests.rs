use proptest::prelude::*;
use vit_contract::code::Code;
use vit_contract::problem::Problem;

use super::*;
use crate::compat::fixture::{release, version, vertical};

fn releases(versions: &[&str]) -> Vec<Release> {
    versions.iter().map(|text| release(text)).collect()
}

fn offered(releases: &[Release], current: &str, channel: Channel) -> Option<String> {
    newer(releases, Some(&version(current)), channel)
        .usable
        .first()
        .map(|release| release.version.to_string())
}

#[test]
fn case_01_the_newest_stable_is_found_behind_120_betas() {
    let mut all: Vec<Release> = (1..=40).map(|n| release(&format!("1.{n}.0"))).collect();
    all.extend((1..=120).map(|n| release(&format!("2.0.0-beta.{n}"))));
    assert_eq!(
        offered(&all, "1.0.0", Channel::Stable).as_deref(),
        Some("1.40.0")
    );
    assert_eq!(
        offered(&all, "1.0.0", Channel::Beta).as_deref(),
        Some("2.0.0-beta.120")
    );
}

#[test]
fn case_02_nothing_older_or_equal_is_offered() {
    let all = releases(&["1.0.0", "1.1.0", "1.2.0", "1.2.0+build.7"]);
    assert_eq!(offered(&all, "1.2.0", Channel::Canary), None);
}

#[test]
fn case_03_a_beta_subscriber_is_offered_stable() {
    let all = releases(&["1.1.0-beta.1", "1.2.0-beta.3", "1.2.0"]);
    assert_eq!(
        offered(&all, "1.1.0-beta.1", Channel::Beta).as_deref(),
        Some("1.2.0")
    );
}

#[test]
fn case_03_the_manifests_channel_counts_and_the_calmest_wins() {
    let mut verticals = vec![vertical("finance"), vertical("energy"), vertical("trial")];
    let set = |verticals: &mut Vec<Vertical>, index: usize, channel, status| {
        let manifest = verticals[index].manifest.as_mut().unwrap();
        manifest.compatibility.update_channel = channel;
        manifest.status = status;
    };
    set(&mut verticals, 0, Channel::Canary, Status::Active);
    set(&mut verticals, 1, Channel::Beta, Status::Deprecated);
    set(&mut verticals, 2, Channel::Stable, Status::Experimental);
    let chosen = |flag, stored, verticals: &[Vertical]| {
        let choice = effective_channel(flag, stored, verticals);
        (choice.channel, choice.set_by)
    };
    assert_eq!(
        chosen(None, None, &verticals),
        (Channel::Beta, "manifest of energy".to_owned())
    );
    assert_eq!(
        chosen(None, Some(Channel::Canary), &verticals),
        (Channel::Canary, "vit channel".to_owned())
    );
    assert_eq!(
        chosen(
            Some((Channel::Lts, "--channel")),
            Some(Channel::Canary),
            &verticals
        ),
        (Channel::Lts, "--channel".to_owned())
    );
    set(&mut verticals, 0, Channel::Lts, Status::Active);
    assert_eq!(
        chosen(None, None, &verticals),
        (Channel::Lts, "manifest of finance".to_owned())
    );
    assert_eq!(
        chosen(None, None, &verticals[2..]),
        (Channel::Stable, "default".to_owned())
    );
}

#[test]
fn case_04_a_pre_release_that_says_stable_is_not_shown_on_stable() {
    let mut all = releases(&["1.2.0", "2.0.0-beta.1"]);
    all[1].metadata.as_mut().unwrap().channel = Channel::Stable;
    assert_eq!(
        offered(&all, "1.0.0", Channel::Stable).as_deref(),
        Some("1.2.0")
    );
}

#[test]
fn case_07_an_unusable_release_is_listed_apart() {
    let mut all = releases(&["1.2.0", "1.3.0"]);
    all[1].metadata = None;
    all[1]
        .problems
        .push(Problem::new(Code::MetadataUnreadable, "v1.3.0", "not JSON"));
    let found = newer(&all, None, Channel::Stable);
    assert_eq!(found.usable, [&all[0]]);
    assert_eq!(found.unusable, [&all[1]]);
}

#[test]
fn lts_shows_only_what_is_marked() {
    let mut all = releases(&["1.2.0", "1.3.0", "1.4.0"]);
    all[0].metadata.as_mut().unwrap().lts = true;
    all[1].metadata.as_mut().unwrap().channel = Channel::Lts;
    assert_eq!(
        offered(&all, "1.0.0", Channel::Lts).as_deref(),
        Some("1.3.0")
    );
    assert_eq!(
        offered(&all, "1.0.0", Channel::Stable).as_deref(),
        Some("1.4.0")
    );
}

fn any_version() -> impl Strategy<Value = Version> {
    let pre = prop::option::of(prop::sample::select(vec![
        "beta.1", "beta.2", "rc.1", "alpha", "7",
    ]));
    (0..3u64, 0..4u64, 0..3u64, pre, any::<bool>()).prop_map(|(major, minor, patch, pre, build)| {
        let pre = pre.map(|pre| format!("-{pre}")).unwrap_or_default();
        let build = if build { "+b.1" } else { "" };
        version(&format!("{major}.{minor}.{patch}{pre}{build}"))
    })
}

fn any_release() -> impl Strategy<Value = Release> {
    (
        any_version(),
        prop::option::of(prop::sample::select(Channel::ALL.to_vec())),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(version, channel, lts, usable)| {
            let mut release = release(&version.to_string());
            match (channel, release.metadata.as_mut()) {
                (Some(channel), Some(metadata)) => {
                    metadata.channel = channel;
                    metadata.lts = lts;
                }
                _ => release.metadata = None,
            }
            if !usable {
                release
                    .problems
                    .push(Problem::new(Code::MetadataUnreadable, "x", "x"));
            }
            release
        })
}

proptest! {
    /// The chosen release is never riskier than the channel, never older than or equal to what
    /// is installed, and no other release that could be chosen is newer.
    #[test]
    fn the_offer_is_the_newest_that_may_be_offered(
        all in prop::collection::vec(any_release(), 0..24),
        current in any_version(),
        channel in prop::sample::select(Channel::ALL.to_vec()),
    ) {
        let found = newer(&all, Some(&current), channel);
        let may = |release: &&Release| {
            let risk = release.channel().max(Channel::of_version(&release.version));
            let seen = if channel == Channel::Lts { release.lts() } else { risk <= channel };
            seen && release.version.cmp_precedence(&current) == Ordering::Greater
        };
        prop_assert_eq!(
            found.usable.len() + found.unusable.len(),
            all.iter().filter(may).count()
        );
        prop_assert!(found.usable.iter().chain(&found.unusable).all(may));
        prop_assert!(found.usable.iter().all(|release| release.is_usable()));
        prop_assert!(found.unusable.iter().all(|release| !release.is_usable()));
        let best = all.iter().filter(|r| r.is_usable()).filter(may).map(|r| &r.version).max();
        prop_assert_eq!(found.usable.first().map(|release| &release.version), best);
        prop_assert!(found.usable.is_sorted_by(|a, b| a.version >= b.version));
    }

    /// The order in which the registry lists releases does not show.
    #[test]
    fn the_order_of_the_registry_does_not_matter(
        all in prop::collection::vec(any_release(), 0..12),
    ) {
        let versions = |releases: &[Release]| -> Vec<String> {
            newer(releases, None, Channel::Canary)
                .usable
                .iter()
                .map(|release| release.version.to_string())
                .collect()
        };
        let mut reversed = all.clone();
        reversed.reverse();
        prop_assert_eq!(versions(&all), versions(&reversed));
    }
}
