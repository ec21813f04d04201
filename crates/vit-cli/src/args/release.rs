//! Arguments of the commands that look for releases and move between them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::duration;

use super::{AskArgs, channel_of, mistakes};

/// `vit update`.
#[derive(Debug, Clone, Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub struct UpdateArgs {
    /// The short form.
    #[command(flatten)]
    pub check: CheckArgs,
    /// The long forms.
    #[command(subcommand)]
    pub command: Option<UpdateCommand>,
}

const UPDATE_EXAMPLES: &str = "\
Offers the newest release that every vertical can live with, and lists the newer ones that are
blocked with their reasons. Exit 0 when something is offered or nothing is newer, 1 when
everything newer is blocked.

EXAMPLES
  vit update
  vit update --channel beta
  vit update --exit-code || echo \"look at it\"    exit 10 when an update is available
  vit update --json | jq -r .status

LONG FORMS
  vitruvyan update check | plan | apply | rollback    the same as update | plan | upgrade | rollback";

/// The long forms of `vit update`.
#[derive(Debug, Clone, Subcommand)]
pub enum UpdateCommand {
    /// The same as `vit update`
    #[command(after_help = "EXAMPLES\n  vitruvyan update check --channel beta")]
    Check(CheckArgs),
    /// The same as `vit plan`
    Plan(PlanArgs),
    /// The same as `vit upgrade`
    Apply(UpgradeArgs),
    /// The same as `vit rollback`
    Rollback(RollbackArgs),
}

/// What `vit update` takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Ask nobody: judge what was fetched before
    #[arg(long)]
    pub offline: bool,
    /// How servers are asked.
    #[command(flatten)]
    pub ask: AskArgs,
    /// Exit 10 when an update is available
    #[arg(long)]
    pub exit_code: bool,
}

/// What `vit plan` and `vit upgrade` have in common.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Go to this version instead of the one that `vit update` offers
    #[arg(long, value_name = "VERSION")]
    pub target: Option<String>,
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Accept the warnings of this code; it is recorded. `vit help codes` lists them
    #[arg(long, value_name = "CODE", value_parser = code_of)]
    pub accept: Vec<Code>,
    /// Move the current branch to the release, instead of detaching HEAD at it
    #[arg(long)]
    pub branch: bool,
    /// Try a release again that was rolled back here; REASON is recorded
    #[arg(long, value_name = "REASON", value_parser = reason_of)]
    pub retry_quarantined: Option<String>,
    /// Ask nobody: plan with what was fetched before
    #[arg(long)]
    pub offline: bool,
    /// How servers are asked.
    #[command(flatten)]
    pub ask: AskArgs,
    /// After the upgrade, repeat the smoke tests for this long (90s, 15m, 1h30m, 2d) and go back
    /// when one fails; `vit confirm` ends it early
    #[arg(long, value_name = "TIME", value_parser = soak_of)]
    pub soak: Option<u64>,
    /// Build the target aside and run the smoke tests there first; nothing live is touched
    #[arg(long)]
    pub rehearse: bool,
}

/// `vit why`.
#[derive(Debug, Clone, Args)]
#[command(after_help = WHY_EXAMPLES)]
pub struct WhyArgs {
    /// Say all of this release; without it, of every newer one
    pub version: Option<String>,
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Ask nobody: judge what was fetched before
    #[arg(long)]
    pub offline: bool,
    /// How servers are asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

const WHY_EXAMPLES: &str = "\
One line a release, then what speaks against it, what would unblock it and who can do that.
Changes nothing. Exit 0: the question is answered, whatever the answer is.

EXAMPLES
  vit why
  vit why 2.0.0
  vit why --json | jq -r '.releases[] | select(.state == \"blocked\") | .version'";

/// `vit plan`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct PlanArgs {
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Write the plan to FILE, for `vit upgrade --plan FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

const PLAN_EXAMPLES: &str = "\
Changes nothing. Exit 1 when the plan is blocked.

EXAMPLES
  vit plan
  vit plan --target 1.2.0
  vit plan --rehearse               also try it, in a throw-away tree
  vit plan --out upgrade.json       for somebody to look at, then: vit upgrade --plan upgrade.json
  vit plan --json | jq .changes     every change, not only the first ones";

/// `vit upgrade`.
#[derive(Debug, Clone, Args)]
#[command(after_help = UPGRADE_EXAMPLES)]
pub struct UpgradeArgs {
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Carry out this plan of `vit plan --out`; refused when the facts have moved
    #[arg(long, value_name = "FILE",
        conflicts_with_all = ["target", "channel", "accept", "branch", "retry_quarantined", "offline",
            "refresh", "wait", "soak", "rehearse"])]
    pub plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Show the plan and stop; a refusal has the same exit code
    #[arg(long)]
    pub dry_run: bool,
}

const UPGRADE_EXAMPLES: &str = "\
Takes a snapshot, switches the tree, runs the smoke tests of every active vertical, and proves the
result. When anything fails the old state is put back and verified: exit 3. No flag skips the
checks, the smoke tests or the clean tree.

EXAMPLES
  vit upgrade
  vit upgrade --target 1.2.0 --yes
  vit upgrade --plan upgrade.json --yes
  vit upgrade --rehearse
  vit upgrade --accept smoke_test_missing
  vit upgrade --soak 15m            then, when all is well before that: vit confirm
  vit upgrade --retry-quarantined \"the database is up again\"
  vit upgrade --dry-run";

/// `vit bisect`.
#[derive(Debug, Clone, Args)]
#[command(after_help = BISECT_EXAMPLES)]
pub struct BisectArgs {
    /// The release that breaks, or the last one to look at
    #[arg(long, value_name = "VERSION")]
    pub to: String,
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Ask nobody: search in what was fetched before
    #[arg(long)]
    pub offline: bool,
}

const BISECT_EXAMPLES: &str = "\
Rehearses releases between the installed one and VERSION, as few as needed, each in a throw-away
tree. Nothing live is changed. Exit 1 when it could not be told.

EXAMPLES
  vit bisect --to 1.8.0
  vit bisect --to 1.8.0 --json | jq -r .first_bad.version";

/// `vit rollback`.
#[derive(Debug, Clone, Args)]
#[command(after_help = ROLLBACK_EXAMPLES)]
pub struct RollbackArgs {
    /// Go back to this snapshot instead of the state before the last upgrade
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "list")]
    pub to: Option<String>,
    /// Go on although this stands against it; it is recorded: irreversible_step
    #[arg(long, value_name = "CODE", value_parser = code_of, conflicts_with = "list")]
    pub accept: Vec<Code>,
    /// List the snapshots
    #[arg(long)]
    pub list: bool,
    /// Do not ask
    #[arg(short, long, conflicts_with = "list")]
    pub yes: bool,
    /// Show the plan and stop
    #[arg(long, conflicts_with = "list")]
    pub dry_run: bool,
}

const ROLLBACK_EXAMPLES: &str = "\
A rollback is a transaction of its own, so it can be rolled back too.

EXAMPLES
  vit rollback
  vit rollback --list
  vit rollback --to pre-upgrade-20260219-164500 --yes";

/// `vit confirm`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CONFIRM_EXAMPLES)]
pub struct ConfirmArgs {
    /// Only if this transaction is the one on trial
    pub id: Option<String>,
}

const CONFIRM_EXAMPLES: &str = "\
Ends the soak of `vit upgrade --soak`. The vit that watches it is asked to commit, and how that ends
is told: a round of smoke tests that is under way is finished first, and counts. Where that vit was
killed, the release is compared by content and committed here. After the time of the soak, or once
the machine was started anew, it is too late for that: the release is taken back, as `vit recover`
would do it, and the exit code is 3.

EXAMPLES
  vit upgrade --soak 15m --yes &
  vit confirm";

/// `vit repair`.
#[derive(Debug, Clone, Args)]
#[command(after_help = REPAIR_EXAMPLES)]
pub struct RepairArgs {
    /// Leave a step of your own that nothing undoes as it is; it is recorded: own_step_not_undone
    #[arg(long, value_name = "CODE", value_parser = code_of)]
    pub accept: Vec<Code>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

const REPAIR_EXAMPLES: &str = "\
For an installation that vit calls inconsistent: puts the snapshot's state back once more and
verifies it. Exit 4 when it still cannot be verified.

EXAMPLES
  vit status
  vit repair";

/// The longest soak, in seconds: a week.
const MAX_SOAK: u64 = 7 * 86_400;

/// Reads the length of a soak, in seconds.
fn soak_of(text: &str) -> Result<u64, String> {
    let seconds = duration::parse(text).map_err(|error| error.to_string())?;
    if (1..=MAX_SOAK).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("a soak takes at least 1s and at most 7d".to_owned())
    }
}

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Reads a reason: it stands in the history, so it must say something.
pub(super) fn reason_of(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a reason is needed: it stands in the history".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("it is longer than {LONGEST_REASON} characters"));
    }
    Ok(text.to_owned())
}

/// Reads a problem code.
fn code_of(text: &str) -> Result<Code, String> {
    text.parse().map_err(|error| {
        let names = Code::ALL.iter().map(|code| code.as_str());
        match mistakes::nearest(text, names) {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => format!("{error}; `vit help codes` lists them"),
        }
    })
}
