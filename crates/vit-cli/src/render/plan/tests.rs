use insta::assert_snapshot;

use super::*;
use crate::render::samples;

#[test]
fn an_upgrade_with_warnings() {
    assert_snapshot!(plan(&samples::plan(), View::default()), @"
    upgrade 1.0.0 → 1.1.0   channel stable   warning
      aaaaaaaaaa main → bbbbbbbbbb detached at v1.1.0, 42 files change

    changes in 1.1.0
      breaking
        - GraphPlugin.run takes a context [BC-7]
      deprecated
        - LegacyBus (removed in 2.0.0)
      features
        - feature 1
        - feature 2
        - feature 3
        - feature 4
        - feature 5
        +3 more, all with --json
      fixes
        - the event bus no longer drops the last event
      migration guide: https://example.org/migrate/1.1

      vertical  answer   smoke test
      energy    warning  none
      finance   ok       at most 3m 00s

      contract               in the target  used by
      contracts.GraphPlugin  exported       energy, finance
      contracts.Old          missing        energy

    time         about 41s (an estimate: nothing was measured here yet)
    disk         12.0 MiB needed, 50.0 GiB free
    environment  dependencies are not managed: no Python environment was found
    risk         medium
                 - 1 breaking change is on an allowlist
    way back     1. the tree goes back to aaaaaaaaaa and is compared file by file
                 2. the branch main is checked out again
    accepted     contact_not_email for energy

    1 warning
      warning[contact_not_email]: the contact is no e-mail address
        --> domains/energy/vertical_manifest.yaml:14:12
         |
      14 |   contact: the energy team
         |            ^^^^^^^^^^^^^^^

    next: vit upgrade
    ");
}

#[test]
fn a_blocked_plan_names_files_and_commands() {
    assert_snapshot!(plan(&samples::blocked_plan(), View::default()), @"
    upgrade 1.0.0 → 1.1.0   channel stable   blocked
      aaaaaaaaaa main → bbbbbbbbbb detached at v1.1.0, 42 files change

      vertical  answer   smoke test
      energy    warning  none
      finance   blocked  at most 3m 00s

    time         about 41s (an estimate: nothing was measured here yet)
    disk         12.0 MiB needed, 50.0 GiB free
    environment  dependencies are not managed: no Python environment was found
    risk         medium
                 - 1 breaking change is on an allowlist
    way back     1. the tree goes back to aaaaaaaaaa and is compared file by file
                 2. the branch main is checked out again

    2 problems block
      finance: the target is newer than the vertical's max_core_version [core_above_maximum]
        max_core_version is 1.x.x
        the target is 2.0.0
        fix (vertical's owner): test against 2.0.0, then raise max_core_version
        see https://example.org/contract#range
      working tree: 2 tracked files have changes [dirty_tree]
        vitruvyan_core/core.py
        contracts/events.py
        fix (you): git stash push, or git commit

    1 warning
      warning[contact_not_email]: the contact is no e-mail address
        --> domains/energy/vertical_manifest.yaml:14:12
         |
      14 |   contact: the energy team
         |            ^^^^^^^^^^^^^^^

    1 note
      v1.1.0: the release names no channel [channel_assumed]

    next: git stash push
    ");
    assert_eq!(
        refusal(&samples::blocked_plan()).as_deref(),
        Some("nothing was changed: 2 problems block")
    );
    assert_eq!(refusal(&samples::plan()), None);
}

#[test]
fn in_colour_on_a_narrow_terminal() {
    let view = View {
        paint: Paint { color: true },
        width: Some(60),
        ..View::default()
    };
    let drawn = plan(&samples::plan(), view).replace('\u{1b}', "^");
    assert_snapshot!(drawn, @"
    upgrade ^[1m1.0.0 → 1.1.0^[0m   channel stable   ^[33mwarning^[0m
      ^[2maaaaaaaaaa main → bbbbbbbbbb detached at v1.1.0, 42 files change^[0m

    changes in ^[1m1.1.0^[0m
      ^[1m^[31mbreaking^[0m
        - GraphPlugin.run takes a context^[2m [BC-7]^[0m
      ^[33mdeprecated^[0m
        - LegacyBus (removed in 2.0.0)
      ^[32mfeatures^[0m
        - feature 1
        - feature 2
        - feature 3
        - feature 4
        - feature 5
    ^[2m    +3 more, all with --json^[0m
      ^[1mfixes^[0m
        - the event bus no longer drops the last event
      migration guide: https://example.org/migrate/1.1

      ^[2mvertical^[0m  ^[2manswer^[0m   ^[2msmoke test^[0m
      energy    ^[33mwarning^[0m  ^[2mnone^[0m
      finance   ^[32mok^[0m       at most 3m 00s

      ^[2mcontract^[0m               ^[2min the target^[0m  ^[2mused by^[0m
      contracts.GraphPlugin  ^[32mexported^[0m       energy, finance
      contracts.Old          ^[1m^[31mmissing^[0m        energy

    ^[2mtime^[0m         about 41s (an estimate: nothing was measured here yet)
    ^[2mdisk^[0m         12.0 MiB needed, 50.0 GiB free
    ^[2menvironment^[0m  dependencies are not managed: no Python environment was found
    ^[2mrisk^[0m         ^[33mmedium^[0m
                 - 1 breaking change is on an allowlist
    ^[2mway back^[0m     1. the tree goes back to aaaaaaaaaa and is compared file by file
                 2. the branch main is checked out again
    ^[2maccepted^[0m     contact_not_email for energy

    ^[33m1 warning^[0m
      ^[1m^[33mwarning[contact_not_email]^[0m^[1m: the contact is no e-mail address^[0m
        ^[1m^[94m--> ^[0mdomains/energy/vertical_manifest.yaml:14:12
         ^[1m^[94m|^[0m
      ^[1m^[94m14^[0m ^[1m^[94m|^[0m   contact: the energy team
         ^[1m^[94m|^[0m            ^[1m^[33m^^^^^^^^^^^^^^^^[0m

    ^[2mnext:^[0m ^[36mvit upgrade^[0m
    ");
}
