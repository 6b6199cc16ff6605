//! A fake Firecracker: a shell script as its process, and its API served on the socket that the script is given.
//!
//! Every request is held to Firecracker's own description of its API: path, method, and the body's fields, their types and enums.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use vm_provisioner::vm::VmId;

const DESCRIPTION: &str = include_str!("../data/firecracker-openapi.json");

/// The guest: it waits until it is started, boots, and waits until it is shut down. Beside the socket there are files for what
/// happens to it.
const GUEST: &str = r#"
touch "$2.launched"
until [ -e "$2.started" ]; do sleep 0.01; done
echo "[    0.1] Linux"
if [ -e "$2.broken" ]; then echo "[    0.2] Kernel panic - not syncing: no init found"; exit 148; fi
[ -e "$2.silent" ] || echo "guest ready"
until [ -e "$2.halted" ]; do sleep 0.01; done
touch "$2.ended"
"#;

pub(crate) struct Fake {
    folder: PathBuf,
    refused: Option<(&'static str, &'static str)>,
}

impl Fake {
    /// One whose machines are in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), refused: None }
    }

    /// The same, but a request of this path is refused with these words.
    pub(crate) fn refusing(self, path: &'static str, words: &'static str) -> Self {
        Self { refused: Some((path, words)), ..self }
    }

    /// What is started as the binary. The API of each machine is served once its process is there.
    pub(crate) fn binary(&self) -> PathBuf {
        tokio::spawn(serve_all(self.folder.clone(), self.refused));
        script(&self.folder, GUEST)
    }

    /// A binary that ends at once.
    pub(crate) fn that_ends(folder: &Path) -> PathBuf {
        script(folder, "echo 'Cannot open /dev/kvm' >&2; exit 1")
    }

    /// Lets this machine boot without a word.
    pub(crate) fn is_silent(&self, id: &VmId) {
        fs::write(beside(&self.folder.join(id.as_str()), "silent"), "").unwrap();
    }

    /// Whether this machine was asked to shut down, and did.
    pub(crate) fn shut_down_gently(&self, id: &VmId) -> bool {
        beside(&self.folder.join(id.as_str()), "ended").exists()
    }
}

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("firecracker");
    fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn beside(machine: &Path, end: &str) -> PathBuf {
    machine.join(format!("api.sock.{end}"))
}

/// Serves the API of every machine whose process has been launched.
async fn serve_all(folder: PathBuf, refused: Option<(&'static str, &'static str)>) {
    let mut served = Vec::new();
    loop {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let machine = entry.path();
            if beside(&machine, "launched").exists() && !served.contains(&machine) {
                let listener = UnixListener::bind(machine.join("api.sock")).unwrap();
                let app = Router::new().fallback(answer).with_state(Machine { folder: machine.clone(), refused });
                tokio::spawn(async move { axum::serve(listener, app).await });
                served.push(machine);
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[derive(Clone)]
struct Machine {
    folder: PathBuf,
    refused: Option<(&'static str, &'static str)>,
}

async fn answer(State(machine): State<Machine>, method: Method, uri: Uri, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let judged = judge(method.as_str(), uri.path(), &body).and_then(|()| machine.act(uri.path(), &body));
    match judged {
        Ok(answer) if answer.is_null() => StatusCode::NO_CONTENT.into_response(),
        Ok(answer) => axum::Json(answer).into_response(),
        Err(fault) => (StatusCode::BAD_REQUEST, axum::Json(json!({ "fault_message": fault }))).into_response(),
    }
}

impl Machine {
    fn act(&self, path: &str, body: &Value) -> Result<Value, String> {
        if let Some((_, words)) = self.refused.filter(|(refused, _)| *refused == path) {
            return Err(words.to_owned());
        }
        let (is, mark) =
            (|what| beside(&self.folder, what).exists(), |what| fs::write(beside(&self.folder, what), "").unwrap());
        match (path, body["action_type"].as_str()) {
            ("/", _) => {
                let state = if is("started") { "Running" } else { "Not started" };
                return Ok(json!({ "app_name": "Firecracker", "id": "fake", "state": state, "vmm_version": "1.17.0" }));
            }
            (_, Some("SendCtrlAltDel")) => mark("halted"),
            _ if is("started") => return Err("this is not supported after starting the machine".to_owned()),
            (_, Some("InstanceStart")) if is("sourced") => mark("started"),
            (_, Some("InstanceStart")) => return Err("the boot source is missing".to_owned()),
            ("/boot-source", _) => {
                mark("sourced");
                if body.get("initrd_path").is_none() {
                    mark("broken");
                }
            }
            _ => {}
        }
        Ok(Value::Null)
    }
}

/// What the description says of a request.
pub(crate) fn judge(method: &str, path: &str, body: &Value) -> Result<(), String> {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let known = paths.iter().find(|(template, _)| matches(template, path)).ok_or_else(|| format!("no path {path}"))?;
    let operation = known.1.get(method.to_lowercase()).ok_or_else(|| format!("{path} has no {method}"))?;
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    match parameters.into_iter().find(|parameter| parameter["in"] == "body") {
        Some(parameter) => conforms(body, &parameter["schema"], &description["definitions"]),
        None if body.is_null() => Ok(()),
        None => Err(format!("{method} {path} takes no body")),
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(one, other): (&&str, &&str)| one == other || (one.starts_with('{') && !other.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

fn conforms(body: &Value, schema: &Value, definitions: &Value) -> Result<(), String> {
    let mut schema = schema.clone();
    schema["definitions"] = definitions.clone();
    // Firecracker itself refuses fields that it does not know.
    for definition in schema["definitions"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    // Swagger 2.0 has the words of this draft.
    let validator = jsonschema::draft4::new(&schema).unwrap();
    validator.validate(body).map_err(|error| error.to_string())
}
