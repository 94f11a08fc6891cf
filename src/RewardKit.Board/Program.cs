using System.Globalization;
using System.Text.Json;

namespace RewardKit.Board;

/// <summary>
/// What <c>rewardkit board</c> starts: <c>rewardkit-board DIR [PORT] [--json] [--open] [--verbose]</c>. It ends with its standard
/// input, too, so that it does not outlive the command.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            var port = arguments.Length > 1 && int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
            await using var server = await BoardServer.StartAsync(arguments[0], port, Console.Error.WriteLine);
            Console.WriteLine(arguments.Contains("--json") ? JsonSerializer.Serialize(new { url = server.Url }) : $"The board is at {server.Url}  (Ctrl-C ends it)");
            if (arguments.Contains("--open")) Browser.Open(server.Url);
            using var end = new CancellationTokenSource();
            _ = Task.Run(() =>
            {
                while (Console.In.Read() >= 0) { }
                end.Cancel();
            });
            await server.WaitAsync(end.Token);
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e is RewardKitException && !arguments.Contains("--verbose") ? e.Message : e.ToString());
            return (e as RewardKitException)?.ExitCode ?? 1;
        }
    }
}
