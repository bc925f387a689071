"""Completion for PowerShell 5 and 7, as two scripts: a table with a reader, or a question each Tab."""

from __future__ import annotations

from velvet_cli.completion.tables import rows
from velvet_cli.contract import Contract

_HEAD = """\
# Completion of @PROG@ for PowerShell, made from its contract. To use it:
#   @PROG@ completion powershell | Out-String | Invoke-Expression
"""
_READER = """\
# The table and this reader answer without starting @PROG@. Only numbers and tags are asked of it,
# and kept for 2 seconds.
$script:@PROG@Kept = @{ Key = ''; At = [datetime]::MinValue; Lines = @() }
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
            if ($@PROG@Rows.ContainsKey("$command|$word")) { $awaited = "$command|$word" }
        } elseif (-not $ended -and $word.Length -gt 1 -and $word[0] -eq '-') {
            for ($at = 1; $at -lt $word.Length; $at++) {
                $key = "$command|-" + $word[$at]
                if ($@PROG@Rows.ContainsKey($key)) {
                    if ($at -eq $word.Length - 1) { $awaited = $key }
                    break
                }
            }
        } elseif ($count -eq 0 -and $@PROG@Rows.ContainsKey("$command|commands") -and
                $@PROG@Rows["$command|commands"].Contains($word)) {
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
    elseif ($count -eq 0 -and $@PROG@Rows.ContainsKey("$command|commands")) { $key = "$command|commands" }
    elseif ($@PROG@Rows.ContainsKey($next)) { $key = $next }
    else { $key = "$command|*" }
    $row = $@PROG@Rows[$key]
    if ($row -is [string]) {
        # Files: an empty answer leaves them to PowerShell itself.
        if ($row -notin 'tasks', 'tags', 'keys') { return }
        $kept = $script:@PROG@Kept
        if ($kept.Key -ne "$row $store" -or ([datetime]::UtcNow - $kept.At).TotalSeconds -ge 2) {
            $more = if ($store) { @("--store=$store") } else { @() }
            $kept.Key = "$row $store"; $kept.At = [datetime]::UtcNow
            $kept.Lines = @(& @PROG@ --complete values $row @more 2>$null)
        }
        $row = [ordered]@{}
        foreach ($line in $kept.Lines) { $pair = $line.Split("`t"); $row[$pair[0]] = $pair[1] }
    }
    if ($null -eq $row) { return }
    foreach ($one in $row.Keys) {
        & $@PROG@Candidate "$front$one" $row[$one] $wordToComplete
    }
}
"""
_CANDIDATE = """\
$@PROG@Candidate = {
    param($value, $help, $typed)
    $typed = $typed.Trim("'", '"')
    if (-not $value.StartsWith($typed, [StringComparison]::Ordinal)) { return }
    $text = if ($value -match '^[\\w./:=+-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
    $tip = if ($help) { $help } else { $value }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
}
"""
_DYNAMIC = """\
# Every Tab starts @PROG@ once.
Register-ArgumentCompleter -Native -CommandName @PROG@ -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or
            ($_.Extent.EndOffset -eq $cursorPosition -and $wordToComplete -eq '') } |
        ForEach-Object { if ($_.Value) { [string]$_.Value } else { $_.Extent.Text.Trim("'", '"') } })
    # Windows PowerShell drops an empty argument: two quotes stand for it there.
    $current = if ($wordToComplete -or $PSVersionTable.PSVersion.Major -ge 7) { $wordToComplete } else { '""' }
    & @PROG@ --complete words @words $current.Trim("'") 2>$null | ForEach-Object {
        $pair = $_.Split("`t")
        & $@PROG@Candidate $pair[0] $pair[1] $wordToComplete
    }
}
"""


def static(contract: Contract) -> str:
    """Return the script that answers from its table."""
    script = _HEAD + _table(contract) + _CANDIDATE + _READER
    return script.replace("@PROG@", contract.prog)


def dynamic(contract: Contract) -> str:
    """Return the script that asks the program."""
    return (_HEAD + _CANDIDATE + _DYNAMIC).replace("@PROG@", contract.prog)


def _table(contract: Contract) -> str:
    # Case-sensitive, unlike PowerShell's own tables: -v and -V are two options.
    lines = ["$@PROG@Rows = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)"]
    for row in rows(contract):
        pairs = "; ".join(f"{_quote(value)} = {_quote(text)}" for value, text in row.values)
        held = f"[ordered]@{{ {pairs} }}" if row.kind == "words" else _quote(row.kind)
        lines += [f"$@PROG@Rows[{_quote(key)}] = {held}" for key in row.keys]
    return "\n".join([*lines, ""])


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
