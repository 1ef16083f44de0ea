#!/usr/bin/env bash
# Keeps one comment on a pull request of GitHub.
#
#   packaging/ci/comment-github.sh MARKDOWN
#
# RBAC_EVAL_TOKEN     a token that may write pull requests
# RBAC_EVAL_NAME      which comment it is, where a pull request has several [default: default]
# RBAC_EVAL_RESULT    `nothing`: a comment that is there is brought up to date, none is made
# RBAC_EVAL_COMMIT    the commit that was judged
# RBAC_EVAL_WHOLE     where all of it can be read
# RBAC_EVAL_PULL      the pull request [default: that of GITHUB_EVENT_PATH]
# GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_STEP_SUMMARY  as GitHub sets them
#
# The comment is found by its first line, and by its author: a bot's, or the token's own user. Whoever may
# comment could write the line, but not as a bot, for which an app has to be installed. Were a comment
# taken that somebody else wrote, they could delete or hide what the next push says.
#
# Exits with 1 where the comment couldn't be kept. That is no verdict about the change.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"
export RBAC_EVAL_CI=${RBAC_EVAL_CI-github}

# GitHub takes 65,536 characters.
most=65536
# So many pages of a hundred comments are looked through.
most_pages=100

need curl jq
[ $# = 1 ] || fail 'give one file of Markdown'
need_set GITHUB_REPOSITORY RBAC_EVAL_TOKEN
make_scratch
export RBAC_EVAL_ACCEPT='application/vnd.github+json'
api=${GITHUB_API_URL:-https://api.github.com}
pull=${RBAC_EVAL_PULL:-}
if [ -z "$pull" ] && [ -f "${GITHUB_EVENT_PATH:-}" ]; then
  pull=$(jq -r '.pull_request.number // ""' "$GITHUB_EVENT_PATH")
fi
case $pull in
  '' | *[!0-9]*)
    fail "this run is about no pull request, so there is nowhere to comment; use \`on: pull_request\`"
    ;;
esac
repository=$api/repos/$GITHUB_REPOSITORY

# Says what went wrong, and what to do.
refused() {
  local what=$1 said
  said=$(server_words)
  case $status in
    401) fail "$what is refused (401: $said): the token isn't valid, or no longer" ;;
    403 | 429)
      if [ "$(header x-ratelimit-remaining)" = 0 ] || [ -n "$(header retry-after)" ] || [ "$status" = 429 ]; then
        fail "$what is refused ($status: $said): the token has asked too often; run the job again later"
      fi
      tell_readers "The comment couldn't be written: the token may only read. So it is for a pull request \
of a fork. What it would say stands here."
      fail "$what is refused (403: $said): give the job \`permissions: pull-requests: write\`; for a pull \
request of a fork the token may only read, and the summary of the run has what the comment would say"
      ;;
    404) fail "$what isn't found (404: $said): the token sees no such pull request; give the job \
\`permissions: pull-requests: write\`" ;;
    5*) fail "$what failed at the server ($status: $said); run the job again" ;;
    *) fail "$what is answered with $status: $said" ;;
  esac
}

tell_readers() {
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    printf '\n> %s\n' "$1" >>"$GITHUB_STEP_SUMMARY"
  fi
}

comment "$1" "$most" >"$scratch/body"
jq -Rs '{body: rtrimstr("\n")}' "$scratch/body" >"$scratch/sent"

# All comments that begin with the marker, as lines of JSON.
url="$repository/issues/$pull/comments?per_page=100"
pages=0
: >"$scratch/marked"
while [ -n "$url" ]; do
  pages=$((pages + 1))
  [ "$pages" -le "$most_pages" ] \
    || fail "the pull request has more than $most_pages pages of comments; delete some"
  request GET "$url"
  [ "$status" = 200 ] || refused 'listing the comments'
  need_json array 'listing the comments'
  jq -c --arg marker "$(marker)" '.[]
    | select((.body // "" | gsub("\r"; "") | split("\n")[0]) == $marker)
    | {id, body, bot: (.user.type == "Bot"), author: (.user.id // null)}' "$scratch/answer" >>"$scratch/marked"
  url=$(header link | jq -Rr '[splits(", *")] | map(capture("^ *<(?<to>[^>]*)>.*; *rel=\"?next\"?")) | .[0].to // ""')
  case $url in
    '' | "$api"/*) ;;
    *) fail 'the next page of comments is on another server, so the token isn'\''t sent there' ;;
  esac
done

# A user's token has comments of its own; that of an app can't ask who it is, and is a bot.
if jq -se 'any(.bot | not)' "$scratch/marked" >/dev/null; then
  request GET "$api/user"
  self=$(jq -c --arg status "$status" 'if $status == "200" and type == "object" then .id // null else null end' \
    "$scratch/answer" 2>/dev/null) || self=null
else
  self=null
fi
jq -sc --argjson self "${self:-null}" \
  'map(select(.bot or ($self != null and .author == $self))) | sort_by(.id)[]' "$scratch/marked" >"$scratch/own"
if [ "$(jq -s 'length' "$scratch/own")" -gt 1 ]; then
  warn 'several comments are marked as this one; the first is kept up to date, delete the others'
fi
for id in $(jq -r '.id' "$scratch/own"); do
  request PATCH "$repository/issues/comments/$id" "$scratch/sent"
  case $status in
    200) exit 0 ;;
    # Deleted meanwhile.
    404 | 410) ;;
    *) refused 'updating the comment' ;;
  esac
done
if [ "${RBAC_EVAL_RESULT:-}" = nothing ]; then
  exit 0
fi
request POST "$repository/issues/$pull/comments" "$scratch/sent"
[ "$status" = 201 ] || refused 'writing the comment'
