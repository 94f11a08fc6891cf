using System.Diagnostics;
using System.Security.Cryptography;

namespace RewardKit.TestOracles;

/// <summary>Hugging Face's own JavaScript on Node, as an oracle: package.json beside this file names the packages.</summary>
internal static class NodePackages
{
    private static readonly string[] Manifests = ["package.json", "package-lock.json"];

    /// <summary>Installs the packages below a repository's artifacts/, unless they are there.</summary>
    /// <param name="repository">The repository's folder.</param>
    /// <param name="missing">Why they cannot be had, or null.</param>
    /// <returns>The folder that has node_modules.</returns>
    public static string Folder(string repository, out string? missing)
    {
        var source = Path.Combine(repository, "tests", "node");
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. Manifests.SelectMany(name => File.ReadAllBytes(Path.Combine(source, name)))]));
        var folder = Path.Combine(repository, "artifacts", "node", hash[..12]);
        missing = null;
        if (Directory.Exists(folder)) return folder;
        if (Run("node", ["--version"], repository).Error is not null)
        {
            missing = "Node is not here; install it (Debian: nodejs, npm) to compare with Hugging Face's JavaScript.";
            return folder;
        }

        // Installed beside and renamed: another test run may be at it, too.
        var fresh = folder + "-" + Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(fresh);
        foreach (var name in Manifests) File.Copy(Path.Combine(source, name), Path.Combine(fresh, name));
        if (Run("npm", ["ci", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=20000"], fresh).Error is { } error)
            missing = $"npm cannot install the packages of tests/node/package.json: {error.Trim()}";
        else if (!Directory.Exists(folder))
            Directory.Move(fresh, folder);
        if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        return folder;
    }

    /// <summary>Runs a command; its error is null where it succeeded.</summary>
    /// <param name="command">The command, to be found on the path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="input">What it reads on standard input.</param>
    public static (string Output, string? Error) Run(string command, IEnumerable<string> arguments, string folder, string input = "")
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            process.WaitForExit();
            return (output.Result, process.ExitCode == 0 ? null : $"{command} ended with {process.ExitCode}: {error.Result}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", $"{command}: {e.Message}");
        }
    }
}
