# Completion of @PROG@ for PowerShell, made from its contract. To use it:
#   @PROG@ completion powershell | Out-String | Invoke-Expression
@TABLE@
$@ID@Candidate = {
    param($value, $help, $typed)
    $typed = $typed.Trim("'", '"')
    if (-not $value.StartsWith($typed, [StringComparison]::Ordinal)) { return }
    $text = if ($value -match '^[\w./:=+-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
    $tip = if ($help) { $help } else { $value }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
}
# The table and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
$script:@ID@Kept = @{ Key = ''; At = [datetime]::MinValue; Lines = @() }
Register-ArgumentCompleter -Native -CommandName @PROG@ -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or
            ($_.Extent.EndOffset -eq $cursorPosition -and $wordToComplete -eq '') } |
        ForEach-Object { if ($_.Value) { [string]$_.Value } else { $_.Extent.Text.Trim("'", '"') } })
    $command = ''; $awaited = ''; $ended = $false; $store = ''; $count = 0
    foreach ($word in $words) {
        if ($awaited) {
            if ($awaited -eq '|--store') { $store = $word }
            $awaited = ''
        } elseif (-not $ended -and $word -eq '--') {
            $ended = $true
        } elseif (-not $ended -and $word.StartsWith('--')) {
            if ($word.StartsWith('--store=')) { $store = $word.Substring(8) }
            if ($@ID@Rows.ContainsKey("$command|$word")) { $awaited = "$command|$word" }
        } elseif (-not $ended -and $word.Length -gt 1 -and $word[0] -eq '-') {
            for ($at = 1; $at -lt $word.Length; $at++) {
                $key = "$command|-" + $word[$at]
                if ($@ID@Rows.ContainsKey($key)) {
                    if ($at -eq $word.Length - 1) { $awaited = $key }
                    break
                }
            }
        } elseif ($count -eq 0 -and $@ID@Rows.ContainsKey("$command|commands") -and
                $@ID@Rows["$command|commands"].Contains($word)) {
            $command = "$command $word".Trim()
        } else { $count++ }
    }
    $front = ''
    $next = "$command|$($count + 1)"
    if ($awaited) { $key = $awaited }
    elseif (-not $ended -and $wordToComplete -like '--*=*') {
        $front = $wordToComplete.Split('=')[0] + '='
        $key = "$command|" + $front.TrimEnd('=')
    }
    elseif (-not $ended -and $wordToComplete.StartsWith('-')) { $key = "$command|options" }
    elseif ($count -eq 0 -and $@ID@Rows.ContainsKey("$command|commands")) { $key = "$command|commands" }
    elseif ($@ID@Rows.ContainsKey($next)) { $key = $next }
    else { $key = "$command|*" }
    $row = $@ID@Rows[$key]
    if ($row -is [string]) {
        # Files: an empty answer leaves them to PowerShell itself.
        if ($row -notin 'tasks', 'tags', 'keys') { return }
        $kept = $script:@ID@Kept
        if ($kept.Key -ne "$row $store" -or ([datetime]::UtcNow - $kept.At).TotalSeconds -ge 2) {
            $more = if ($store) { @("--store=$store") } else { @() }
            $kept.Key = "$row $store"; $kept.At = [datetime]::UtcNow
            $kept.Lines = @(& @PROG@ --complete $row @more 2>$null)
        }
        $row = [ordered]@{}
        foreach ($line in $kept.Lines) { $pair = $line.Split("`t"); $row[$pair[0]] = $pair[1] }
    }
    if ($null -eq $row) { return }
    foreach ($one in $row.Keys) {
        & $@ID@Candidate "$front$one" $row[$one] $wordToComplete
    }
}
