//! Arguments of `vit mirror` and `vit trust`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AskArgs;

/// `vit mirror`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MIRROR_EXAMPLES)]
pub struct MirrorArgs {
    /// What of them.
    #[command(subcommand)]
    pub command: MirrorCommand,
}

const MIRROR_EXAMPLES: &str = "\
EXAMPLES
  vit mirror index --out /srv/www/vit";

/// What `vit mirror` can write.
#[derive(Debug, Clone, Subcommand)]
pub enum MirrorCommand {
    /// Write an index of the releases that are known here, for a web server to serve
    Index(MirrorIndexArgs),
}

/// `vit mirror index`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MIRROR_INDEX_EXAMPLES)]
pub struct MirrorIndexArgs {
    /// The folder to write into; without it, .vitruvyan/mirror
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where others get the commits: a git URL, or a path below the folder; without it, what the
    /// index said before, else their own remote
    #[arg(long, value_name = "URL")]
    pub repository: Option<String>,
    /// Ask nobody: write what was fetched before
    #[arg(long)]
    pub offline: bool,
    /// How servers are asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

const MIRROR_INDEX_EXAMPLES: &str = "\
Writes index.json and the metadata of every release, pinned by hash. The same releases give the
same bytes; nothing that is there is removed, and what is marked as withdrawn stays so.

EXAMPLES
  vit mirror index --out /srv/www/vit --repository https://git.example.org/core.git
  vit mirror index --json | jq -r '.written[]'
  VIT_REGISTRY_URL=https://mirror.example.org/vit/index.json vit update    on another machine";

/// `vit trust`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TRUST_EXAMPLES)]
pub struct TrustArgs {
    /// What of it.
    #[command(subcommand)]
    pub command: TrustCommand,
}

const TRUST_EXAMPLES: &str = "\
EXAMPLES
  vit trust init --root root.json
  vit trust show
  vit trust remove --reason \"the mirror moved to another host\"";

/// What can be done about trust.
#[derive(Debug, Clone, Subcommand)]
pub enum TrustCommand {
    /// Pin a root: from then on the registry has to be signed
    Init(TrustInitArgs),
    /// Show what is pinned, and what was verified last
    #[command(
        after_help = "Asks nobody.\n\nEXAMPLES\n  vit trust show\n  vit trust show --json | jq '.origins[].verified.expires'"
    )]
    Show,
    /// End the trust: the registry counts without signatures again
    Remove(TrustRemoveArgs),
}

/// `vit trust init`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TRUST_INIT_EXAMPLES)]
pub struct TrustInitArgs {
    /// The root of The Update Framework, got by a way that you trust
    #[arg(long, value_name = "FILE")]
    pub root: PathBuf,
    /// Where the signed metadata is; without it, metadata/ beside the index
    #[arg(long, value_name = "URL")]
    pub metadata_url: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

const TRUST_INIT_EXAMPLES: &str = "\
Holds for the origin of the registry (scheme, host and port) and for everything below it. Nothing on
a server and nothing in the settings takes it back; only `vit trust remove` does.

EXAMPLES
  vit trust init --root root.json
  vit trust init --root root.json --metadata-url https://mirror.example.org/tuf/ --yes";

/// `vit trust remove`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The reason stays on the record, with who gave it.\n\nEXAMPLES\n  vit trust remove --reason \"the mirror moved\"\n  vit trust remove https://old.example.org --reason \"it is gone\""
)]
pub struct TrustRemoveArgs {
    /// The origin; without it, that of the registry, else the only one
    pub origin: Option<String>,
    /// Why
    #[arg(long, value_name = "REASON")]
    pub reason: String,
}
