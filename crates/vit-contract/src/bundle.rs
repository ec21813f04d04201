//! `vit.bundle/1`: the manifest of a bundle, by which an installation without network is upgraded
//! (docs/bundle.md).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::version;

/// The schema name of a manifest.
pub const SCHEMA: &str = "vit.bundle/1";
/// The name of the manifest in a bundle: its first member.
pub const MANIFEST: &str = "manifest.json";
/// The name of the member that holds what git needs.
pub const CORE: &str = "core.bundle";
/// The name of the last member: the SHA-256 of all that stands before it.
pub const TRAILER: &str = "SHA256";
/// The largest manifest that is read, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;
/// How many members a bundle may have.
pub const MAX_MEMBERS: usize = 8192;
/// The longest name of a member, in bytes.
pub const MAX_NAME: usize = 240;
/// The largest member, in bytes: what a tar header's eleven octal digits can say.
pub const MAX_LENGTH: u64 = 0o777_7777_7777;

/// What a bundle holds, and what its receiver must have already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleManifest {
    /// `vit.bundle/1`.
    pub schema: String,
    /// The program that made it, with its version.
    pub created_by: String,
    /// The releases that it was made for.
    pub targets: Vec<Version>,
    /// Every release in it: the targets and those on the way to them, oldest first.
    pub releases: Vec<BundledRelease>,
    /// The commits that the receiver must have; none: the bundle is complete in itself.
    pub base: Vec<String>,
    /// Every other member but the last one, in the order of the file.
    pub members: Vec<BundleMember>,
    /// The distributions to install from.
    pub wheels: Vec<Wheel>,
}

/// A release in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundledRelease {
    /// Its version.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// The commit that the tag points at.
    pub commit: String,
    /// That commit's tree.
    pub tree: String,
    /// The tag's own object: the commit itself where the tag is a plain one.
    pub tag_object: String,
    /// Its metadata, where they are not the file in its tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BundledMetadata>,
}

/// Metadata of a release that stand beside its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundledMetadata {
    /// The member's name.
    pub path: String,
    /// SHA-256 of its content, hex.
    pub sha256: String,
}

/// A member of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleMember {
    /// Its name.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// SHA-256 of its content, hex.
    pub sha256: String,
}

/// A distribution that an installer takes: a wheel or a source archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Wheel {
    /// Its file name.
    pub name: String,
    /// SHA-256 of its content, hex.
    pub sha256: String,
}

impl BundledRelease {
    /// The name that the member with this release's metadata has.
    #[must_use]
    pub fn metadata_path(tag: &str) -> String {
        format!("metadata/{tag}/{}", crate::release::FILE_NAMES[0])
    }
}

impl Wheel {
    /// The name that the member with this distribution has.
    #[must_use]
    pub fn path(name: &str) -> String {
        format!("wheels/{name}")
    }

    /// Whether a file's name is one of a distribution, and harmless.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+!-".contains(&byte);
        let kind = name.ends_with(".whl") || name.ends_with(".tar.gz");
        kind && !name.starts_with(['.', '-']) && name.len() <= 200 && name.bytes().all(plain)
    }
}

impl BundleManifest {
    /// Whether it agrees with itself, and is such a one as `vit bundle create` writes.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            let found = crate::text::excerpt(&crate::text::visible(&self.schema), 60);
            return Err(format!("its schema is `{found}`, not {SCHEMA}"));
        }
        self.check_releases()?;
        let digits = self.releases[0].commit.len();
        if !self.base.iter().all(|commit| is_hex(commit, digits)) {
            return Err("a commit of its base is no object id".to_owned());
        }
        if self.base.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("the commits of its base are not in order".to_owned());
        }
        self.check_members()
    }

    fn check_releases(&self) -> Result<(), String> {
        let Some(first) = self.releases.first() else {
            return Err("it names no release".to_owned());
        };
        let digits = first.commit.len();
        for release in &self.releases {
            let tag = crate::text::visible(&release.tag);
            if version::of_tag(&release.tag).as_ref() != Some(&release.version) {
                return Err(format!("the tag {tag} is not that of its version"));
            }
            let oids = [&release.commit, &release.tree, &release.tag_object];
            if ![40, 64].contains(&digits) || !oids.iter().all(|oid| is_hex(oid, digits)) {
                return Err(format!("an object of {tag} has no object id"));
            }
            if let Some(metadata) = &release.metadata
                && metadata.path != BundledRelease::metadata_path(&release.tag)
            {
                return Err(format!("the metadata of {tag} stand elsewhere"));
            }
        }
        let order = |release: &BundledRelease| (release.version.clone(), release.tag.clone());
        if self
            .releases
            .windows(2)
            .any(|pair| order(&pair[0]) >= order(&pair[1]))
        {
            return Err("its releases are not in order, or one stands twice".to_owned());
        }
        let known: BTreeSet<&Version> = self.releases.iter().map(|r| &r.version).collect();
        if self.targets.is_empty() || !self.targets.iter().all(|target| known.contains(target)) {
            return Err("a release that it was made for is not in it".to_owned());
        }
        Ok(())
    }

    /// The members are those that releases and wheels ask for, in the one order.
    fn check_members(&self) -> Result<(), String> {
        let mut metadata: Vec<(String, &str)> = Vec::new();
        for release in &self.releases {
            if let Some(found) = &release.metadata {
                metadata.push((found.path.clone(), &found.sha256));
            }
        }
        let mut wheels: Vec<(String, &str)> = Vec::new();
        for wheel in &self.wheels {
            if !Wheel::is_name(&wheel.name) {
                let name = crate::text::excerpt(&crate::text::visible(&wheel.name), 100);
                return Err(format!("`{name}` is no name of a wheel or source archive"));
            }
            wheels.push((Wheel::path(&wheel.name), &wheel.sha256));
        }
        metadata.sort();
        wheels.sort();
        let mut expected = metadata.into_iter().chain(wheels);
        let mut members = self.members.iter();
        if members.next().map(|member| member.path.as_str()) != Some(CORE) {
            return Err(format!("its first member is not {CORE}"));
        }
        for member in members {
            match expected.next() {
                Some((path, sha256)) if path == member.path && sha256 == member.sha256 => {}
                _ => {
                    let path = crate::text::excerpt(&crate::text::visible(&member.path), 100);
                    return Err(format!("nothing asks for the member `{path}` at its place"));
                }
            }
        }
        if let Some((path, _)) = expected.next() {
            return Err(format!("the member {path} is missing"));
        }
        let fits = |member: &BundleMember| {
            is_hex(&member.sha256, 64)
                && member.length <= MAX_LENGTH
                && member.path.len() <= MAX_NAME
        };
        if self.members.len() > MAX_MEMBERS || !self.members.iter().all(fits) {
            return Err("a member is past a bound, or has no SHA-256".to_owned());
        }
        Ok(())
    }
}

/// Whether a text is this many lowercase hexadecimal digits.
fn is_hex(text: &str, digits: usize) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == digits && text.bytes().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> BundleManifest {
        let oid = |digit: &str| digit.repeat(40);
        let sha = "a".repeat(64);
        BundleManifest {
            schema: SCHEMA.into(),
            created_by: "vit 0.1.0".into(),
            targets: vec![Version::new(1, 1, 0)],
            releases: vec![BundledRelease {
                version: Version::new(1, 1, 0),
                tag: "v1.1.0".into(),
                commit: oid("1"),
                tree: oid("2"),
                tag_object: oid("3"),
                metadata: Some(BundledMetadata {
                    path: "metadata/v1.1.0/release_metadata.json".into(),
                    sha256: sha.clone(),
                }),
            }],
            base: vec![oid("4"), oid("5")],
            members: [
                CORE,
                "metadata/v1.1.0/release_metadata.json",
                "wheels/a-1.0-py3-none-any.whl",
            ]
            .map(|path| BundleMember {
                path: path.into(),
                length: 1,
                sha256: sha.clone(),
            })
            .into(),
            wheels: vec![Wheel {
                name: "a-1.0-py3-none-any.whl".into(),
                sha256: sha,
            }],
        }
    }

    type Change = fn(&mut BundleManifest);

    #[test]
    fn what_does_not_agree_with_itself_is_refused() {
        assert_eq!(manifest().check(), Ok(()));
        let cases: [(&str, Change); 17] = [
            ("schema", |m| m.schema = "vit.bundle/2".into()),
            ("no release", |m| m.releases.clear()),
            ("not that of its version", |m| {
                m.releases[0].tag = "v1.1.1".into();
            }),
            ("no object id", |m| m.releases[0].tree = "-x".into()),
            ("no object id", |m| m.releases[0].commit.push('1')),
            ("elsewhere", |m| {
                m.releases[0].metadata.as_mut().unwrap().path = "../x".into();
            }),
            ("twice", |m| m.releases.push(m.releases[0].clone())),
            ("made for", |m| m.targets = vec![Version::new(2, 0, 0)]),
            ("made for", |m| m.targets.clear()),
            ("base", |m| m.base[0] = "HEAD".into()),
            ("base", |m| m.base.reverse()),
            ("no name", |m| m.wheels[0].name = "../a.whl".into()),
            ("first member", |m| m.members.clear()),
            ("is missing", |m| drop(m.members.pop())),
            ("nothing asks", |m| m.members.swap(1, 2)),
            ("nothing asks", |m| m.members[2].sha256 = "b".repeat(64)),
            ("past a bound", |m| m.members[0].length = u64::MAX),
        ];
        for (word, change) in cases {
            let mut manifest = manifest();
            change(&mut manifest);
            let error = manifest.check().unwrap_err();
            assert!(error.contains(word), "{word}: {error}");
        }
    }

    #[test]
    fn a_wheel_has_a_plain_name() {
        for good in ["a-1.0-py3-none-any.whl", "x_y-2!1.0+local.tar.gz"] {
            assert!(Wheel::is_name(good), "{good}");
        }
        for bad in [
            "a.zip", ".whl", "-r.whl", "a/b.whl", "a b.whl", "é.whl", "..whl",
        ] {
            assert!(!Wheel::is_name(bad), "{bad}");
        }
    }
}
