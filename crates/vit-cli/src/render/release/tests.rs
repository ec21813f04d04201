use insta::assert_snapshot;

use super::*;
use crate::render::samples;

#[test]
fn a_list_of_every_kind() {
    assert_snapshot!(list(&samples::release_list(), View::default()), @"");
}

#[test]
fn nothing_to_list() {
    let report = ReleaseListReport {
        releases: Vec::new(),
        more: 0,
        problems: Vec::new(),
        all_channels: false,
        ..samples::release_list()
    };
    assert_snapshot!(list(&report, View::default()), @"
    no release is shown on this channel

    channel stable (set by manifest of finance); releases from git origin, asked 2 min ago; 12 tags are no releases
    ");
}

#[test]
fn a_release_with_everything() {
    assert_snapshot!(show(&samples::release_show(), View::default()), @"");
}

#[test]
fn a_release_of_which_nothing_is_known() {
    let report = ReleaseShowReport {
        metadata: None,
        metadata_sha256: None,
        commit: None,
        lts: false,
        through: Vec::new(),
        checksum: ChecksumState::None,
        problems: Vec::new(),
        verdict: vit_contract::verdict::Verdict::new(Vec::new(), Vec::new()),
        ..samples::release_show()
    };
    assert_snapshot!(show(&report, View::default()), @"");
}
