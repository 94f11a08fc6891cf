using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RewardKit.Benchmarks.Decode;

/// <summary>A process that does the work whose name it reads, and writes what it measured; its errors are this one's.</summary>
internal sealed class Side : IDisposable
{
    private readonly Process _process;

    public Side(string file, string[] arguments, int threads)
    {
        var info = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // RewardKit's setting for libgomp: without it a PyTorch over OpenBLAS is slower, which is not what is compared here.
        info.Environment.TryAdd("GOMP_SPINCOUNT", "2000");
        // OpenBLAS and OpenMP read their number of threads when they are loaded.
        info.Environment["OMP_NUM_THREADS"] = info.Environment["OPENBLAS_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        _process = Process.Start(info)!;
    }

    public Measured Do(string work)
    {
        _process.StandardInput.WriteLine(work);
        _process.StandardInput.Flush();
        return JsonSerializer.Deserialize<Measured>(
            _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{_process.StartInfo.FileName} ended at {work}."), JsonSerializerOptions.Web)!;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
