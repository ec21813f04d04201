//! `vit doctor`: what is found and what is missing, each with its fix.

use std::path::Path;

use vit_contract::output::{Check, CheckReport, CheckState};
use vit_contract::plan::command_text;
use vit_contract::problem::{Problem, Severity};

use crate::context::Context;
use crate::environment::Environment;
use crate::error::EngineError;
use crate::exec::transaction;
use crate::facts::{Local, core_version, local_refs, programs, repository};
use crate::git::{Git, GitError, OLDEST, dotted};
use crate::plan::preflight;
use crate::site::{Site, SiteError};
use crate::store::folder::Folder;
use crate::store::{self, lock};

/// Looks at the machine and, where `context` is there, at the installation.
#[must_use]
pub fn doctor(
    start: &Path,
    environment: &Environment,
    found: Result<&Context<'_>, &SiteError>,
) -> CheckReport {
    let mut checks = vec![git(start, environment), shell()];
    match found {
        Ok(cx) => installation(&mut checks, cx),
        // Without git there is nothing to say of the folder.
        Err(_) if checks.iter().any(|check| check.state == CheckState::Failed) => {}
        Err(SiteError::Settings { problems, .. }) => {
            checks.extend(problems.iter().map(|p| of_problem("settings", p)));
        }
        Err(error) => {
            let found = chain(error);
            let fix = match error {
                SiteError::NotARepository { .. }
                | SiteError::Bare { .. }
                | SiteError::Start { .. } => {
                    Some("go into the Core checkout, or name it with -C DIR")
                }
                SiteError::Git(GitError::Failed { message, .. })
                    if message.contains("dubious ownership") =>
                {
                    Some("the repository belongs to another user: run vit as that user")
                }
                SiteError::Settings { .. } | SiteError::Git(_) => None,
            };
            checks.push(check("installation", CheckState::Failed, found, fix));
        }
    }
    let ok = checks.iter().all(|check| check.state != CheckState::Failed);
    CheckReport {
        schema: "vit.doctor/1".into(),
        ok,
        checks,
    }
}

fn git(start: &Path, environment: &Environment) -> Check {
    match Git::open(start, environment).version() {
        Ok(version) if version >= OLDEST => check("git", CheckState::Ok, dotted(version), None),
        Ok(version) => {
            let found = format!("{}, {} or newer is needed", dotted(version), dotted(OLDEST));
            check(
                "git",
                CheckState::Failed,
                found,
                Some("install a newer git"),
            )
        }
        Err(error) => check(
            "git",
            CheckState::Failed,
            chain(&error),
            Some("install git (Debian: `apt install git`)"),
        ),
    }
}

fn shell() -> Check {
    if Path::new("/bin/sh").exists() {
        check("sh", CheckState::Ok, "/bin/sh".into(), None)
    } else {
        check(
            "sh",
            CheckState::Failed,
            "/bin/sh is not there".into(),
            Some("smoke tests are shell scripts: install a shell"),
        )
    }
}

fn installation(checks: &mut Vec<Check>, cx: &Context<'_>) {
    let site: &Site = cx.site;
    checks.push(check(
        "installation",
        CheckState::Ok,
        site.root.display().to_string(),
        None,
    ));
    for problem in &site.problems {
        checks.push(of_problem("settings", problem));
    }
    let folders = [Folder::state(site), Folder::public(site)];
    let unsafe_folder: Vec<Problem> = folders.into_iter().flat_map(Folder::check).collect();
    if unsafe_folder.is_empty() {
        checks.push(writable(site));
    }
    checks.extend(
        unsafe_folder
            .iter()
            .map(|problem| of_problem("state folder", problem)),
    );
    checks.push(journal(cx));
    checks.extend(own_steps(cx));
    if let Some(owner) = lock::Lock::holder(&site.state_dir) {
        checks.push(check(
            "lock",
            CheckState::Warning,
            format!("held by {owner}"),
            Some("wait for it to end"),
        ));
    }
    if let Some(problem) = repository::programs(cx)
        .ok()
        .and_then(|programs| preflight::unsafe_config(&programs))
    {
        checks.push(of_problem("git configuration", &problem));
    }
    match Local::gather(cx) {
        Ok(local) => verticals_and_core(checks, cx, &local),
        Err(error) => checks.push(check(
            "working tree",
            CheckState::Failed,
            chain(&error),
            None,
        )),
    }
    checks.extend(super::environment::doctor(cx));
    checks.push(releases(cx));
    checks.extend(ledger(cx));
}

/// The state folder, or what it will be made in, and the git folder around it can be written to by
/// whoever runs this: without that every command that changes something fails. Reading goes on,
/// so it is a warning.
fn writable(site: &Site) -> Check {
    let there = |path: &Path| {
        path.ancestors()
            .find(|part| part.exists())
            .map(Path::to_owned)
    };
    let lock = lock::Lock::path(&site.state_dir);
    let denied = [lock.as_path(), &site.git_dir, &site.root]
        .into_iter()
        .filter_map(there)
        .find(|path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_err());
    match denied {
        None => check(
            "state folder",
            CheckState::Ok,
            site.state_dir.display().to_string(),
            None,
        ),
        Some(path) => check(
            "state folder",
            CheckState::Warning,
            format!("you may not write to {}", path.display()),
            Some("run vit as the user who owns the installation, or make it writable for yourself"),
        ),
    }
}

fn journal(cx: &Context<'_>) -> Check {
    match transaction::unfinished_now(&cx.site.state_dir) {
        // Who that is stands in the check of the lock.
        Ok((Some((id, _)), Some(_))) => check(
            "transactions",
            CheckState::Warning,
            format!("{id} is under way"),
            None,
        ),
        Ok((None, _)) => check("transactions", CheckState::Ok, "none is open".into(), None),
        Ok((Some((id, story)), None)) => {
            let error = transaction::unfinished_error(cx, id, &story);
            let fix = match error {
                EngineError::Inconsistent { .. } => "vit repair",
                EngineError::OnTrial { .. } => "vit confirm, or vit rollback",
                _ => "vit recover",
            };
            check(
                "transactions",
                CheckState::Failed,
                error.to_string(),
                Some(fix),
            )
        }
        Err(error) => check(
            "transactions",
            CheckState::Failed,
            chain(&error),
            Some("vit recover"),
        ),
    }
}

/// Whether the programs of the installation's own steps are there. A release may bring one that is
/// missing now, so it is a warning.
fn own_steps(cx: &Context<'_>) -> impl Iterator<Item = Check> {
    cx.site.settings.steps.iter().map(|step| {
        let commands = [Some(&step.run), step.undo.as_ref(), step.verify.as_ref()];
        let missing: Vec<&str> = commands
            .into_iter()
            .flatten()
            .filter_map(|command| command.first())
            .filter(|program| !programs::is_there(cx, program))
            .map(String::as_str)
            .collect();
        let name = format!("step {}", step.name);
        if missing.is_empty() {
            return check(&name, CheckState::Ok, command_text(&step.run), None);
        }
        check(
            &name,
            CheckState::Warning,
            format!("no program is at {}", missing.join(", ")),
            Some("install it, make it executable, or correct `[[step]]` in the settings"),
        )
    })
}

fn verticals_and_core(checks: &mut Vec<Check>, cx: &Context<'_>, local: &Local) {
    let core = local_refs(cx.git).and_then(|refs| core_version::find(cx, &local.status, &refs));
    match core {
        Ok(core) => {
            let found = core.version.as_ref().map_or_else(
                || "unknown".to_owned(),
                |v| format!("{v}, told by {}", core.source),
            );
            let state = if core.version.is_some() {
                CheckState::Ok
            } else {
                CheckState::Warning
            };
            let fix = core
                .version
                .is_none()
                .then_some("fetch the release tags with `vit update`");
            checks.push(check("core version", state, found, fix));
        }
        Err(error) => checks.push(check(
            "core version",
            CheckState::Failed,
            chain(&error),
            None,
        )),
    }
    checks.push(if local.status.changed.is_empty() {
        check("working tree", CheckState::Ok, "clean".into(), None)
    } else {
        let found = format!("{} files have changes", local.status.changed.len());
        check(
            "working tree",
            CheckState::Warning,
            found,
            Some("`git stash` keeps them apart while you upgrade"),
        )
    });
    if local.verticals.is_empty() {
        let found = "none: nothing is judged and nothing proves an upgrade".to_owned();
        checks.push(check(
            "verticals",
            CheckState::Warning,
            found,
            Some("write domains/<name>/vertical_manifest.yaml"),
        ));
    }
    for vertical in &local.verticals {
        let name = format!("vertical {}", vertical.root);
        if vertical.problems.is_empty() {
            checks.push(check(
                &name,
                CheckState::Ok,
                vertical.manifest_path.clone(),
                None,
            ));
        }
        checks.extend(
            vertical
                .problems
                .iter()
                .map(|problem| of_problem(&name, problem)),
        );
    }
}

fn releases(cx: &Context<'_>) -> Check {
    let listing = crate::registry::open(cx, None).and_then(|registry| registry.list(cx, false));
    match listing {
        Ok(listing) => {
            let found = format!(
                "{} known from {}",
                listing.releases.len(),
                listing.source.location
            );
            check("releases", CheckState::Ok, found, None)
        }
        Err(error) => check(
            "releases",
            CheckState::Warning,
            chain(&error),
            Some("vit update"),
        ),
    }
}

/// The ledger of releases; where the state folder is not safe that is said already.
fn ledger(cx: &Context<'_>) -> Option<Check> {
    Folder::state(cx.site).safe().ok()?;
    let state_dir = &cx.site.state_dir;
    Some(match store::ledger::read(state_dir) {
        Ok(ledger) => match ledger.problem(state_dir) {
            Some(problem) => of_problem("ledger", &problem),
            None => {
                let found = format!("{} releases were seen", ledger.known.len());
                check("ledger", CheckState::Ok, found, None)
            }
        },
        Err(error) => check("ledger", CheckState::Warning, chain(&error), None),
    })
}

fn of_problem(name: &str, problem: &Problem) -> Check {
    let state = match problem.severity {
        Severity::Blocked => CheckState::Failed,
        Severity::Warning | Severity::Info => CheckState::Warning,
    };
    let place = problem
        .place
        .as_ref()
        .map(|place| format!("{place}: "))
        .unwrap_or_default();
    let found = format!("{place}{} [{}]", problem.message, problem.code);
    check(name, state, found, problem.hint.as_deref())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn check(name: &str, state: CheckState, found: String, fix: Option<&str>) -> Check {
    Check {
        name: name.into(),
        state,
        found,
        fix: fix.map(str::to_owned),
    }
}
