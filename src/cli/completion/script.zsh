#compdef rbac-eval kubectl-rbac_eval
# Completes rbac-eval in zsh, after compinit: source <(rbac-eval completions zsh)
_rbac_eval() {
    local reply line
    local -i code=0 about=0
    local -a values shown typed
    # Shells that source a script know the words by themselves, and quotes are the line's.
    typed=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" "${(@Q)words[CURRENT+1,-1]}")
    reply=$(
        COMPLETE=zsh _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) \
            PROGRAM -- "${typed[@]}" 2>/dev/null </dev/null
    ) || code=$?
    if ((code == 3)); then
        # A path, which zsh itself knows best.
        [[ $PREFIX == --*=* ]] && compset -P 1 '*='
        _files
        return
    fi
    ((code == 0)) && [[ -n $reply ]] || return 1
    for line in "${(@f)reply}"; do
        values+=("${line%%$'\t'*}")
        if [[ $line == *$'\t'* ]]; then
            about=1
            shown+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
        else
            shown+=("$line")
        fi
    done
    if ((about)); then
        compadd -l -V rbac-eval -d shown -- "${values[@]}"
    else
        compadd -V rbac-eval -- "${values[@]}"
    fi
}
if [[ ${zsh_eval_context[-1]-} == loadautofunc ]]; then
    _rbac_eval "$@"
else
    compdef _rbac_eval rbac-eval kubectl-rbac_eval
fi
