use insta::assert_snapshot;

use super::*;
use crate::render::samples;

#[test]
fn a_list_of_every_kind() {
    assert_snapshot!(list(&samples::release_list(), View::default()), @"
    version       channel      released    supported until  here
    2.0.0         stable       2026-02-19  -                blocked [core_above_maximum]
    1.3.0-beta.1  beta         2026-02-19  -                on another channel
    1.2.0         stable, lts  2026-02-19  2027-12-31       offered through 1.1.0
    1.1.0         stable       2026-02-19  -                compatible, with warnings* [metadata_not_fetched]
    1.0.0         stable       -           -                installed
    0.9.0         stable       -           -                older
    12 older releases not listed: `--limit 0` lists all
    * not fetched: judged by its metadata alone

    1 warning
      warning[contact_not_email]: the contact is no e-mail address
        --> domains/energy/vertical_manifest.yaml:14:12
         |
      14 |   contact: the energy team
         |            ^^^^^^^^^^^^^^^

    every channel; in force is channel stable (set by manifest of finance); releases from git origin, asked 2 min ago; 12 tags are no releases
    ");
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
    assert_snapshot!(show(&samples::release_show(), View::default()), @"
    1.1.0 compatible, with warnings through 1.0.5 (stable, lts, released 2026-02-19)
      not fetched: judged by its metadata alone
      tag        v1.1.0
      commit     aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      tree       not known here
      checksum   verified: the commit that the metadata names
      metadata   sha256 5555555555555555555555555555555555555555555555555555555555555555
      contracts  1.4.0
      requires   Core 1.0.0 or newer
      needs      finance 0.2.0 or newer
      offers     bus, graph
      removes    fax
      supported  until 2027-12-31
      migration  https://example.org/migrate

    breaking
      - GraphPlugin.run takes a context (id BC-7)

    deprecated
      - LegacyBus (removed in 2.0.0)

    features
      - feature 1
      - feature 2
      - feature 3
      - feature 4
      - feature 5
      - feature 6
      - feature 7
      - feature 8

    fixes
      - the event bus no longer drops the last event

      vertical  status      answer   why
      energy    deprecated  warning  contact_not_email
      finance   active      ok

    1 problem blocks
      finance: the target is newer than the vertical's max_core_version [core_above_maximum]
        max_core_version is 1.x.x
        the target is 2.0.0
        fix (vertical's owner): test against 2.0.0, then raise max_core_version
        see https://example.org/contract#range

    1 warning
      warning[contact_not_email]: the contact is no e-mail address
        --> domains/energy/vertical_manifest.yaml:14:12
         |
      14 |   contact: the energy team
         |            ^^^^^^^^^^^^^^^

    1 note
      v1.1.0: the release names no channel [channel_assumed]

    channel in force stable (set by manifest of finance); release from git origin, asked 2 min ago; 12 tags are no releases

    next: vit plan --target 1.1.0
    ");
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
    assert_snapshot!(show(&report, View::default()), @"
    1.1.0 compatible, with warnings (stable)
      not fetched: judged by its metadata alone
      tag       v1.1.0
      commit    not known here
      tree      not known here
      checksum  the metadata names none

    what it changes is not known

    channel in force stable (set by manifest of finance); release from git origin, asked 2 min ago; 12 tags are no releases

    next: vit plan --target 1.1.0
    ");
}
