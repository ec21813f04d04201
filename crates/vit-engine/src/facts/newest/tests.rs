use std::cell::RefCell;

use proptest::prelude::*;

use super::*;
use crate::compat::fixture::{release, version};

fn any_release() -> impl Strategy<Value = Release> {
    let pre = prop::sample::select(vec!["", "", "-beta.1", "-rc.2", "-alpha", "-7"]);
    let channel = prop::option::of(prop::sample::select(Channel::ALL.to_vec()));
    let version = (0..3u64, 0..4u64, pre);
    (version, channel, any::<bool>(), 0..6u8).prop_map(|(version, channel, lts, kind)| {
        let (major, minor, pre) = version;
        let mut release = release(&format!("{major}.{minor}.0{pre}"));
        match (channel, release.metadata.as_mut()) {
            (Some(channel), Some(metadata)) => {
                metadata.channel = channel;
                metadata.lts = lts;
            }
            _ => release.metadata = None,
        }
        if kind == 0 {
            let code = vit_contract::code::Code::MetadataUnreadable;
            let problem = vit_contract::problem::Problem::new(code, "x", "x");
            release.problems.push(problem);
        }
        release
    })
}

fn unread(release: &Release) -> Release {
    Release {
        metadata: None,
        unread: true,
        problems: Vec::new(),
        ..release.clone()
    }
}

proptest! {
    /// However far somebody walks, the releases are those that are seen when all is known, newest
    /// first; what was read is what was walked past, and at most a batch more.
    #[test]
    fn the_walk_is_the_same_as_with_everything_known(
        all in prop::collection::vec(any_release(), 0..30),
        channel in prop::sample::select(Channel::ALL.to_vec()),
        wanted in 0..12usize,
    ) {
        let current = version("0.2.0");
        let mut all = all;
        all.sort_by(|a, b| a.version.cmp(&b.version));
        all.dedup_by(|a, b| a.version == b.version);
        let listed: Vec<Release> = all.iter().map(unread).collect();
        let batches: RefCell<Vec<usize>> = RefCell::default();
        let mut read = |asked: &[&Release]| {
            batches.borrow_mut().push(asked.len());
            let whole = |r: &&Release| all.iter().find(|a| a.tag == r.tag).cloned().unwrap();
            Ok(asked.iter().map(whole).map(Arc::new).collect())
        };
        let mut walk = Newest::new(&listed, Some(&current), channel);
        let mut found = Vec::new();
        while found.len() < wanted {
            let Some(release) = walk.next_of(&mut read).unwrap() else { break };
            found.push(release.tag.clone());
        }
        let eager = compat::newer(&all, Some(&current), channel).usable;
        let expected: Vec<String> = eager.iter().take(wanted).map(|r| r.tag.clone()).collect();
        prop_assert_eq!(&found, &expected);
        let batches = batches.into_inner();
        prop_assert!(batches.iter().all(|size| *size <= 4));
        prop_assert!(batches.first().is_none_or(|size| *size == 1));
        if let Some(last) = eager.get(wanted.wrapping_sub(1)) {
            let above = compat::candidates(&listed, Some(&current), channel);
            let passed = above.iter().filter(|r| r.version >= last.version).count();
            prop_assert!(batches.iter().sum::<usize>() < passed + 4);
        }
    }
}

#[test]
fn nothing_is_asked_before_somebody_looks() {
    let listed = vec![unread(&release("1.1.0")), unread(&release("1.2.0"))];
    let walk = Newest::new(&listed, None, Channel::Stable);
    assert_eq!(walk.all().count(), 2);
    let mut below = walk.below(&version("1.2.0"));
    let mut asked = Vec::new();
    let found = below.next_of(&mut |wanted: &[&Release]| {
        asked.extend(wanted.iter().map(|r| r.tag.clone()));
        Ok(wanted.iter().map(|&r| Arc::new(r.clone())).collect())
    });
    assert_eq!(found.unwrap().unwrap().tag, "v1.1.0");
    assert_eq!(asked, ["v1.1.0"]);
}
