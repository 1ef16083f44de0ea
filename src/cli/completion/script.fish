# Completes rbac-eval in fish: rbac-eval completions fish | source
function __rbac_eval_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l token (commandline --current-token --cut-at-cursor)
    set -l lines (COMPLETE=fish _CLAP_COMPLETE_INDEX=(count $words) PROGRAM -- $words "$token" 2>/dev/null </dev/null)
    set -l code $status
    if test $code -eq 3
        # A path, which fish itself knows best.
        set -l flag (string match --regex -- '^--[^=]*=' "$token")
        set -l path (string replace --regex -- '^--[^=]*=' '' "$token")
        for line in (__fish_complete_path "$path")
            printf '%s%s\n' "$flag" "$line"
        end
    else if test $code -eq 0
        for line in $lines
            printf '%s\n' "$line"
        end
    end
end
complete --command rbac-eval --no-files --keep-order --arguments '(__rbac_eval_complete)'
complete --command kubectl-rbac_eval --no-files --keep-order --arguments '(__rbac_eval_complete)'
