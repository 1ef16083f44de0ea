# Completes rbac-eval in PowerShell: rbac-eval completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'rbac-eval', 'kubectl-rbac_eval' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Nothing of the line is evaluated: words are taken as the parser has them.
    $words = @()
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $words += $element.Value
        } else {
            $words += $element.Extent.Text
        }
    }
    $index = $words.Count
    # Older versions pass no empty word on; without it the last one is empty.
    if ($wordToComplete) { $words += $wordToComplete }

    $names = 'COMPLETE', '_CLAP_COMPLETE_INDEX'
    $before = $names | ForEach-Object { [Environment]::GetEnvironmentVariable($_) }
    try {
        $env:COMPLETE = 'powershell'
        $env:_CLAP_COMPLETE_INDEX = $index
        $arguments = @('--') + $words
        $lines = @($null | & PROGRAM @arguments 2>$null)
        $code = $LASTEXITCODE
    } finally {
        [Environment]::SetEnvironmentVariable($names[0], $before[0])
        [Environment]::SetEnvironmentVariable($names[1], $before[1])
    }
    # Where nothing is returned, PowerShell completes paths.
    if ($code -eq 0) {
        foreach ($line in $lines) {
            $text, $shown, $about = $line.Split("`t", 3)
            [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about)
        }
    }
}
