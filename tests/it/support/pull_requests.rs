//! Pull requests of GitHub and Azure Repos as their APIs answer, in the shapes that were recorded.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::loopback::{Answer, Api, Request};

/// `user.id` of `github-actions[bot]`.
pub const BOT: u64 = 41_898_282;

/// Comments of pull request 7 of `contoso/clusters` on GitHub.
pub struct GitHub {
    pub comments: Vec<Value>,
    next: u64,
    /// Whom the token is of: an app's is a bot, which can't ask who it is.
    me: Value,
}

/// A user of GitHub.
pub fn user(login: &str, id: u64) -> Value {
    json!({"login": login, "id": id, "node_id": format!("U_{id}"), "type": "User", "site_admin": false})
}

fn bot() -> Value {
    json!({
        "login": "github-actions[bot]", "id": BOT, "node_id": "MDM6Qm90NDE4OTgyODI=",
        "type": "Bot", "site_admin": false,
    })
}

impl GitHub {
    /// As a workflow's own token sees it.
    pub fn new() -> Self {
        GitHub {
            comments: Vec::new(),
            next: 1_000_000_001,
            me: bot(),
        }
    }

    /// As the token of a user sees it.
    pub fn of_user(me: Value) -> Self {
        GitHub { me, ..Self::new() }
    }

    /// Somebody comments.
    pub fn says(&mut self, author: Value, body: &str) -> u64 {
        let id = self.next;
        self.next += 1;
        let page = format!("https://github.com/contoso/clusters/pull/7#issuecomment-{id}");
        self.comments.push(json!({
            "url": format!("https://api.github.com/repos/contoso/clusters/issues/comments/{id}"),
            "html_url": page,
            "issue_url": "https://api.github.com/repos/contoso/clusters/issues/7",
            "id": id, "node_id": format!("IC_{id}"), "user": author,
            "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
            "author_association": "CONTRIBUTOR", "body": body,
            "performed_via_github_app": null,
        }));
        id
    }

    /// Another bot comments.
    pub fn bot_says(&mut self, body: &str) -> u64 {
        self.says(bot(), body)
    }

    pub fn bodies(&self) -> Vec<&str> {
        let bodies = self.comments.iter();
        bodies.map(|one| one["body"].as_str().unwrap()).collect()
    }

    fn listed(&self, query: &str, at: SocketAddr) -> Answer {
        let of = |name: &str| {
            let mut found = query.split('&').filter_map(|one| one.split_once('='));
            found.find(|(one, _)| *one == name).map(|(_, value)| value)
        };
        let size: usize = of("per_page").map_or(30, |size| size.parse().unwrap());
        let page: usize = of("page").map_or(1, |page| page.parse().unwrap());
        let size = size.min(100);
        let shown: Vec<&Value> = self
            .comments
            .iter()
            .skip((page - 1) * size)
            .take(size)
            .collect();
        let answer = Answer::json(200, &json!(shown));
        let last = self.comments.len().div_ceil(size).max(1);
        if page == last {
            return answer;
        }
        let to = |page: usize| {
            format!("<http://{at}/repositories/77/issues/7/comments?per_page={size}&page={page}>")
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(format!("{}; rel=\"prev\"", to(page - 1)));
        }
        links.push(format!("{}; rel=\"next\"", to(page + 1)));
        links.push(format!("{}; rel=\"last\"", to(last)));
        // Names of headers have no case.
        answer.with("link", links.join(", "))
    }
}

pub fn not_found() -> Answer {
    Answer::json(
        404,
        &json!({
            "message": "Not Found", "status": "404",
            "documentation_url": "https://docs.github.com/rest/issues/comments#update-an-issue-comment",
        }),
    )
}

impl Api for GitHub {
    fn answer(&mut self, request: &Request, at: SocketAddr) -> Answer {
        let (path, query) = match request.path.split_once('?') {
            Some((path, query)) => (path, query),
            None => (&*request.path, ""),
        };
        let all = "/repos/contoso/clusters/issues/7/comments";
        match (&*request.method, path) {
            ("GET", "/user") if self.me["type"] == "User" => Answer::json(200, &self.me),
            ("GET", "/user") => Answer::json(
                403,
                &json!({"message": "Resource not accessible by integration", "status": "403"}),
            ),
            ("GET", path) if path == all || path == "/repositories/77/issues/7/comments" => {
                self.listed(query, at)
            }
            ("POST", path) if path == all => {
                let body = request.json()["body"].as_str().unwrap().to_owned();
                if body.chars().count() > 65_536 {
                    return Answer::json(422, &json!({"message": "Validation Failed"}));
                }
                self.says(self.me.clone(), &body);
                Answer::json(201, self.comments.last().unwrap())
            }
            ("PATCH", path) => {
                let id = path.strip_prefix("/repos/contoso/clusters/issues/comments/");
                let found = self
                    .comments
                    .iter_mut()
                    .find(|one| Some(&*one["id"].to_string()) == id);
                match found {
                    Some(comment) => {
                        comment["body"] = request.json()["body"].clone();
                        Answer::json(200, comment)
                    }
                    None => not_found(),
                }
            }
            _ => not_found(),
        }
    }
}

/// The identity of a project's build service.
pub const BUILD_SERVICE: &str = "51a5a6ad-6d4e-4a2f-9e0e-0d3c3a5a1b2c";

/// The path of a pull request's threads.
pub const THREADS: &str = "/contoso/0aa41603-4d1f-4c0c-9e0c-8a7f4d6a9a11/_apis/git/repositories/\
2d4b8b5e-1a6f-4a43-8b1e-6f0d1c2b3a44/pullRequests/7/threads";

/// Threads of a pull request of Azure Repos.
pub struct AzureRepos {
    pub threads: Vec<Value>,
    /// How many threads an answer has.
    pub page: usize,
}

impl AzureRepos {
    pub fn new() -> Self {
        AzureRepos {
            threads: Vec::new(),
            page: usize::MAX,
        }
    }

    /// Somebody begins a thread.
    pub fn says(&mut self, author: &str, content: &str, status: &str) -> usize {
        let id = self.threads.len() + 1;
        self.threads.push(json!({
            "pullRequestThreadContext": null, "id": id,
            "publishedDate": "2026-03-01T09:00:00Z", "lastUpdatedDate": "2026-03-01T09:00:00Z",
            "comments": [{
                "id": 1, "parentCommentId": 0,
                "author": {"displayName": "somebody", "id": author, "uniqueName": "somebody"},
                "content": content, "commentType": "text", "usersLiked": [],
                "publishedDate": "2026-03-01T09:00:00Z",
            }],
            "status": status, "threadContext": null, "properties": {}, "identities": null,
            "isDeleted": false,
        }));
        id
    }

    /// The first comment of each thread that isn't deleted, and the thread's status.
    pub fn told(&self) -> Vec<(&str, &str)> {
        let threads = self.threads.iter().filter(|one| one["isDeleted"] == false);
        threads
            .map(|one| {
                let content = one["comments"][0]["content"].as_str().unwrap();
                (content, one["status"].as_str().unwrap())
            })
            .collect()
    }

    fn listed(&self, query: &str) -> Answer {
        let mut found = query
            .split('&')
            .filter_map(|one| one.strip_prefix("continuationToken="));
        let from: usize = found.next().map_or(0, |token| {
            token.strip_prefix("after%2F").unwrap().parse().unwrap()
        });
        let shown: Vec<&Value> = self.threads.iter().skip(from).take(self.page).collect();
        let until = from + shown.len();
        let answer = Answer::json(200, &json!({"value": shown, "count": shown.len()}));
        match until < self.threads.len() {
            true => answer.with("x-ms-continuationtoken", format!("after/{until}")),
            false => answer,
        }
    }
}

impl Api for AzureRepos {
    fn answer(&mut self, request: &Request, _: SocketAddr) -> Answer {
        let absent = || {
            Answer::json(
                404,
                &json!({"$id": "1", "message": "TF401179: The comment doesn't exist.", "typeKey": "x"}),
            )
        };
        let (path, query) = match request.path.split_once('?') {
            Some((path, query)) => (path, query),
            None => (&*request.path, ""),
        };
        if path == "/contoso/_apis/connectionData" {
            return Answer::json(
                200,
                &json!({"authenticatedUser": {
                    "id": BUILD_SERVICE, "descriptor": "Microsoft.TeamFoundation.ServiceIdentity;x",
                    "providerDisplayName": "clusters Build Service (contoso)", "isActive": true,
                }, "instanceId": "x"}),
            );
        }
        let Some(below) = path.strip_prefix(THREADS) else {
            return absent();
        };
        assert!(
            query.split('&').any(|one| one == "api-version=7.1"),
            "{query}"
        );
        let parts: Vec<&str> = below.split('/').skip(1).collect();
        match (&*request.method, &*parts) {
            ("GET", []) => self.listed(query),
            ("POST", []) => {
                let sent = request.json();
                let content = sent["comments"][0]["content"].as_str().unwrap();
                let status = sent["status"].as_str().unwrap();
                assert!(content.chars().count() <= 150_000);
                self.says(BUILD_SERVICE, content, status);
                Answer::json(200, self.threads.last().unwrap())
            }
            ("PATCH", [thread, rest @ ..]) => {
                let found = self.threads.iter_mut().find(|one| {
                    one["id"] == json!(thread.parse::<u64>().ok()) && one["isDeleted"] == false
                });
                match (found, rest) {
                    (Some(thread), []) => {
                        thread["status"] = request.json()["status"].clone();
                        Answer::json(200, thread)
                    }
                    (Some(thread), ["comments", "1"]) => {
                        let comment = &mut thread["comments"][0];
                        comment["content"] = request.json()["content"].clone();
                        Answer::json(200, comment)
                    }
                    _ => absent(),
                }
            }
            _ => absent(),
        }
    }
}
