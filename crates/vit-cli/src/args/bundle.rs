//! Arguments of `vit bundle`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `vit bundle`.
#[derive(Debug, Clone, Args)]
#[command(after_help = BUNDLE_EXAMPLES)]
pub struct BundleArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: BundleCommand,
}

const BUNDLE_EXAMPLES: &str = "\
A bundle is one file with releases and all that an installation without network needs to go to
them. Make it where there is a network, carry it over, import it, upgrade as ever.

EXAMPLES
  vit bundle create --target 1.2.0 --from 1.0.0 --out core-1.2.0.vitbundle
  vit bundle verify core-1.2.0.vitbundle
  vit bundle import core-1.2.0.vitbundle && vit upgrade";

/// What `vit bundle` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum BundleCommand {
    /// Make a bundle of releases
    Create(CreateArgs),
    /// Check a bundle to its last byte, and say what it holds and needs
    Verify(VerifyArgs),
    /// Make a bundle's releases known to this installation
    Import(ImportArgs),
}

/// `vit bundle create`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub struct CreateArgs {
    /// A release that the receiver shall be able to go to; may be given several times
    #[arg(long, value_name = "VERSION", required = true)]
    pub target: Vec<String>,
    /// The release that the receiver has: what it has already is left out
    #[arg(long, value_name = "VERSION", conflicts_with = "full")]
    pub from: Option<String>,
    /// Leave nothing out, for a receiver with any release or none (the default)
    #[arg(long)]
    pub full: bool,
    /// A folder with wheels and source archives to install from; may be given several times
    #[arg(long, value_name = "DIR")]
    pub wheels: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace FILE where it is there already
    #[arg(long)]
    pub force: bool,
}

const CREATE_EXAMPLES: &str = "\
Asks the registry. The releases on the way to the target come along, so that the receiver's answer
is the same as with a network. A release that cannot be a target goes into no bundle: exit 1.

EXAMPLES
  vit bundle create --target 1.2.0 --out core-1.2.0.vitbundle
  vit bundle create --target 1.2.0 --from 1.0.0 --out core-1.2.0.vitbundle
  pip download -d wheels -r requirements.txt
  vit bundle create --target 1.2.0 --wheels wheels --out core-1.2.0.vitbundle";

/// `vit bundle verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub struct VerifyArgs {
    /// The bundle
    pub file: PathBuf,
}

const VERIFY_EXAMPLES: &str = "\
Changes nothing, and needs no installation; where there is one, it says whether the bundle can be
imported there. Exit 1 when it cannot, 2 when the bundle is damaged.

EXAMPLES
  vit bundle verify core-1.2.0.vitbundle
  vit bundle verify core-1.2.0.vitbundle --json | jq .manifest.releases";

/// `vit bundle import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// The bundle
    pub file: PathBuf,
}

const IMPORT_EXAMPLES: &str = "\
Checks everything first, then imports all of it or nothing. A tag that was seen here with another
commit is never overwritten: exit 1. What is installed does not change.

EXAMPLES
  vit bundle import core-1.2.0.vitbundle
  vit update && vit upgrade";
