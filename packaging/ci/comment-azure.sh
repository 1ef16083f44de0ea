#!/usr/bin/env bash
# Keeps one thread on a pull request of Azure Repos.
#
#   packaging/ci/comment-azure.sh MARKDOWN
#
# RBAC_EVAL_TOKEN     System.AccessToken
# RBAC_EVAL_NAME      which thread it is, where a pull request has several [default: default]
# RBAC_EVAL_RESULT    `nothing`: a thread that is there is brought up to date, none is made
# RBAC_EVAL_EXIT      how the gate ends: 0 closes the thread, else it is active
# RBAC_EVAL_COMMIT    the commit that was judged
# RBAC_EVAL_WHOLE     where all of it can be read
# SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECTID, BUILD_REPOSITORY_ID, SYSTEM_PULLREQUEST_PULLREQUESTID
#                     as Azure Pipelines sets them
#
# The thread is found by the first line of its first comment, and by that comment's author, who has to be
# the token's own identity. Whoever may comment could write the line, but not as a build service. Only an
# author may update a comment.
#
# Exits with 1 where the thread couldn't be kept. That is no verdict about the change.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"
export RBAC_EVAL_CI=${RBAC_EVAL_CI-azure}

# Azure DevOps takes 150,000 characters.
most=150000
most_pages=100
version=api-version=7.1

need curl jq
[ $# = 1 ] || fail 'give one file of Markdown'
need_set RBAC_EVAL_TOKEN SYSTEM_COLLECTIONURI SYSTEM_TEAMPROJECTID BUILD_REPOSITORY_ID
make_scratch
pull=${SYSTEM_PULLREQUEST_PULLREQUESTID:-}
case $pull in
  '' | *[!0-9]*)
    fail 'this run is about no pull request of Azure Repos, so there is nowhere to comment; add a build policy to the branch'
    ;;
esac
for part in "$SYSTEM_TEAMPROJECTID" "$BUILD_REPOSITORY_ID"; do
  case $part in
    *[!A-Za-z0-9-]*) fail "\`$part\` is no ID of a project or repository of Azure DevOps" ;;
  esac
done
collection=${SYSTEM_COLLECTIONURI%/}
threads=$collection/$SYSTEM_TEAMPROJECTID/_apis/git/repositories/$BUILD_REPOSITORY_ID/pullRequests/$pull/threads

# Says what went wrong, and what to do.
refused() {
  local what=$1 said
  said=$(server_words)
  case $status in
    203 | 302 | 401) fail "$what is refused ($status): the token isn't valid; map \`System.AccessToken\` to the step" ;;
    403) fail "$what is refused (403: $said): allow the build service \`Contribute to pull requests\` on the \
repository; the token of a build of a fork may only read" ;;
    404) fail "$what isn't found (404: $said): the build service sees no such pull request; allow it to read \
the repository" ;;
    429) fail "$what is refused (429: $said): the organization has asked too often; run the job again later" ;;
    5*) fail "$what failed at the server ($status: $said); run the job again" ;;
    *) fail "$what is answered with $status: $said" ;;
  esac
}

comment "$1" "$most" >"$scratch/body"
if [ "${RBAC_EVAL_EXIT:-1}" = 0 ]; then
  state=closed
else
  state=active
fi

# All threads whose first comment begins with the marker, as lines of JSON.
more=
pages=0
: >"$scratch/marked"
while :; do
  pages=$((pages + 1))
  [ "$pages" -le "$most_pages" ] || fail "the pull request has more than $most_pages pages of threads; delete some"
  request GET "$threads?$version$more"
  [ "$status" = 200 ] || refused 'listing the threads'
  need_json object 'listing the threads'
  jq -c --arg marker "$(marker)" '.value[]?
    | select(.isDeleted != true)
    | .comments[0] as $first
    | select($first.isDeleted != true)
    | select(($first.content // "" | gsub("\r"; "") | split("\n")[0]) == $marker)
    | {thread: .id, status: (.status // ""), comment: $first.id, content: $first.content,
       author: ($first.author.id // "")}' "$scratch/answer" >>"$scratch/marked"
  more=$(header x-ms-continuationtoken)
  [ -n "$more" ] || break
  more="&continuationToken=$(jq -rn --arg token "$more" '$token | @uri')"
done

: >"$scratch/own"
if [ -s "$scratch/marked" ]; then
  # Who the token is.
  request GET "$collection/_apis/connectionData"
  [ "$status" = 200 ] || refused 'asking who the token is'
  need_json object 'asking who the token is'
  self=$(jq -r '.authenticatedUser.id // ""' "$scratch/answer")
  [ -n "$self" ] || fail 'the server names no identity of the token, so its thread isn'\''t known'
  jq -sc --arg self "$self" \
    'map(select((.author | ascii_downcase) == ($self | ascii_downcase))) | sort_by(.thread)[]' \
    "$scratch/marked" >"$scratch/own"
fi
if [ "$(jq -s 'length' "$scratch/own")" -gt 1 ]; then
  warn 'several threads are marked as this one; the first is kept up to date, delete the others'
fi

jq -Rs '{content: rtrimstr("\n")}' "$scratch/body" >"$scratch/sent"
jq -n --arg state "$state" '{status: $state}' >"$scratch/state"
while read -r found; do
  thread=$(jq -rn --argjson found "$found" '$found.thread')
  number=$(jq -rn --argjson found "$found" '$found.comment')
  request PATCH "$threads/$thread/comments/$number?$version" "$scratch/sent"
  case $status in
    200) ;;
    # Deleted meanwhile.
    404 | 410) continue ;;
    *) refused 'updating the comment' ;;
  esac
  # Somebody who has resolved the thread isn't asked again about the same changes.
  if jq -en --argjson found "$found" --arg state "$state" --slurpfile sent "$scratch/sent" '
    def changes: gsub("\r"; "") | split("\n\nof commit `")[0];
    $found.status != $state
    and ($state == "closed" or ($found.content | changes) != ($sent[0].content | changes))' >/dev/null; then
    request PATCH "$threads/$thread?$version" "$scratch/state"
    [ "$status" = 200 ] || refused 'updating the status of the thread'
  fi
  exit 0
done <"$scratch/own"

if [ "${RBAC_EVAL_RESULT:-}" = nothing ]; then
  exit 0
fi
jq --arg state "$state" \
  '{comments: [{parentCommentId: 0, content, commentType: "text"}], status: $state}' \
  "$scratch/sent" >"$scratch/thread"
request POST "$threads?$version" "$scratch/thread"
case $status in 200 | 201) ;; *) refused 'writing the comment' ;; esac
