namespace RewardKit.Cli.Commands;

/// <summary>
/// What each shell needs: all ask <c>rewardkit "[suggest:POSITION]" LINE</c>, and leave out options until one is begun,
/// since elsewhere a file or an id is wanted.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>The scripts, by the shell's name.</summary>
    public static IReadOnlyDictionary<string, string> ByShell { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["fish"] = Fish,
        ["pwsh"] = Pwsh,
        ["zsh"] = Zsh,
    };

    // Where nothing is found, bash completes files.
    private const string Bash = """
        _rewardkit() {
            local word=${COMP_WORDS[COMP_CWORD]} found
            found=$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
            [[ $word == -* ]] || found=$(grep -v '^-' <<<"$found")
            mapfile -t COMPREPLY < <(compgen -W "$found" -- "$word")
        }
        complete -o bashdefault -o default -F _rewardkit rewardkit

        """;

    private const string Zsh = """
        #compdef rewardkit
        _rewardkit() {
            local -a found
            found=("${(@f)$($words[1] "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            [[ $words[CURRENT] == -* ]] || found=("${(@)found:#-*}")
            compadd -a found
            _files
        }
        compdef _rewardkit rewardkit

        """;

    private const string Fish = """
        function __rewardkit
            set -l line (commandline -cp)
            set -l found (rewardkit "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
            if string match -q -- '-*' (commandline -ct)
                printf '%s\n' $found
            else
                string match -v -- '-*' $found
            end
        end
        complete -c rewardkit -a '(__rewardkit)'

        """;

    private const string Pwsh = """
        Register-ArgumentCompleter -Native -CommandName rewardkit -ScriptBlock {
            param($word, $line, $cursor)
            rewardkit "[suggest:$cursor]" "$line" 2>$null |
                Where-Object { $_ -like "$word*" -and ($word -like '-*' -or $_ -notlike '-*') } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;
}
