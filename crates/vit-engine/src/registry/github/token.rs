//! Who asks: a token from the environment, else the one that the `gh` program keeps for the host.

use std::time::Duration;

use super::repository::Api;
use crate::context::Context;
use crate::http::Token;
use crate::process::{self, Ended, Request};

/// Variables that hold a token, the first that is set counts.
const VARIABLES: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];
/// How long `gh` may take: it reads a file or asks a key ring.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 4 * 1024;

/// The token for `api`. None where no encrypted way leads there.
///
/// Where `GITHUB_API_URL` names another host, the variables are for that host and never go to
/// github.com.
pub(super) fn find(cx: &Context<'_>, api: &Api) -> Option<Token> {
    if !api.is_private() {
        return None;
    }
    let of_variable = |name: &'static str| {
        let value = cx.environment.get(name)?.to_str()?;
        Token::new(value, name)
    };
    let named = Api::known(cx.environment).ok()?;
    let ours = named.first().is_some_and(|first| first == api);
    let set = ours
        .then(|| VARIABLES.into_iter().find_map(of_variable))
        .flatten();
    set.or_else(|| of_gh(cx, api.host()))
}

fn of_gh(cx: &Context<'_>, host: &str) -> Option<Token> {
    let finished = process::run(Request {
        program: "gh".into(),
        args: ["auth", "token", "--hostname", host]
            .map(Into::into)
            .to_vec(),
        cwd: &cx.site.root,
        env: cx
            .environment
            .for_git()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        stdin: Vec::new(),
        timeout: Some(PATIENCE),
        keep: MAX_BYTES,
        on_line: None,
        cancel: Some(cx.cancel),
        sweep: None,
    })
    .ok()?;
    if finished.ended != Ended::Exit(0) {
        return None;
    }
    Token::new(
        std::str::from_utf8(&finished.stdout.kept).ok()?,
        "gh auth token",
    )
}
