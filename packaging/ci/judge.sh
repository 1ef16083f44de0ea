#!/usr/bin/env bash
# Says what a change lets whom do, and leaves what is told of it in a folder.
#
#   packaging/ci/judge.sh FOLDER
#
# RBAC_EVAL           the program [default: rbac-eval]
# RBAC_EVAL_BASE      the revision that the change is held against
# RBAC_EVAL_FAIL_ON   what fails the gate, as `diff --fail-on` has it [default: high]
# RBAC_EVAL_FILES     what is read, a path a line; without it .rbac-eval.yaml says so
# RBAC_EVAL_ENVIRONMENTS         environments of .rbac-eval.yaml, one a line
# RBAC_EVAL_KUBERNETES_VERSION   the version of the clusters
# RBAC_EVAL_ARGUMENTS            more arguments of `diff`, one a line
#
# Into FOLDER go `diff.md`, `diff.json`, `diff.sarif`, `diff.txt`, and:
#   exit     how the gate ends: 0, 1 for a change that fails it, 2 for an error or what isn't judged
#   result   `changed`, `nothing` where there is nothing to tell, or `failed` where there is no answer
#   commit   the commit that is judged
# Exits with 0 wherever FOLDER is complete: `exit` is the verdict.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

need git jq
[ $# = 1 ] || fail 'give a folder to write to'
need_set RBAC_EVAL_BASE
folder=$1
program=${RBAC_EVAL:-rbac-eval}
mkdir -p "$folder"

arguments=("git:$RBAC_EVAL_BASE")
# each FLAG TEXT: the flag with each line of the text, but for empty ones.
each() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    [ -z "$line" ] || arguments+=("$1$line")
  done <<<"$2"
}
each --filename= "${RBAC_EVAL_FILES:-}"
each --env= "${RBAC_EVAL_ENVIRONMENTS:-}"
each --kubernetes-version= "${RBAC_EVAL_KUBERNETES_VERSION:-}"
each '' "${RBAC_EVAL_ARGUMENTS:-}"

# told FORMAT FILE: what `diff` says in a format. Its exit code is left in `code`.
told() {
  code=0
  "$program" diff "${arguments[@]}" --fail-on="${RBAC_EVAL_FAIL_ON:-high}" --output="$1" \
    >"$folder/$2" 2>"$folder/complaints" || code=$?
}

git rev-parse --git-dir >/dev/null 2>&1 \
  || fail "git reads no repository here; run this in the checkout, and where that is another user's, let \
\`git config --global --add safe.directory\` name it"
commit=$(git rev-parse --verify --quiet 'HEAD^{commit}') || commit=
base=$(git rev-parse --verify --quiet --end-of-options "$RBAC_EVAL_BASE^{commit}") \
  || fail "\`$RBAC_EVAL_BASE\` is no commit of this clone; fetch all of them (\`fetch-depth: 0\` of \
actions/checkout, \`fetchDepth: 0\` of an Azure checkout), or name another revision"
# A checkout of BASE itself would be no change, whatever the pull request has.
if [ -n "${RBAC_EVAL_IS_PULL:-}" ] && git merge-base --is-ancestor "$commit" "$base" 2>/dev/null; then
  fail "\`HEAD\` is a commit of \`$RBAC_EVAL_BASE\`, so nothing of the pull request is judged; check out the \
pull request (on GitHub use \`on: pull_request\`, not \`pull_request_target\`)"
fi
# The merge that a CI system makes for its run is nobody's commit.
printf '%s\n' "${RBAC_EVAL_COMMIT:-$commit}" >"$folder/commit"

told json diff.json
gate=$code
# No name of the input runs a command of the CI system: what is printed has none of their forms.
cat "$folder/complaints" >&2
if ! jq -se 'length == 1 and (.[0] | .apiVersion == "rbac-eval/v1" and .items != [])' \
  "$folder/diff.json" >/dev/null 2>&1; then
  if [ "$gate" -lt 2 ]; then
    complain error "\`rbac-eval diff\` gave no answer; see what the arguments ask for"
    gate=2
  fi
  printf '%s\n' "$gate" >"$folder/exit"
  printf 'failed\n' >"$folder/result"
  # What went wrong may quote files, which has to stand in no comment.
  printf "**This change couldn't be judged; the log of the run says why.**\n" >"$folder/diff.md"
  for name in diff.json diff.sarif diff.txt; do
    : >"$folder/$name"
  done
  rm -f "$folder/complaints"
  exit 0
fi
for format in markdown sarif table; do
  case $format in
    markdown) name=diff.md ;;
    table) name=diff.txt ;;
    *) name=diff.$format ;;
  esac
  told "$format" "$name"
  [ "$code" -le "$gate" ] || gate=$code
done
# Paths of the program begin at the working folder, those of code scanning at the top of the repository.
prefix=$(git rev-parse --show-prefix)
if [ -n "$prefix" ]; then
  jq --arg prefix "$prefix" '
    ($prefix | split("/") | map(@uri)) as $above
    | def from_top: if test("^(/|built-in/|[A-Za-z][A-Za-z0-9+.-]*:)") then .
        else reduce ($above + split("/"))[] as $part ([];
          if $part == "" or $part == "." then . elif $part == ".." then .[:-1] else . + [$part] end)
          | join("/") end;
      walk(if type == "object" and (.artifactLocation.uri? | type) == "string"
        then .artifactLocation.uri |= from_top else . end)' "$folder/diff.sarif" >"$folder/complaints"
  mv "$folder/complaints" "$folder/diff.sarif"
fi
if [ "$gate" -gt 1 ]; then
  # An environment without an answer isn't among the answers.
  {
    printf "> **Not all of this change is judged; the log of the run says what isn't, and why.**\n\n"
    cat "$folder/diff.md"
  } >"$folder/complaints"
  mv "$folder/complaints" "$folder/diff.md"
fi
cat "$folder/diff.txt"
rm -f "$folder/complaints"
printf '%s\n' "$gate" >"$folder/exit"
if [ "$gate" = 0 ] && jq -e 'def told: .changes, .unjudged, .nobody, .recreate, .notes | arrays | .[];
  [(.items? // [.])[] | told] == []' "$folder/diff.json" >/dev/null; then
  printf 'nothing\n' >"$folder/result"
else
  printf 'changed\n' >"$folder/result"
fi
