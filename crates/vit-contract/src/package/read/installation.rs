//! The section `installation`.

use super::{path, shown, text, texts};
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::Findings;
use crate::inside::is_transport_helper;
use crate::package::{
    Component, Compose, GitClone, Installation, Method, Pip, Port, Script, Variable,
};

/// The methods, as they are written.
#[derive(Clone, Copy)]
enum Kind {
    Compose,
    Pip,
    Clone,
    Script,
}

/// Reads it; what cannot be used is a problem.
pub(super) fn read(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Installation> {
    let method = section
        .required(findings, "method")
        .and_then(|field| {
            field.word(
                findings,
                &[
                    ("docker_compose", Kind::Compose),
                    ("pip", Kind::Pip),
                    ("git_clone", Kind::Clone),
                    ("script", Kind::Script),
                ],
            )
        })
        .and_then(|kind| method(kind, section, findings));
    let installation = Installation {
        ports: parsed(
            section,
            "ports",
            findings,
            (Code::BadPort, "is no port", PORT),
            Port::parse,
        ),
        env_required: variables(section, "env_required", findings),
        env_optional: variables(section, "env_optional", findings),
        env_template: path(section, "env_template", findings),
        volumes: texts(section, "volumes", findings),
        init_commands: texts(section, "init_commands", findings),
        migrations_path: path(section, "migrations_path", findings),
        method: method?,
    };
    Some(installation)
}

const PORT: &str = "write `HOST:CONTAINER`, such as `\"9003:8003\"`";
const VARIABLE: &str = "write `NAME`, or `NAME=default`";

fn method(kind: Kind, section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Method> {
    match kind {
        Kind::Compose => {
            let service = word(section, "compose_service", findings);
            let file = required_path(section, "compose_file", findings);
            Some(Method::DockerCompose(Compose {
                dockerfile: path(section, "dockerfile", findings),
                service: service?,
                file: file?,
            }))
        }
        Kind::Pip => {
            let field = section.required(findings, "package")?;
            let package = argument(&field, findings)?;
            Some(Method::Pip(Pip { package }))
        }
        Kind::Clone => {
            let repository = section
                .required(findings, "repository")
                .and_then(|field| argument(&field, findings));
            let install_path = required_path(section, "install_path", findings);
            let branch = section
                .optional("branch")
                .and_then(|field| argument(&field, findings));
            Some(Method::GitClone(GitClone {
                branch,
                setup_script: path(section, "setup_script", findings),
                repository: repository?,
                install_path: install_path?,
            }))
        }
        Kind::Script => script(section, findings).map(Method::Script),
    }
}

fn script(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Script> {
    let script = Script {
        setup_script: path(section, "setup_script", findings),
        script_url: super::url(section, "script_url", findings),
        script_sha256: sha256(section, findings),
        components: components(section, findings),
    };
    if let Some(field) = section.optional("script_url")
        && section.optional("script_sha256").is_none()
    {
        let problem = findings.problem(
            Code::ScriptUnhashed,
            &field,
            "names a script from elsewhere without its SHA-256",
        );
        findings.push_with_hint(problem, "add `script_sha256`: `sha256sum FILE` prints it");
        return None;
    }
    let nothing = script.setup_script.is_none()
        && script.script_url.is_none()
        && script.components.is_empty();
    if nothing && section.optional("components").is_none() {
        section.required(findings, "setup_script");
        return None;
    }
    Some(script)
}

fn sha256(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let field = section.optional("script_sha256")?;
    let text = field.string(findings)?.to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(text);
    }
    let problem = findings
        .problem(Code::BadValue, &field, "is no SHA-256")
        .evidence(shown(&text));
    findings.push_with_hint(problem, "write 64 hexadecimal digits");
    None
}

fn components(section: &Fields<'_>, findings: &mut Findings<'_>) -> Vec<Component> {
    let items = section
        .optional("components")
        .and_then(|field| field.items(findings))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let fields = item.fields(findings)?;
            let name = fields
                .required(findings, "name")
                .and_then(|field| field.string(findings).map(str::to_owned));
            let source = required_path(&fields, "source", findings);
            let description = text(&fields, "description", findings);
            Some(Component {
                name: name?,
                source: source?,
                description,
            })
        })
        .collect()
}

fn variables(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Vec<Variable> {
    let what = (Code::BadVariable, "is no variable", VARIABLE);
    parsed(section, key, findings, what, Variable::parse)
}

/// A list of texts that have to be something; one that is not is reported and left out.
fn parsed<T>(
    section: &Fields<'_>,
    key: &str,
    findings: &mut Findings<'_>,
    (code, message, hint): (Code, &str, &str),
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let items = section
        .optional(key)
        .and_then(|field| field.items(findings))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let text = item.string(findings)?;
            let value = read(text);
            if value.is_none() {
                let problem = findings.problem(code, item, message);
                // The value after `=` may be a secret that somebody wrote where it must not be.
                let name = text.split('=').next().unwrap_or_default();
                findings.push_with_hint(problem.evidence(shown(name)), hint);
                findings.hide(item);
            }
            value
        })
        .collect()
}

fn required_path(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    section.required(findings, key)?;
    path(section, key, findings)
}

/// The name of a compose service.
fn word(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let field = section.required(findings, key)?;
    let text = field.string(findings)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if text.bytes().all(plain) && !text.starts_with(['-', '.']) {
        return Some(text.to_owned());
    }
    let problem = findings
        .problem(Code::BadValue, &field, "is no name of a compose service")
        .evidence(shown(text));
    findings.push_with_hint(
        problem,
        "write the key under `services` of the compose file",
    );
    None
}

/// A text that becomes an argument of a program.
fn argument(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = field.string(findings)?;
    let message = if text.starts_with('-') {
        "must not begin with `-`: a program would take it for an option"
    } else if text.contains(char::is_control) {
        "must not hold control characters"
    } else if is_transport_helper(text) {
        "must not name a transport helper: git would run a program"
    } else {
        return Some(text.to_owned());
    };
    let problem = findings
        .problem(Code::BadValue, field, message)
        .evidence(shown(text));
    findings.push_with_hint(problem, "write a name, a path or a URL");
    None
}
