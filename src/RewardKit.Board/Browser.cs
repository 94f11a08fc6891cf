using System.ComponentModel;
using System.Diagnostics;

namespace RewardKit.Board;

/// <summary>The user's browser.</summary>
internal static class Browser
{
    /// <summary>Opens a page, or says that it cannot.</summary>
    public static void Open(string url)
    {
        try
        {
            // What the opener says is not for this terminal.
            using var opener = Process.Start(new ProcessStartInfo("xdg-open", [url]) { RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (Win32Exception)
        {
            Console.Error.WriteLine($"No browser could be opened here: xdg-open is missing. Open {url} yourself.");
        }
    }
}
