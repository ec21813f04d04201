//! Problem codes: the stable names of everything that can be wrong.
//!
//! A code is never reused and never changes its meaning; scripts and `--accept` build on it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Severity;

/// Declares the codes once: variant, name, default severity, meaning.
macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $meaning:literal;)*) => {
        /// A problem code.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The severity that a problem of this code has unless its finder says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What it means: one line of the documentation.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

impl Code {
    /// Whether `--accept` may name it: every warning, and what blocks only until somebody says
    /// that they know.
    #[must_use]
    pub const fn acceptable(self) -> bool {
        !matches!(self.severity(), Severity::Blocked) || matches!(self, Self::IrreversibleStep)
    }
}

codes! {
    // reading files
    YamlSyntax "yaml_syntax" Blocked "the text is not YAML";
    JsonSyntax "json_syntax" Blocked "the text is not JSON";
    TomlSyntax "toml_syntax" Blocked "the text is not TOML";
    NotUtf8 "not_utf8" Blocked "the file is not UTF-8";
    TooLarge "too_large" Blocked "the file is larger than its bound";
    TooDeep "too_deep" Blocked "the nesting is deeper than 64 levels";
    YamlAlias "yaml_alias" Blocked "YAML aliases are not accepted: they can make a small file huge";
    EmptyDocument "empty_document" Blocked "the file holds nothing but white space and comments";
    DuplicateKey "duplicate_key" Blocked "a key stands twice in one mapping; neither value is taken";
    WrongType "wrong_type" Blocked "a value has another type than the format says";
    MissingField "missing_field" Blocked "a required field is absent";
    BadValue "bad_value" Blocked "a value is outside what the format allows";
    BadVersion "bad_version" Blocked "a value is not a SemVer version";
    UnquotedVersion "unquoted_version" Blocked "an unquoted YAML number where a version in quotes is needed";
    BadName "bad_name" Blocked "a domain name has other characters than a-z, 0-9, `_` and `-`, or more than 64";
    RangeInverted "range_inverted" Blocked "min_core_version is above max_core_version: no Core version fits";
    ContactNotEmail "contact_not_email" Warning "ownership.contact is no e-mail address";
    StatusDraft "status_draft" Warning "the status `draft` is found in the wild; the vertical is shown but not gated";
    TimeoutOutOfRange "timeout_out_of_range" Blocked "a smoke-test timeout is outside 60 to 600 seconds";
    TimeoutAtTopLevel "timeout_at_top_level" Warning "smoke_tests_timeout stands at the top level; it belongs under compatibility";
    DerogationExpired "derogation_expired" Warning "a derogation's expiry_utc is past: it no longer counts";
    SecretInManifest "secret_in_manifest" Blocked "a password stands in the manifest, which is public";
    UnknownSetting "unknown_setting" Warning "a setting's name is not known; it has no effect";
    FileUnreadable "file_unreadable" Blocked "a file is there and cannot be read";
    DuplicateDomain "duplicate_domain" Blocked "two manifests of one installation bear the same domain name";
    // package manifests
    PackageTemplate "package_template" Blocked "the manifest is a template: its placeholders are not filled in";
    BadPackageName "bad_package_name" Blocked "a package name is not a type, `-` and 1 to 64 of a-z, 0-9 and `-`";
    PackageTypeMismatch "package_type_mismatch" Blocked "the package's name begins with another type than package_type names";
    BadRequirement "bad_requirement" Blocked "a dependency is not a package's name and constraints on its version";
    BadPort "bad_port" Blocked "a port is not `HOST:CONTAINER`, each from 1 to 65535";
    BadVariable "bad_variable" Blocked "the name of an environment variable has other characters than A-Z, a-z, 0-9 and `_`";
    ScriptUnhashed "script_unhashed" Blocked "a script from elsewhere has no SHA-256";
    // release metadata
    MetadataMissing "metadata_missing" Warning "the release has no metadata: nothing is known of its changes";
    MetadataUnreadable "metadata_unreadable" Blocked "the release's metadata cannot be read: the release cannot be a target";
    MetadataVersionMismatch "metadata_version_mismatch" Blocked "the metadata's version differs from the tag: the release cannot be a target";
    ChangesFlatList "changes_flat_list" Warning "`changes` is a flat list: read as features";
    BreakingChangesKey "breaking_changes_key" Warning "`changes.breaking_changes`: read as `changes.breaking`";
    ChangesDocumentation "changes_documentation" Info "`changes.documentation` is read and shown apart";
    ChangeUnreadable "change_unreadable" Warning "an entry of `changes` is neither a text nor an object with a text";
    ChecksumUnverifiable "checksum_unverifiable" Warning "the metadata's checksum cannot be checked";
    ContractsVersionUnknown "contracts_version_unknown" Warning "the release does not say its contracts version";
    ChannelAssumed "channel_assumed" Info "the release names no channel: taken from its version";
    ChannelCalmerThanVersion "channel_calmer_than_version" Warning "the metadata's channel is calmer than the version's pre-release part allows: the version counts";
    ReleaseDateUnknown "release_date_unknown" Warning "the release date is absent or unreadable";
    // compatibility
    CoreBelowMinimum "core_below_minimum" Blocked "the target is older than the vertical's min_core_version";
    CoreAboveMaximum "core_above_maximum" Blocked "the target is newer than the vertical's max_core_version";
    RequiresIntermediate "requires_intermediate" Blocked "the installed version is older than the target's requires_from: another release comes first";
    ContractsMajorMismatch "contracts_major_mismatch" Blocked "the target's contracts major is not the vertical's";
    BreakingChange "breaking_change" Blocked "a breaking change that the vertical's allowlist does not name";
    ChannelMismatch "channel_mismatch" Blocked "the target's channel is riskier than the channel in force";
    VerticalTooOld "vertical_too_old" Blocked "the target asks for a newer version of the vertical";
    CapabilityMissing "capability_missing" Blocked "the target does not offer a capability that the vertical requires";
    CapabilityRemoved "capability_removed" Blocked "the target removes a capability that the vertical requires";
    ContractNotExported "contract_not_exported" Blocked "the target's contracts package does not export a name that the vertical uses";
    ContractsUnreadable "contracts_unreadable" Warning "the target's contracts package cannot be read: contracts_used is not checked";
    MigrationGuideMissing "migration_guide_missing" Blocked "a release with breaking changes has no migration guide";
    SupportEnded "support_ended" Blocked "the target's support window has ended";
    SupportEnding "support_ending" Warning "the target's support window ends within three months";
    ChecksumMismatch "checksum_mismatch" Blocked "the tag's commit is not the one that the metadata names";
    TagMoved "tag_moved" Blocked "the tag points at another commit than when it was first seen";
    TagRecreated "tag_recreated" Warning "the tag points at another commit than when it was first seen, with the same tree";
    Withdrawn "withdrawn" Blocked "the registry no longer has this release: it cannot be a target";
    MetadataChanged "metadata_changed" Warning "the release's metadata is not what it was when it was first seen";
    MetadataNotFetched "metadata_not_fetched" Warning "the release's metadata was not fetched: nothing is known of its changes";
    TagUnsigned "tag_unsigned" Blocked "signed tags are required, and the tag bears no signature";
    TagSignatureBad "tag_signature_bad" Blocked "signed tags are required, and the tag's signature is not one of a trusted signer";
    TagNameMismatch "tag_name_mismatch" Blocked "the signed tag object was made for another name than the ref that points at it";
    LedgerDamaged "ledger_damaged" Warning "the ledger of releases that were seen is damaged or was cut off; it is kept aside whole";
    LedgerNotWritten "ledger_not_written" Warning "the ledger of releases that were seen could not be written";
    VerticalDeprecated "vertical_deprecated" Warning "the vertical is deprecated: its problems warn and do not block";
    VerticalExperimental "vertical_experimental" Info "the vertical is experimental: its problems are shown and do not block";
    SmokeTestMissing "smoke_test_missing" Warning "the vertical has no smoke_tests/run.sh: the upgrade is not proven for it";
    SmokeTestNotExecutable "smoke_test_not_executable" Blocked "the vertical's smoke_tests/run.sh is not executable";
    VerticalRemovedByTarget "vertical_removed_by_target" Blocked "the vertical's tracked manifest does not exist in the target";
    DeprecatedInRelease "deprecated_in_release" Warning "the release announces a deprecation";
    NoVerticals "no_verticals" Info "no vertical is declared: nothing is judged and nothing is smoke-tested";
    // the installation
    DirtyTree "dirty_tree" Blocked "tracked files have changes that are not committed";
    UntrackedInCriticalPath "untracked_in_critical_path" Blocked "untracked files stand in a critical path";
    UntrackedInTheWay "untracked_in_the_way" Blocked "untracked or ignored files stand where the target has files";
    HiddenChanges "hidden_changes" Blocked "git is told to overlook changes of tracked files (assume-unchanged or skip-worktree)";
    SparseCheckout "sparse_checkout" Blocked "the working tree is sparse: it cannot be compared with a release as a whole";
    OperationInProgress "operation_in_progress" Blocked "a merge, rebase, cherry-pick, revert or bisect is under way";
    UnbornHead "unborn_head" Blocked "the repository has no commit yet";
    OwnCommits "own_commits" Blocked "HEAD carries commits of its own on top of Core: switching the tree would drop their content";
    AheadOfRelease "ahead_of_release" Warning "HEAD is ahead of the newest release that it contains; its commits stay on their branch";
    BranchNotFastForward "branch_not_fast_forward" Blocked "the branch cannot move to the target without leaving commits behind";
    SubmodulesPresent "submodules_present" Warning "the target has submodules, which an upgrade does not update";
    LowDisk "low_disk" Blocked "there is too little free disk";
    Downgrade "downgrade" Warning "the target is older than what is installed";
    CoreVersionUnknown "core_version_unknown" Warning "the installed Core version cannot be told: HEAD is no release and contains none";
    CoreVersionDisagreement "core_version_disagreement" Warning "two sources name different versions of the installed Core";
    Held "held" Blocked "the target is held";
    LockHeld "lock_held" Blocked "another vit is at work on this installation";
    OpenTransaction "open_transaction" Blocked "a transaction was interrupted and is not finished yet";
    Inconsistent "inconsistent" Blocked "an earlier failure could not be undone and verified; `vit repair` is needed";
    StateFolderUnsafe "state_folder_unsafe" Blocked "a state folder is a symlink, is owned by another user, or is world-writable";
    TargetNotFound "target_not_found" Blocked "no release has this version";
    ObjectsMissing "objects_missing" Blocked "the release's commit is not in this repository and could not be fetched";
    RegistryStale "registry_stale" Warning "the registry could not be reached; what was fetched before is used";
    RegistryFallback "registry_fallback" Info "the first source of releases did not answer; the next one did";
    RegistryIncomplete "registry_incomplete" Warning "a part of the registry's list of releases could not be read and was left out";
    RateLimited "rate_limited" Warning "the server allows no more requests for now";
    RegistryUntrusted "registry_untrusted" Blocked "the registry's signed metadata does not verify: nothing new is installed from it";
    RegistryMetadataExpired "registry_metadata_expired" Blocked "the registry's signed metadata has expired: nothing new is installed from it";
    TrustElsewhere "trust_elsewhere" Warning "signed metadata is trusted for another origin than the registry's: what this registry says is not verified";
    CacheUnusable "cache_unusable" Warning "the cache cannot be used or written: answers of servers are not kept";
    BundleDamaged "bundle_damaged" Blocked "the bundle is damaged, was changed after it was made, or is none";
    BundleBaseMissing "bundle_base_missing" Blocked "the bundle builds on commits that are not in this repository";
    BundleMetadataWritten "bundle_metadata_written" Info "a release's metadata stand in the bundle as they were read: the file itself was not at hand";
    ReleaseImported "release_imported" Info "the release comes from an imported bundle: the registry has not offered it here";
    HistoryDamaged "history_damaged" Warning "the history cannot be read or its chain is broken; it is moved aside whole";
    UnsafeGitConfig "unsafe_git_config" Warning "the repository's own git configuration names programs that git would run";
    FactsMoved "facts_moved" Blocked "the facts that a plan was made from have changed";
    // where an upgrade lands
    MergeConflict "merge_conflict" Blocked "this repository and the release changed the same thing in ways that do not go together";
    UnrelatedHistories "unrelated_histories" Blocked "HEAD and the release have no commit in common: they cannot be merged";
    IdentityMissing "identity_missing" Blocked "git does not know who makes the upgrade's commit: user.name or user.email is not set";
    OwnCommitsKept "own_commits_kept" Info "HEAD carries commits of its own; they stay, and the release is merged on top of them";
    UpstreamRemoteMissing "upstream_remote_missing" Warning "the remote that a manifest names as the source of Core is not configured";
    SubmoduleDirty "submodule_dirty" Blocked "the submodule that Core is has changes, or stands on another commit than the repository records";
    SubmoduleUnusable "submodule_unusable" Blocked "the submodule that Core is cannot be upgraded: it is not checked out, or has no remote";
    // pins of Core, where it is an installed package
    PinUntracked "pin_untracked" Blocked "a file that pins Core is not in HEAD: an edit of it could not be undone";
    PinRange "pin_range" Blocked "a pin is a range that does not let the target in";
    PinRangeKept "pin_range_kept" Info "a pin is a range that lets the target in: it is left as it is";
    PinHashed "pin_hashed" Blocked "a pin bears hashes of the old version's files, and those of the target's are not known";
    PinUnclear "pin_unclear" Blocked "a pin is in a form that cannot be edited";
    PinOpen "pin_open" Blocked "no file pins Core to one version: there is nothing to edit";
    PinDisagreement "pin_disagreement" Warning "two places name different versions of the installed package that Core is";
    PinNoRelease "pin_no_release" Warning "Core is pinned to something that is no release";
    PinLockStale "pin_lock_stale" Blocked "a lock file could not be brought to the edited pins";
    VersionNotPython "version_not_python" Blocked "the release's version has no spelling that Python's packages could have";
    // the memory of failures
    Quarantined "quarantined" Blocked "the release was rolled back here, and nothing that it depends on has changed since";
    // transactions
    SmokeTestFailed "smoke_test_failed" Blocked "a smoke test failed";
    SmokeTestCouldNotRun "smoke_test_could_not_run" Blocked "a smoke test said that it could not run";
    SmokeTestTimeout "smoke_test_timeout" Blocked "a smoke test did not end in its time";
    SmokeTestLeftFiles "smoke_test_left_files" Warning "smoke tests left files behind or changed the tree";
    TreeMismatch "tree_mismatch" Blocked "the working tree is not the tree it should be";
    RehearsalFailed "rehearsal_failed" Blocked "the rehearsal of the target failed: nothing was touched";
    RehearsalCouldNotTell "rehearsal_could_not_tell" Warning "the rehearsal could not tell whether the target works here";
    StepFailed "step_failed" Blocked "a step of the transaction failed";
    Interrupted "interrupted" Blocked "the transaction was interrupted";
    // steps of the installation's own, and the soak
    OwnStepFailed "own_step_failed" Blocked "a step of the installation's own failed";
    OwnStepNotUndone "own_step_not_undone" Blocked "a step of the installation's own ran and was not undone";
    OwnStepLeftProcesses "own_step_left_processes" Warning "a step of the installation's own left processes behind, which were ended";
    OwnStepProgramMissing "own_step_program_missing" Blocked "a program that a step of the installation's own names is not there";
    IrreversibleStep "irreversible_step" Blocked "a step of the installation's own names no command that undoes it; goes on only with `--accept irreversible_step`";
    SoakWithoutSmokeTests "soak_without_smoke_tests" Warning "a soak was asked for and there is no smoke test: only time passes";
    OnTrial "on_trial" Info "the installed release is on trial and not committed yet";
    // the Python environment
    EnvironmentInvalid "environment_invalid" Blocked "the folder that is named as the Python environment is none";
    EnvironmentBroken "environment_broken" Blocked "the Python environment's interpreter does not start";
    EnvironmentShared "environment_shared" Warning "the Python environment holds other installations too";
    InstallerMissing "installer_missing" Blocked "neither uv nor pip is there to install with";
    DependencyInstallFailed "dependency_install_failed" Blocked "an installation into the Python environment failed";
    WheelsMissing "wheels_missing" Warning "dependencies change, no index can be asked, and no imported bundle has wheels for them";
    WheelsUnused "wheels_unused" Warning "an imported bundle has wheels, and the command that installs cannot take them";
    WheelChanged "wheel_changed" Blocked "what an imported bundle brought to install from is not what it was";
    EnvironmentAdditions "environment_additions" Warning "packages were installed into the Python environment by hand, and a rollback brings back one without them";
    EnvironmentMismatch "environment_mismatch" Blocked "the Python environment is not what the installation has made of it";
    EnvironmentTwinLost "environment_twin_lost" Blocked "the Python environment that a snapshot needs is kept no more";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no problem code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a problem code", .0.escape_debug())]
pub struct UnknownCode(pub String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_json_spelling() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json.trim_matches('"'), code.as_str());
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
    }
}
