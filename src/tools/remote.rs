//! Whether kustomize would take a path for one of a network.
//!
//! Kustomize looks at the words before it looks at the disk: `github.com/org/repo` is cloned even where
//! such a folder stands. So what any of its versions takes for remote, and what looks so, is.
//!
//! Source: `api/internal/git/repospec.go` and `api/internal/loader/fileloader.go` of kustomize, old
//! versions too.

/// What a remote path begins with, in whatever case.
const BEGINNINGS: [&str; 5] = ["git::", "gh:", "github.com/", "github.com:", "git@"];

/// What is asked of a repository.
const QUERIES: [&str; 4] = ["ref=", "version=", "timeout=", "submodules="];

/// Whether a path is, or looks like, one of a network.
pub(super) fn is_remote(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    if lower.contains("://") || BEGINNINGS.iter().any(|begin| lower.starts_with(begin)) {
        return true;
    }
    // As in `user@host:path`.
    let user = lower.split_once('@').map(|(user, _)| user);
    let is_name = |user: &str| {
        user.starts_with(|first: char| first.is_ascii_alphabetic())
            && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if user.is_some_and(is_name) {
        return true;
    }
    let query = lower.split_once('?').map(|(_, query)| query);
    query.is_some_and(|query| {
        let mut parts = query.split('&');
        parts.any(|part| QUERIES.iter().any(|known| part.starts_with(known)))
    })
}

/// Whether a path that leads to nothing looks like one of a host, as in `host.example/org/repo//path`.
pub(super) fn looks_like_host(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let is_host = first.contains('.') && !first.starts_with('.');
    is_host && path.split('/').count() > 2
        || path.contains("_git/")
        || path.contains(".git/")
        || path.ends_with(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kustomize_would_fetch_is_remote() {
        for path in [
            "https://example.com/rbac.yaml",
            "HTTPS://example.com/rbac.yaml",
            "ssh://git@example.com/org/repo",
            "file:///srv/repo",
            "git::https://example.com/org/repo",
            "Git::example.com/org/repo",
            "git@github.com:org/repo.git",
            "github.com/org/repo",
            "GitHub.com/org/repo//base?ref=v1",
            "github.com:org/repo",
            "gh:org/repo",
            "org-1@example.com:org/repo",
            "example.com/org/repo//base?ref=v1",
            "../base?version=v1&x=y",
        ] {
            assert!(is_remote(path), "{path}");
        }
        for path in [
            "../../base",
            "role.yaml",
            "github.company/role.yaml",
            "a?b.yaml",
            "x/git@y",
            "-@x",
        ] {
            assert!(!is_remote(path), "{path}");
        }
    }

    #[test]
    fn what_is_missing_may_look_like_a_host() {
        for path in [
            "gitlab.example/org/repo//base",
            "org/repo.git",
            "x/_git/repo",
        ] {
            assert!(looks_like_host(path), "{path}");
        }
        for path in [
            "../base",
            "base.yaml",
            "rbac/role.yaml",
            "./a/b/c",
            "../a/b/c",
        ] {
            assert!(!looks_like_host(path), "{path}");
        }
    }
}
