#!/usr/bin/env bash
# The steps of the template for Azure Pipelines.
#
#   packaging/ci/azure.sh install   builds the program
#   packaging/ci/azure.sh judge     says what the change lets whom do, in the log and in the run's summary
#   packaging/ci/azure.sh comment   keeps the thread on the pull request
#   packaging/ci/azure.sh gate      ends as the gate does
#
# What comes from outside (parameters, names of branches) is read from the environment alone.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$here/shared.sh"
export RBAC_EVAL_CI=azure

need jq
need_set AGENT_TEMPDIRECTORY
[ $# = 1 ] || fail 'give one step'
marker >/dev/null
folder=$AGENT_TEMPDIRECTORY/rbac-eval-told/${RBAC_EVAL_NAME:-default}
root=$AGENT_TEMPDIRECTORY/rbac-eval-built
export RBAC_EVAL=$root/bin/rbac-eval

case $1 in
  install)
    "$here/install.sh" "$root"
    ;;
  judge)
    if [ -z "${RBAC_EVAL_BASE:-}" ]; then
      branch=${SYSTEM_PULLREQUEST_TARGETBRANCH:-}
      [ -n "$branch" ] || fail 'this run is about no pull request; say with the parameter "base" what the change is held against'
      # A tag could be called `origin/main`, too.
      RBAC_EVAL_BASE=refs/remotes/origin/${branch#refs/heads/}
    fi
    RBAC_EVAL_COMMIT=${SYSTEM_PULLREQUEST_SOURCECOMMITID:-}
    RBAC_EVAL_IS_PULL=${SYSTEM_PULLREQUEST_PULLREQUESTID:-}
    export RBAC_EVAL_BASE RBAC_EVAL_COMMIT RBAC_EVAL_IS_PULL
    "$here/judge.sh" "$folder"
    printf '##vso[task.uploadsummary]%s\n' "$folder/diff.md"
    if [ -s "$folder/diff.sarif" ]; then
      # The tab of scans shows every SARIF file of this artifact.
      mkdir -p "$AGENT_TEMPDIRECTORY/rbac-eval-sarif"
      cp "$folder/diff.sarif" "$AGENT_TEMPDIRECTORY/rbac-eval-sarif/rbac-eval-${RBAC_EVAL_NAME:-default}.sarif"
    fi
    ;;
  comment)
    RBAC_EVAL_RESULT=$(cat "$folder/result")
    RBAC_EVAL_COMMIT=$(cat "$folder/commit")
    RBAC_EVAL_EXIT=$(cat "$folder/exit")
    RBAC_EVAL_WHOLE="${SYSTEM_COLLECTIONURI%/}/$SYSTEM_TEAMPROJECTID/_build/results?buildId=$BUILD_BUILDID"
    export RBAC_EVAL_RESULT RBAC_EVAL_COMMIT RBAC_EVAL_EXIT RBAC_EVAL_WHOLE
    "$here/comment-azure.sh" "$folder/diff.md"
    ;;
  gate)
    exit "$(cat "$folder/exit")"
    ;;
  *)
    fail "\`$1\` is no step; there are \`install\`, \`judge\`, \`comment\` and \`gate\`"
    ;;
esac
