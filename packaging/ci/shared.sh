# shellcheck shell=bash
# What the scripts of this folder share: sentences, the marker, requests and the length of a comment.
# They run in the bash 3.2 of macOS, too.

# A token must not get into a log by somebody's `bash -x`.
{ set +x; } 2>/dev/null
# Ranges such as `a-z` are those of ASCII.
export LC_ALL=C

# What a server or a branch is called could be a command of the CI system; such text goes through here.
plain() {
  printf '%s' "$1" | tr '\000-\037\177' ' ' | cut -c 1-300 | sed -e 's/::/: :/g' -e 's/##/# #/g'
}

# Says why on stderr, as an annotation where the CI system has them, and ends.
fail() {
  complain error "$1"
  exit 1
}

warn() {
  complain warning "$1"
}

complain() {
  local level=$1 text
  text=$(plain "$2")
  case ${RBAC_EVAL_CI:-} in
    github) printf '::%s title=rbac-eval::%s\n' "$level" "${text//%/%25}" >&2 ;;
    azure) printf '##vso[task.logissue type=%s]rbac-eval: %s\n' "$level" "${text//%/%AZP25}" >&2 ;;
    *) printf '%s: %s\n' "$level" "$text" >&2 ;;
  esac
}

# Ends unless each of these programs is there.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "\`$program\` isn't installed here; install it"
  done
}

# Ends unless each of these variables is set.
need_set() {
  local name
  for name in "$@"; do
    [ -n "${!name:-}" ] || fail "the variable \`$name\` isn't set"
  done
}

# The first line of a comment: GitHub and Azure DevOps don't show it. A name holds nothing that ends it.
marker() {
  local name=${RBAC_EVAL_NAME:-default}
  case $name in
    *[!A-Za-z0-9._-]* | *--*)
      fail "the name of a comment is made of letters, digits, \`.\`, \`_\` and single \`-\`; \`$name\` isn't"
      ;;
  esac
  printf '<!-- rbac-eval: %s -->' "$name"
}

# A folder for what is sent and received, gone at the end.
scratch=
make_scratch() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
}

# comment FILE MOST: the body of a comment. It begins with the marker, ends with the commit, and has at
# most MOST bytes, so at most as many characters. What doesn't fit is left out by whole lines, and counted.
comment() {
  local commit=${RBAC_EVAL_COMMIT:-} name
  case $commit in *[!0-9a-f]*) commit= ;; esac
  name=$(marker)
  jq -Rrs --arg marker "$name" --arg commit "$commit" --arg whole "${RBAC_EVAL_WHOLE:-}" \
    --argjson most "$2" '
    def trimmed: if endswith("\n") then .[:-1] | trimmed else . end;
    def opened: ([match("<details>"; "g")] | length) - ([match("</details>"; "g")] | length);
    def ending: if $commit == "" then "" else "\n\nof commit `\($commit)`" end;
    def left(lines): "**\(lines) more \(if lines == 1 then "line doesn\u0027t" else "lines don\u0027t" end) "
      + "fit here, where a comment ends"
      + (if $whole == "" then "; `rbac-eval diff` shows all.**" else "; all of it: \($whole)**" end);
    "\n\n</details>" as $closing
    | trimmed as $text
    | "\($marker)\n\n\($text)\(ending)" as $all
    | if ($all | utf8bytelength) <= $most then $all
      else
        ($text | split("\n")) as $lines
        # "1 more line doesn\u0027t" is a letter longer than "2 more lines don\u0027t".
        | ($most - ("\($marker)\n\n\(left($lines | length))\n\n\(ending)" | utf8bytelength) - 1) as $room
        | (reduce $lines[] as $line ({length: 0, count: 0, open: 0, full: false};
            (.length + ($line | utf8bytelength) + 1) as $length
            | (.open + ($line | opened)) as $open
            | if .full or $length + ([$open, 0] | max) * ($closing | utf8bytelength) > $room then .full = true
              else .length = $length | .count += 1 | .open = $open end))
          as $kept
        | "\($marker)\n\n\(left(($lines | length) - $kept.count))\n\n"
          + ($lines[:$kept.count] | join("\n"))
          + ([range($kept.open)] | map($closing) | join(""))
          + ending
      end' "$1"
}

# request METHOD URL [FILE]: sends a request, with FILE as its JSON. Leaves the answer in
# `$scratch/answer`, its headers in `$scratch/headers`, and its number in `status`.
#
# The token goes through curl's standard input: arguments can be seen by every process of the machine.
# Nobody is redirected, for the token would go along, and it goes nowhere without TLS but to this machine.
#
# What was refused for its pace is asked again where the answer says when, and within a minute; what failed
# inside of the server is asked again where asking twice changes nothing.
request() {
  local method=$1 url=$2 file=${3:-} tries=0 wait
  case $url in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "\`$url\` is no address with https, so the token isn't sent there" ;;
  esac
  case ${RBAC_EVAL_TOKEN:-} in
    '' | *[!!-~]* | *[\"\\]*) fail 'there is no token, or it has characters that no token has' ;;
  esac
  local arguments=(--disable --silent --show-error --config - --request "$method" --url "$url"
    --globoff --connect-timeout 20 --max-time 60 --output "$scratch/answer"
    --dump-header "$scratch/headers" --write-out '%{http_code}'
    --header 'User-Agent: rbac-eval' --header "Accept: ${RBAC_EVAL_ACCEPT:-application/json}")
  if [ -n "$file" ]; then
    arguments+=(--header 'Content-Type: application/json' --data-binary "@$file")
  fi
  while :; do
    tries=$((tries + 1))
    : >"$scratch/answer"
    : >"$scratch/headers"
    status=$(printf 'header = "Authorization: Bearer %s"\n' "$RBAC_EVAL_TOKEN" \
      | curl "${arguments[@]}" 2>"$scratch/complaint") || status=0
    if [ "$status" = 0 ] || [ "$status" = 000 ]; then
      status=0
      fail "\`$method $(path_of "$url")\` has no answer: $(cat "$scratch/complaint"); see whether this \
machine may reach it, and run the job again"
    fi
    wait=$(header retry-after)
    case $status in
      429 | 403 | 503)
        if [ -z "$wait" ]; then
          case $status$method in 503GET | 503PATCH) wait=$tries ;; *) return ;; esac
        fi
        ;;
      5*)
        case $method in GET | PATCH) wait=$tries ;; *) return ;; esac
        ;;
      *) return ;;
    esac
    case $wait in '' | *[!0-9]* | ?????*) return ;; esac
    if [ "$tries" -ge 3 ] || [ "$wait" -gt 60 ]; then
      return
    fi
    sleep "$wait"
  done
}

# header NAME: what the answer has under a name in lower case, without what ends the line.
header() {
  tr -d '\r' <"$scratch/headers" | awk -v name="$1:" '
    tolower(substr($0, 1, length(name))) == name { found = substr($0, length(name) + 1) }
    END { sub(/^[ \t]+/, "", found); print found }'
}

# The part of an address that says what was asked.
path_of() {
  local rest=${1#*://}
  printf '/%s' "${rest#*/}"
}

# What an answer says went wrong, in one line.
server_words() {
  local words
  words=$(jq -r 'if type == "object" then .message // "" else "" end | tostring' "$scratch/answer" 2>/dev/null) \
    || words=
  plain "${words:-it says no more}"
}

# Ends unless the answer is JSON of this kind, `array` or `object`.
need_json() {
  # Of an empty file `jq -e` says that all is well.
  jq -se --arg kind "$1" 'length == 1 and (.[0] | type == $kind)' "$scratch/answer" >/dev/null 2>&1 \
    || fail "the answer to \`$2\` isn't the JSON that was asked for; see whether the address of the API is right"
}
