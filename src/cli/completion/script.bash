# Completes rbac-eval in bash: source <(rbac-eval completions bash)
_rbac_eval() {
    local reply status=0 line
    # Each failure is taken up: a shell may end at one that isn't.
    reply=$(
        COMPLETE=bash _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$COMP_CWORD \
            _CLAP_COMPLETE_COMP_TYPE=${COMP_TYPE-} _RBAC_EVAL_WORDBREAKS=${COMP_WORDBREAKS-} \
            _RBAC_EVAL_LINE=${COMP_LINE-} _RBAC_EVAL_POINT=${COMP_POINT-} _RBAC_EVAL_TEXT=${2+=$2} \
            PROGRAM -- "${COMP_WORDS[@]}" 2>/dev/null </dev/null
    ) || status=$?
    COMPREPLY=()
    case $status in
    0)
        if [[ -n $reply ]]; then
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(printf '%s\n' "$reply")
        fi
        ;;
    3)
        # A path, which bash itself knows best.
        compopt -o filenames 2>/dev/null || :
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -f -- "$reply")
        ;;
    esac
}
if ((BASH_VERSINFO[0] > 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4)); then
    complete -o nosort -F _rbac_eval rbac-eval kubectl-rbac_eval
else
    complete -F _rbac_eval rbac-eval kubectl-rbac_eval
fi
