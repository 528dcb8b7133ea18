// Farhand's own rules: few, narrow, and about what a stranger is likely to drop on a computer. They stand in for a
// scanner where there is none; replace them by a maintained set: docs/how-to/quarantine.md.
// Every condition begins with how a program begins: nothing is looked for in other files, which costs nothing there.

rule Credential_dumper
{
    meta:
        description = "A program that reads other people's passwords out of memory"
    strings:
        $a = "sekurlsa::logonpasswords" ascii wide
        $b = "lsadump::sam" ascii wide
        $c = "gentilkiwi" ascii wide
    condition:
        uint16(0) == 0x5A4D and 2 of them
}

rule Deletes_backups
{
    meta:
        description = "A program that takes away Windows' own backups, as extortion does"
    strings:
        $shadows = /vssadmin(\.exe)? delete shadows \/all \/quiet/ nocase ascii wide
        $catalog = "wbadmin delete catalog -quiet" nocase ascii wide
        $recovery = /bcdedit(\.exe)? \/set \{default\} recoveryenabled no/ nocase ascii wide
    condition:
        uint16(0) == 0x5A4D and 2 of them
}

rule Hidden_miner
{
    meta:
        description = "A program that mines and names its pool"
    strings:
        $pool = "stratum+tcp://" ascii
        $xmrig = "xmrig" ascii
        $donate = "donate-level" ascii
    condition:
        (uint32(0) == 0x464C457F or uint16(0) == 0x5A4D) and all of them
}

rule Shortcut_that_runs_a_script
{
    meta:
        description = "A Windows shortcut that starts an encoded or hidden command"
    strings:
        $shell = "powershell" nocase wide
        $mshta = "mshta" nocase wide
        $hidden = /-(w|windowstyle) hidden/ nocase wide
        $encoded = /-e(nc|ncodedcommand) / nocase wide
        $remote = "http" nocase wide
    condition:
        uint32(0) == 0x0000004C and filesize < 1MB and (($shell and ($hidden or $encoded)) or ($mshta and $remote))
}
