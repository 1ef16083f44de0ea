//! A server on this machine that stands in for an API, and scripts that are run against it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::stand_in::on_path;

/// What a client asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With what follows the `?`.
    pub path: String,
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(one, _)| one == name);
        found.next().map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Answer {
            status,
            headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
            body: body.to_string(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What an API is made of: it answers from what it holds.
pub trait Api: Send + 'static {
    /// The answer to a request; `at` is the server's own address.
    fn answer(&mut self, request: &Request, at: SocketAddr) -> Answer;
}

struct State<A> {
    api: A,
    asked: Vec<Request>,
    /// Answers that the next requests of a method get in place of the API's.
    instead: VecDeque<(&'static str, Answer)>,
    ended: bool,
}

/// A running server, which ends with this.
pub struct Loopback<A: Api> {
    address: SocketAddr,
    state: Arc<Mutex<State<A>>>,
    server: Option<JoinHandle<()>>,
}

impl<A: Api> Loopback<A> {
    pub fn new(api: A) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            api,
            asked: Vec::new(),
            instead: VecDeque::new(),
            ended: false,
        }));
        let shared = Arc::clone(&state);
        let server = thread::spawn(move || {
            for client in listener.incoming() {
                if shared.lock().unwrap().ended {
                    return;
                }
                serve(&client.unwrap(), address, &shared);
            }
        });
        Loopback {
            address,
            state,
            server: Some(server),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request of a method that has no other such answer yet gets this one.
    pub fn answer_next(&self, method: &'static str, answer: Answer) {
        let mut state = self.state.lock().unwrap();
        state.instead.push_back((method, answer));
    }

    /// Reads or changes what the API holds.
    pub fn api<T>(&self, with: impl FnOnce(&mut A) -> T) -> T {
        with(&mut self.state.lock().unwrap().api)
    }

    /// What was asked since this was called last.
    pub fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

impl<A: Api> Drop for Loopback<A> {
    fn drop(&mut self) {
        // A test that fails while it holds the API leaves nothing to end.
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        state.ended = true;
        drop(state);
        // The server looks whether it has ended once a client comes.
        drop(TcpStream::connect(self.address));
        drop(self.server.take().map(JoinHandle::join));
    }
}

fn serve<A: Api>(client: &TcpStream, at: SocketAddr, state: &Mutex<State<A>>) {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return;
    };
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: String::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let header = (name.to_lowercase(), value.trim().to_owned());
        request.headers.push(header);
    }
    let mut client = client;
    if request.header("expect") == "100-continue" {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();

    let mut state = state.lock().unwrap();
    let instead = state
        .instead
        .iter()
        .position(|(method, _)| *method == request.method);
    let answer = match instead.and_then(|at| state.instead.remove(at)) {
        Some((_, answer)) => answer,
        None => state.api.answer(&request, at),
    };
    state.asked.push(request);
    let mut head = format!("HTTP/1.1 {} Recorded\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!(
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.body.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(answer.body.as_bytes()).unwrap();
}

/// The token that scripts get. It must show up nowhere but in the header of a request.
pub const TOKEN: &str = "ghs_S3cretOfTheJob";

/// Holds that what the scripts of `packaging/` need is there.
pub fn needs_programs() {
    for program in ["bash", "curl", "git", "jq"] {
        assert!(
            on_path(program).is_some(),
            "`{program}` isn't on PATH; install it, for the scripts of packaging/ need it"
        );
    }
}

/// A script of this repository, with what it needs of the environment and no more.
pub fn script(path: &str) -> Command {
    needs_programs();
    let mut command = Command::new("bash");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("NO_PROXY", "*");
    command
}

/// What a run printed, which doesn't have the token.
#[track_caller]
pub fn printed(output: &Output) -> String {
    let text = super::gates::text(output);
    assert!(!text.contains(TOKEN), "{text}");
    text
}

/// Holds that no line of a log runs a command of a CI system, but for those that the scripts say. GitHub
/// takes `::` at the start of a line, after blanks; `##[` and `##vso[` are taken anywhere.
#[track_caller]
pub fn assert_no_commands(log: &str) {
    const OURS: [&str; 5] = [
        "::error title=rbac-eval::",
        "::warning title=rbac-eval::",
        "##vso[task.logissue type=error]rbac-eval: ",
        "##vso[task.logissue type=warning]rbac-eval: ",
        "##vso[task.uploadsummary]/",
    ];
    for line in log.lines() {
        let rest = OURS.iter().find_map(|ours| line.strip_prefix(ours));
        let rest = rest.unwrap_or(line);
        assert!(!rest.trim_start().starts_with("::"), "{line}\nin\n{log}");
        for command in ["##[", "##vso["] {
            assert!(!rest.contains(command), "{line}\nin\n{log}");
        }
    }
}
