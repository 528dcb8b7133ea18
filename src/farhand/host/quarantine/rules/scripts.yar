// Farhand's own rules: few, narrow, and about what a stranger is likely to drop on a computer. They stand in for a
// scanner where there is none; replace them by a maintained set: docs/how-to/quarantine.md.
// Every condition begins with the size: nothing else is looked for in larger files, which costs nothing there.

rule Shell_to_a_stranger
{
    meta:
        description = "A script of one line that hands a shell to another computer"
    strings:
        $bash = /bash -i ?>& ?\/dev\/(tcp|udp)\//
        $python = /os\.dup2\(s\.fileno\(\), ?0\)[^\n]{0,160}pty\.spawn\(/
        $netcat = /mkfifo \/tmp\/\w{1,16} ?; ?(cat|nc) [^\n]{0,80}\/bin\/(ba)?sh -i 2>&1/
    condition:
        filesize < 1MB and any of them
}

rule PowerShell_download_and_run
{
    meta:
        description = "PowerShell, hidden, that fetches something and runs it"
    strings:
        $hidden = /powershell(\.exe)?[^\n]{0,80} -(w|window|windowstyle) ?hidden/ nocase ascii wide
        $fetch = /\.download(string|file|data)\(/ nocase ascii wide
        $encoded = /-e(nc|ncodedcommand) [a-z0-9+\/=]{64}/ nocase ascii wide
    condition:
        filesize < 1MB and $hidden and ($fetch or $encoded)
}

rule Web_shell_PHP
{
    meta:
        description = "PHP that runs whatever is sent to it"
    strings:
        $eval = /(eval|assert|system|passthru|shell_exec)\(\s{0,4}(base64_decode\(|stripslashes\()?\s{0,4}\$_(POST|GET|REQUEST|COOKIE)\[/
    condition:
        filesize < 1MB and $eval
}
