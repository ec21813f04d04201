use vit_contract::output::BundleStatus;
use vit_contract::version;

use super::*;
use crate::git::scratch::Scratch;
use crate::ops::bundle::{self, CreateOptions};
use crate::ops::trust;
use crate::site::Site;

/// A bundle of releases up to `target`, made where Core is: its tags are the registry there.
fn bundle_of(core: &Scratch, world: &World, target: &str) -> PathBuf {
    let site = Site::discover(&core.root, &core.environment).unwrap();
    let out = core.beside(target);
    let options = CreateOptions {
        targets: vec![target.parse().unwrap()],
        out: out.clone(),
        ..CreateOptions::default()
    };
    let made = world.with(|cx| {
        let cx = Context {
            site: &site,
            git: &core.git,
            ..*cx
        };
        bundle::create(&cx, &options)
    });
    assert_eq!(made.unwrap().status, BundleStatus::Created);
    out
}

#[track_caller]
fn assert_refused(world: &World, file: &Path, evidence: &str) {
    let refs = world.here.run(&["for-each-ref"]);
    let imported = world.with(|cx| bundle::import(cx, file));
    let Err(EngineError::Refused { problems, .. }) = imported else {
        panic!("{imported:?}");
    };
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].code, Code::RegistryUntrusted);
    let said = problems[0].evidence.clone().unwrap();
    assert!(said.contains(evidence), "{said}");
    assert!(
        problems[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("vit trust remove")
    );
    assert_eq!(world.here.run(&["for-each-ref"]), refs);
    let looked = world.with(|cx| bundle::verify(file, cx.environment, Some(cx)));
    let looked = looked.unwrap();
    assert_eq!(looked.status, BundleStatus::NotUsableHere);
    assert_eq!(looked.problems, problems);
}

fn import(world: &World, file: &Path) {
    let report = world.with(|cx| bundle::import(cx, file)).unwrap();
    assert_eq!(report.status, BundleStatus::Imported);
}

#[test]
fn a_bundle_is_no_way_round_the_signed_index() {
    let Some(mut signed) = Signed::usual(&["same", "content_of:{b}"]) else {
        return;
    };
    let file = bundle_of(&signed.world.core, &signed.world, "1.2.0");
    // Nothing was verified yet; then 1.2.0 is not named; then it is named with its commit.
    assert_refused(
        &signed.world,
        &file,
        "v1.0.0, v1.1.0, v1.2.0; https://mirror.example",
    );
    signed.assert_good(&["1.0.0", "1.1.0"]);
    assert_refused(&signed.world, &file, "v1.2.0; https://mirror.example");
    signed.world.site.settings.trust.require_signed_tags = true;
    let report = signed
        .world
        .with(|cx| bundle::verify(&file, cx.environment, Some(cx)));
    assert_eq!(report.unwrap().status, BundleStatus::Usable);
    signed.world.site.settings.trust.require_signed_tags = false;
    signed.serve(2);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    import(&signed.world, &file);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
}

/// Another commit under the name of a release, and metadata that are not those that are signed.
#[test]
fn a_bundle_has_to_be_what_the_signed_index_names() {
    let Some(signed) = Signed::usual(&[]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    let evil = Scratch::new();
    evil.write("core.txt", "evil");
    evil.commit("evil");
    evil.run(&["tag", "v1.1.0"]);
    let file = bundle_of(&evil, &signed.world, "1.1.0");
    let world = &signed.world;
    let Err(EngineError::Refused { problems, .. }) = world.with(|cx| bundle::import(cx, &file))
    else {
        panic!("it was imported");
    };
    let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::TagMoved, Code::RegistryUntrusted]);
}

/// What came before the trust began is held to the signed index like all else.
#[test]
fn what_was_imported_before_the_trust_is_no_target() {
    let Some(mut signed) = Signed::usual(&["same"]) else {
        return;
    };
    let removed = signed.world.with(|cx| trust::remove(cx, None, "a test"));
    removed.unwrap();
    let file = bundle_of(&signed.world.core, &signed.world, "1.2.0");
    import(&signed.world, &file);
    let usable = |signed: &Signed, refresh| -> Vec<String> {
        let listing = signed.world.list(refresh).unwrap();
        assert!(
            listing
                .releases
                .iter()
                .all(|r| version::of_tag(&r.tag).is_some())
        );
        let usable = listing.releases.iter().filter(|r| r.is_usable());
        usable.map(|r| r.version.to_string()).collect()
    };
    assert_eq!(usable(&signed, true), ["1.0.0", "1.1.0", "1.2.0"]);
    signed.world.trust(&signed.tuf.root());
    // Nobody has been asked since: nothing is verified, and a server that is away changes nothing.
    assert!(usable(&signed, false).is_empty());
    signed.world.server.fault("", Fault::Down);
    assert!(usable(&signed, true).is_empty());
    signed.world.server.mend();
    for refresh in [true, false] {
        assert_eq!(usable(&signed, refresh), ["1.0.0", "1.1.0"]);
    }
    let listing = signed.list();
    let problems = &find(&listing, "1.2.0").problems;
    assert!(problems.iter().any(|p| p.code == Code::RegistryUntrusted));
    // Where tags have to be signed, the tag decides, later.
    signed.world.site.settings.trust.require_signed_tags = true;
    assert_eq!(usable(&signed, false), ["1.0.0", "1.1.0", "1.2.0"]);
}

/// Where no registry was ever asked, the tag of what is installed tells another Core's bundle.
#[test]
fn a_bundle_of_another_core_is_not_imported() {
    let world = World::new();
    let commit = world.commit("1.0.0");
    world
        .here
        .run(&["update-ref", "-d", "refs/vit/releases/v1.0.0"]);
    world.here.run(&["tag", "v1.0.0", &commit]);
    let other = Scratch::new();
    for version in ["1.0.0", "1.1.0"] {
        other.write("core.txt", &format!("another {version}"));
        other.commit(version);
        other.run(&["tag", &format!("v{version}")]);
    }
    let file = bundle_of(&other, &world, "1.1.0");
    let Err(EngineError::Refused { problems, .. }) = world.with(|cx| bundle::import(cx, &file))
    else {
        panic!("it was imported");
    };
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].code, Code::TagMoved);
    assert!(problems[0].evidence.as_ref().unwrap().contains(&commit));
    // A tag of the user's own that is not in what is installed says nothing.
    world.here.run(&["tag", "-d", "v1.0.0"]);
    let tree = world.here.run(&["rev-parse", "HEAD^{tree}"]);
    let own = world.here.run(&["commit-tree", "-m", "own", &tree]);
    world.here.run(&["tag", "v1.1.0", &own]);
    import(&world, &bundle_of(&world.core, &world, "1.1.0"));
}
