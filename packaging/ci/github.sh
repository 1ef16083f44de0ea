#!/usr/bin/env bash
# The steps of the GitHub action.
#
#   packaging/ci/github.sh key       names the build, and where it is kept
#   packaging/ci/github.sh judge     says what the change lets whom do, in the log and in the run's summary
#   packaging/ci/github.sh comment   keeps the comment on the pull request
#   packaging/ci/github.sh gate      ends as the gate does
#
# What comes from outside (inputs, names of branches) is read from the environment alone.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$here/shared.sh"
export RBAC_EVAL_CI=github

need jq
need_set RUNNER_TEMP
[ $# = 1 ] || fail 'give one step'
marker >/dev/null
folder=$RUNNER_TEMP/rbac-eval-told/${RBAC_EVAL_NAME:-default}

# event PATH: what the event of this run has there, or nothing.
event() {
  [ ! -f "${GITHUB_EVENT_PATH:-}" ] || jq -r "$1 // \"\"" "$GITHUB_EVENT_PATH"
}

case $1 in
  key)
    key=$("$here/install.sh" key)
    {
      printf 'key=%s\n' "$key"
      printf 'root=%s\n' "$RUNNER_TEMP/rbac-eval-built/$key"
    } >>"$GITHUB_OUTPUT"
    ;;
  judge)
    if [ -z "${RBAC_EVAL_BASE:-}" ]; then
      if [ -n "${GITHUB_BASE_REF:-}" ]; then
        # A tag could be called `origin/main`, too.
        RBAC_EVAL_BASE=refs/remotes/origin/$GITHUB_BASE_REF
      else
        RBAC_EVAL_BASE=$(event .merge_group.base_sha)
      fi
      [ -n "$RBAC_EVAL_BASE" ] || fail 'this run is about no pull request; say with the input "base" what the change is held against'
    fi
    RBAC_EVAL_COMMIT=$(event .pull_request.head.sha)
    RBAC_EVAL_IS_PULL=$(event .pull_request.number)
    export RBAC_EVAL_BASE RBAC_EVAL_COMMIT RBAC_EVAL_IS_PULL
    "$here/judge.sh" "$folder"
    cat "$folder/diff.md" >>"$GITHUB_STEP_SUMMARY"
    {
      printf 'exit-code=%s\n' "$(cat "$folder/exit")"
      printf 'result=%s\n' "$(cat "$folder/result")"
      printf 'folder=%s\n' "$folder"
    } >>"$GITHUB_OUTPUT"
    ;;
  comment)
    RBAC_EVAL_RESULT=$(cat "$folder/result")
    RBAC_EVAL_COMMIT=$(cat "$folder/commit")
    RBAC_EVAL_WHOLE=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID
    export RBAC_EVAL_RESULT RBAC_EVAL_COMMIT RBAC_EVAL_WHOLE
    "$here/comment-github.sh" "$folder/diff.md"
    ;;
  gate)
    exit "$(cat "$folder/exit")"
    ;;
  *)
    fail "\`$1\` is no step; there are \`key\`, \`judge\`, \`comment\` and \`gate\`"
    ;;
esac
