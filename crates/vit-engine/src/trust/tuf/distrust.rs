//! Why signed metadata is not believed, as a problem.

use sigstore_tuf::Error;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::text;

use crate::error::EngineError;
use crate::http::HttpError;

/// Why there is nothing verified.
#[derive(Debug)]
pub(crate) enum Distrust {
    /// What was signed does not verify, or has expired.
    Problem(Box<Problem>),
    /// The registry could not be asked, and nothing that was verified before is good now.
    Unreachable(Box<HttpError>),
    /// Something of ours failed.
    Engine(EngineError),
}

impl From<EngineError> for Distrust {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// What does not verify.
pub(crate) fn untrusted(subject: &str, evidence: &str) -> Problem {
    Problem::new(
        Code::RegistryUntrusted,
        subject,
        "the registry's signed metadata does not verify: nothing new is installed from it",
    )
    .evidence(text::excerpt(evidence, 400))
    .hint(
        Who::Core,
        "sign and publish the registry's metadata again; if the server was taken over, `vit rollback` and what is installed are not touched by it",
    )
}

/// What has expired.
fn expired(subject: &str, role: &str, expires: jiff::Timestamp) -> Problem {
    Problem::new(
        Code::RegistryMetadataExpired,
        subject,
        "the registry's signed metadata has expired: nothing new is installed from it",
    )
    .evidence(format!("{role} was good until {expires}"))
    .hint(
        Who::Core,
        "sign the registry's metadata again; whoever keeps it from reaching this machine can only delay",
    )
}

/// What the library's error means; `subject` is the origin.
pub(super) fn of(error: &Error, subject: &str) -> Distrust {
    let problem = match error {
        Error::Expired { role, expires } => expired(subject, role, *expires),
        other => untrusted(subject, &chain(other)),
    };
    Distrust::Problem(Box::new(problem))
}

/// Whether an error says that a server could not be asked, and not that it answered nonsense.
pub(super) fn is_unreachable(error: &HttpError) -> bool {
    match error {
        // A status here is neither 403 nor 404: those say that there is no such file.
        HttpError::NoAnswer { .. }
        | HttpError::Limited { .. }
        | HttpError::Offline { .. }
        | HttpError::Status { .. } => true,
        HttpError::Address(_)
        | HttpError::PlainToken { .. }
        | HttpError::File { .. }
        | HttpError::Unusable { .. }
        | HttpError::Cancelled => false,
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text::visible(&text)
}
