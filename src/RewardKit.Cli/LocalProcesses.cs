using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RewardKit.Torch;

namespace RewardKit.Cli;

/// <summary>
/// Processes of this machine that run a command together: <c>--processes N</c> starts the same command N times, with the
/// variables that torchrun sets. The first one has the terminal. When one fails the others are ended, and it is told why.
/// </summary>
internal static partial class LocalProcesses
{
    /// <summary>The exit code of one that lost another one, which is not the first to have failed.</summary>
    public const int LostAnother = 75;

    private const string Starter = "REWARDKIT_STARTER";
    private const int Terminate = 15, Kill = 9;
    private const int LinesKept = 40;

    // After a failure, or a request to stop, the others end by themselves or not at all.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patienceToStop = TimeSpan.FromMinutes(2);

    /// <summary>Whether this process is one of those.</summary>
    public static bool IsOne => Environment.GetEnvironmentVariable(Starter) is not null;

    /// <summary>Which of several processes this one is, whoever started them; null for the only one. All but the first are mute from here on.</summary>
    /// <exception cref="RewardKitException">The variables that say it make no sense.</exception>
    public static ProcessPlace? Place()
    {
        try
        {
            var place = ProcessPlace.FromEnvironment();
            if (place is { Rank: > 0 }) Console.SetOut(TextWriter.Null);
            if (IsOne) EndWithStarter();
            return place;
        }
        catch (FormatException e)
        {
            throw RewardKitException.Input(e.Message, e);
        }
    }

    /// <summary>Runs this very command in so many processes.</summary>
    /// <returns>The exit code: that of the first process where it failed, 1 where another one did.</returns>
    public static int Run(int count)
    {
        var port = FreePort();
        var children = Enumerable.Range(0, count).Select(rank => new Child(rank, count, port)).ToArray();
        var stops = 0;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

        Child? first = null;
        while (first is null && children.Any(c => c.Runs))
        {
            Task.WaitAny([.. children.Where(c => c.Runs).Select(c => c.Ended)]);
            first = children.FirstOrDefault(c => c is { Runs: false, Code: not 0 });
        }
        if (first is not null) EndOthers();
        if (stops > 0) return children.All(c => c.Code == 0) ? 0 : Outcome.Stopped;
        if (first is null) return 0;

        // Those that only lost another one, or had to be ended, have nothing to tell.
        var told = children.Where(c => c is { Failed: true, WasKilled: false, Code: not LostAnother }).ToArray();
        var leader = children[0];
        if (told.Contains(leader) && leader.Code < 128) return leader.Code;
        var failed = told.Contains(first) ? first : told.FirstOrDefault() ?? children.FirstOrDefault(c => c.WasKilled) ?? first;
        Console.Error.WriteLine($"process {failed.Rank} of {count} {failed.Account}");
        return 1;

        void EndOthers()
        {
            var patience = stops > 0 ? s_patienceToStop : s_patience;
            Task.WaitAll([.. children.Select(c => c.Ended)], patience);
            foreach (var child in children.Where(c => c.Runs)) child.End();
            Task.WaitAll([.. children.Select(c => c.Ended)]);
        }

        // The first request asks for an orderly end; the second one ends them at once.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            var again = Interlocked.Increment(ref stops) > 1;
            foreach (var child in children.Where(c => c.Runs)) child.Signal(again ? Kill : Terminate);
        }
    }

    // Whoever started this process passes requests to stop on; once it is gone, nobody would.
    private static void EndWithStarter()
    {
        var starter = int.Parse(Environment.GetEnvironmentVariable(Starter)!, CultureInfo.InvariantCulture);
        new Thread(() =>
        {
            while (getppid() == starter) Thread.Sleep(500);
            _ = kill(Environment.ProcessId, Terminate);
            Thread.Sleep(s_patience);
            _ = kill(Environment.ProcessId, Kill);
        })
        { IsBackground = true, Name = "waits for the starter's end" }.Start();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    /// <summary>One of the processes.</summary>
    private sealed class Child
    {
        private readonly Process _process;
        private readonly Queue<string> _errors = new();

        public Child(int rank, int count, int port)
        {
            Rank = rank;
            var own = Environment.GetCommandLineArgs();
            var host = Environment.ProcessPath!;
            // Started as `dotnet rewardkit.dll`, the first argument is that file; else it stands for the program.
            var info = new ProcessStartInfo(host, Path.GetFileNameWithoutExtension(host) == "dotnet" ? own : own[1..]) { UseShellExecute = false };
            var variables = new Dictionary<string, object>
            {
                ["RANK"] = rank,
                ["LOCAL_RANK"] = rank,
                ["WORLD_SIZE"] = count,
                ["LOCAL_WORLD_SIZE"] = count,
                ["MASTER_ADDR"] = "127.0.0.1",
                ["MASTER_PORT"] = port,
                [Starter] = Environment.ProcessId,
            };
            foreach (var (name, value) in variables) info.Environment[name] = string.Create(CultureInfo.InvariantCulture, $"{value}");
            // Together they use the machine as one would.
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS")))
                info.Environment["OMP_NUM_THREADS"] = Math.Max(1, Environment.ProcessorCount / count).ToString(CultureInfo.InvariantCulture);
            info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = rank > 0;
            _process = Process.Start(info)!;
            if (rank > 0)
            {
                _process.StandardInput.Close();
                _process.ErrorDataReceived += (_, line) => Keep(line.Data);
                _process.BeginErrorReadLine();
                _process.BeginOutputReadLine();
            }
            Ended = _process.WaitForExitAsync();
        }

        public int Rank { get; }

        public Task Ended { get; }

        public bool Runs => !Ended.IsCompleted;

        public bool WasKilled { get; private set; }

        public int Code => _process.ExitCode;

        public bool Failed => !Runs && Code != 0;

        /// <summary>How it ended, as a sentence that begins with the process.</summary>
        public string Account
        {
            get
            {
                string errors;
                lock (_errors) errors = string.Join('\n', _errors);
                if (WasKilled) return "did not answer in time, and was ended.";
                return Code switch
                {
                    LostAnother => "lost the connection to the others.",
                    128 + Kill => "was killed (SIGKILL). When memory runs out, the system does that." + (errors == "" ? "" : "\n" + errors),
                    > 128 => string.Create(CultureInfo.InvariantCulture, $"crashed (signal {Code - 128}).") + (errors == "" ? "" : "\n" + errors),
                    _ => "failed: " + (errors == "" ? $"exit code {Code}." : errors),
                };
            }
        }

        public void Signal(int number) => _ = kill(_process.Id, number);

        public void End()
        {
            WasKilled = true;
            Signal(Kill);
        }

        private void Keep(string? line)
        {
            if (line is null) return;
            lock (_errors)
            {
                if (_errors.Count == LinesKept) _errors.Dequeue();
                _errors.Enqueue(line);
            }
        }
    }
}
