//! Signed tags: git verifies the signature with programs and keys that the settings name; here
//! it is held that the tag object was made for this very tag and this very commit, which git does
//! not look at: a ref `v9.9.9` that points at the signed object of `v1.0.0` verifies.
//!
//! Keys that the repository itself tracks are read as HEAD has them, never as the target does: a
//! release cannot bring the key that it is signed with.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::plan::{SignatureKind, SignedBy};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::Release;
use vit_contract::text;

use crate::context::Context;
use crate::error::EngineError;
use crate::git::{RELEASES, TAGS, TagObject};
use crate::process::{Ended, Finished};

mod keys;
mod object;
#[cfg(test)]
mod tests;

use keys::Keys;
use object::Tag;

/// The largest tag object that is read, in bytes.
const MAX_TAG_BYTES: usize = 1024 * 1024;
/// How much of what git says is shown, in characters.
const SAID_CHARS: usize = 300;

/// What the signature of a release's tag comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// In one word.
    pub state: State,
    /// Who signed it, where that was verified.
    pub signed_by: Option<SignedBy>,
    /// What is wrong with it; blocks where signed tags are required.
    pub problems: Vec<Problem>,
}

/// The state of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The release is not here yet: nothing can be said.
    Unknown,
    /// It bears none.
    Unsigned,
    /// It bears one, and nobody is named whose signature counts.
    NotVerified,
    /// It is one of a trusted signer.
    Good,
    /// It is not, or that could not be told.
    Bad,
    /// The tag object was made for another tag.
    OtherName,
}

impl Signature {
    fn new(state: State, problems: Vec<Problem>) -> Self {
        Self {
            state,
            signed_by: None,
            problems,
        }
    }
}

/// Looks at the signature of a release's tag. Without a policy and without keys only the name
/// in the tag object is held against the tag: another release's signed tag is never this one's.
///
/// # Errors
/// Git could not be run.
pub fn signature(cx: &Context<'_>, release: &Release) -> Result<Signature, EngineError> {
    let Some(commit) = &release.commit else {
        return Ok(Signature::new(State::Unknown, Vec::new()));
    };
    let settings = &cx.site.settings.trust;
    let required = settings.require_signed_tags;
    let Some(object) = tag_object(cx, &release.tag, commit)? else {
        let problem = required.then(|| unsigned(&release.tag, "it is no tag object"));
        return Ok(Signature::new(
            State::Unsigned,
            problem.into_iter().collect(),
        ));
    };
    let tag = object.text.as_deref().and_then(Tag::parse);
    let Some(tag) = tag else {
        let problem = bad(
            &release.tag,
            "the tag object is too large, or none that git makes",
        );
        return Ok(judged(State::Bad, problem, required));
    };
    if tag.name != release.tag {
        let problem = other_name(&release.tag, &tag);
        return Ok(Signature::new(State::OtherName, vec![problem]));
    }
    let Some(kind) = tag.signature else {
        let problem = required.then(|| unsigned(&release.tag, "the tag object bears no signature"));
        return Ok(Signature::new(
            State::Unsigned,
            problem.into_iter().collect(),
        ));
    };
    if settings.allowed_signers.is_none() && settings.gpg_home.is_none() {
        return Ok(Signature::new(State::NotVerified, Vec::new()));
    }
    if tag.object != *commit || tag.kind != "commit" {
        let why = format!(
            "it names {} {}, not the release's commit",
            tag.kind, tag.object
        );
        return Ok(judged(State::Bad, bad(&release.tag, &why), required));
    }
    match verify(cx, &object.oid, kind)? {
        Ok(signed_by) => Ok(Signature {
            state: State::Good,
            signed_by: Some(signed_by),
            problems: Vec::new(),
        }),
        Err(refusal) => {
            let mut problem = bad(&release.tag, &refusal.why);
            if let Some(hint) = refusal.hint {
                problem = problem.hint(Who::You, hint);
            }
            Ok(judged(State::Bad, problem, required))
        }
    }
}

/// Where nothing is required, what was looked at because keys are there only warns.
fn judged(state: State, problem: Problem, required: bool) -> Signature {
    let severity = if required {
        Severity::Blocked
    } else {
        Severity::Warning
    };
    Signature::new(state, vec![problem.severity(severity)])
}

/// The tag object that stands for the release: of the refs that are named after it, one that
/// points at its commit, what was fetched before the user's own.
fn tag_object(cx: &Context<'_>, tag: &str, commit: &str) -> Result<Option<TagObject>, EngineError> {
    let names = [format!("{RELEASES}{tag}"), format!("{TAGS}{tag}")];
    let there = cx.git.refs(&[&names[0], &names[1]])?;
    let stands = |name: &&String| {
        let found = there.iter().find(|found| found.name == **name);
        found.is_some_and(|found| found.commit.as_deref() == Some(commit))
    };
    let wanted: Vec<String> = names.iter().find(stands).cloned().into_iter().collect();
    let found = cx.git.tag_objects(&wanted, MAX_TAG_BYTES)?;
    Ok(found.into_iter().flatten().next())
}

/// Why a signature does not count.
struct Refusal {
    why: String,
    hint: Option<String>,
}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

fn verify(
    cx: &Context<'_>,
    oid: &str,
    kind: object::Kind,
) -> Result<Result<SignedBy, Refusal>, EngineError> {
    let (kind, program, package) = match kind {
        object::Kind::Ssh => (SignatureKind::Ssh, "ssh-keygen", "openssh-client"),
        object::Kind::Openpgp => (SignatureKind::Openpgp, "gpg", "gnupg"),
        object::Kind::X509 => {
            let refusal = Refusal::new("it is an X.509 signature, which vit does not verify");
            return Ok(Err(
                refusal.hint("ask the Core team to sign with ssh or OpenPGP")
            ));
        }
    };
    let keys = match Keys::gather(cx, kind)? {
        Ok(keys) => keys,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(program) = find_program(cx, program) else {
        let refusal = Refusal::new(format!("`{program}`, which verifies it, is not there"));
        let hint = format!("install it (Debian: `apt install {package}`)");
        return Ok(Err(refusal.hint(hint)));
    };
    let finished = cx
        .git
        .verify_tag(oid, config(kind, &program, &keys), keys.gnupg_home())?;
    let said = String::from_utf8_lossy(&finished.stderr.kept).into_owned();
    let signed_by = match kind {
        SignatureKind::Ssh => ssh_signer(&said),
        SignatureKind::Openpgp => openpgp_signer(&said),
    };
    Ok(match signed_by {
        Some(signed_by) if finished.ended == Ended::Exit(0) => Ok(signed_by),
        _ => Err(Refusal::new(shown(&said, &finished))),
    })
}

/// Who verifies, and against what: above every configuration of the repository's. The other kinds
/// have no program: git goes by the text of the tag, and must not find another kind in it.
fn config(kind: SignatureKind, program: &Path, keys: &Keys) -> Vec<(String, String)> {
    let program = program.to_string_lossy().into_owned();
    let of = |this: SignatureKind| {
        if this == kind {
            program.clone()
        } else {
            "false".to_owned()
        }
    };
    let openpgp = of(SignatureKind::Openpgp);
    [
        ("gpg.format", kind.as_str().to_owned()),
        ("gpg.program", openpgp.clone()),
        ("gpg.openpgp.program", openpgp),
        ("gpg.ssh.program", of(SignatureKind::Ssh)),
        ("gpg.x509.program", "false".to_owned()),
        ("gpg.ssh.allowedSignersFile", keys.allowed_signers()),
        // Whose key is in that folder counts.
        ("gpg.minTrustLevel", "undefined".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// An executable of the PATH, by its absolute path: a relative entry would be looked up in the
/// repository.
fn find_program(cx: &Context<'_>, name: &str) -> Option<PathBuf> {
    let path = cx.environment.get("PATH")?;
    path.as_bytes()
        .split(|&byte| byte == b':')
        .map(|folder| Path::new(OsStr::from_bytes(folder)))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| {
            path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
        })
}

/// `Good "git" signature for PRINCIPAL with ED25519 key SHA256:…`
fn ssh_signer(said: &str) -> Option<SignedBy> {
    let mut good = said
        .lines()
        .filter_map(|line| line.strip_prefix("Good \"git\" signature for "));
    let (signer, key) = good.next()?.rsplit_once(" with ")?;
    let (_, key) = key.rsplit_once(" key ")?;
    good.next().is_none().then(|| SignedBy {
        kind: SignatureKind::Ssh,
        signer: text::visible(signer),
        key: text::visible(key),
    })
}

/// One good signature by one valid key that nobody has distrusted.
fn openpgp_signer(said: &str) -> Option<SignedBy> {
    let status = |word: &'static str| {
        said.lines()
            .filter_map(|line| line.strip_prefix("[GNUPG:] "))
            .filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '))
    };
    let (mut good, mut valid) = (status("GOODSIG"), status("VALIDSIG"));
    let (_, signer) = good.next()?.split_once(' ')?;
    let key = valid.next()?.split(' ').next()?;
    let distrusted = said.contains("[GNUPG:] TRUST_NEVER");
    let one = good.next().is_none() && valid.next().is_none();
    (one && !distrusted).then(|| SignedBy {
        kind: SignatureKind::Openpgp,
        signer: text::visible(signer),
        key: text::visible(key),
    })
}

/// What git said, in one line that is safe to show.
fn shown(said: &str, finished: &Finished) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let text = text::excerpt(&text::visible(&lines.join("; ")), SAID_CHARS);
    if text.is_empty() {
        format!("git said nothing ({:?})", finished.ended)
    } else {
        format!("git says: {text}")
    }
}

fn unsigned(tag: &str, why: &str) -> Problem {
    Problem::new(
        Code::TagUnsigned,
        tag,
        "signed tags are required, and the tag bears no signature",
    )
    .evidence(why)
    .hint(
        Who::Core,
        "sign the tag (`git tag -s`) and publish it; then `vit ledger accept VERSION --reason TEXT`",
    )
}

fn bad(tag: &str, why: &str) -> Problem {
    Problem::new(
        Code::TagSignatureBad,
        tag,
        "the tag's signature is not one of a trusted signer",
    )
    .evidence(why)
    .hint(
        Who::You,
        "ask the Core team who signs; their keys belong into what `[trust]` in vit.toml names",
    )
}

fn other_name(tag: &str, object: &Tag) -> Problem {
    let name = text::excerpt(&text::visible(&object.name), 100);
    let problem = Problem::new(
        Code::TagNameMismatch,
        tag,
        format!("the tag object was made for {name}, not for {tag}"),
    )
    .evidence(format!("ref {tag}, tag object {name} of {}", object.object))
    .hint(
        Who::Core,
        format!("tag the release itself: `git tag -s {tag} COMMIT`"),
    );
    if object.signature.is_some() {
        problem
    } else {
        // Nobody put a name under it: a tag that was copied, not one that pretends.
        problem.severity(Severity::Warning)
    }
}
