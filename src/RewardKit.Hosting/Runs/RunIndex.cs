using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace RewardKit.Hosting.Runs;

/// <summary>
/// The runs of all experiments below a folder, in <c>runs.db</c> there (SQLite): to be looked at, never to decide anything.
/// The runs' folders are the truth: an index that is lost or damaged is made again from them. Several processes may write at
/// once; each waits for the other.
/// </summary>
/// <param name="folder">The folder that has the experiments' folders.</param>
/// <param name="notice">Told, in a sentence, of an index that is damaged.</param>
public sealed class RunIndex(string folder, Action<string>? notice = null)
{
    private const int Schema = 1;
    private const string Columns = "folder, experiment, arm, seed, state, started, ended, host, pid, pid_started, key, parts, about, metrics, steps, seconds, error";
    private readonly string _folder = System.IO.Path.GetFullPath(folder);

    /// <summary>The database.</summary>
    public string Path => System.IO.Path.Combine(_folder, "runs.db");

    /// <summary>How long to wait for other processes, in seconds.</summary>
    internal int Patience { get; init; } = 20;

    /// <summary>The name of a run by its folder's place below the index's folder.</summary>
    public string IdOf(string run) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Relative(run))).AsSpan(0, 5));

    /// <summary>All runs, the newest first. One whose process is gone is stopped.</summary>
    /// <exception cref="RewardKitException">The index cannot be read.</exception>
    public IReadOnlyList<RunRow> All() => Do(connection =>
    {
        using var command = Command(connection, $"SELECT {Columns} FROM runs ORDER BY started DESC, folder");
        using var reader = command.ExecuteReader();
        var rows = new List<RunRow>();
        while (reader.Read()) rows.Add(Read(reader));
        return rows;
    });

    /// <summary>The run of a folder; null if it is not known.</summary>
    /// <exception cref="RewardKitException">The index cannot be read.</exception>
    public RunRow? Find(string run) => Do(connection =>
    {
        using var command = Command(connection, $"SELECT {Columns} FROM runs WHERE folder = $folder", ("$folder", Relative(run)));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    });

    /// <summary>Adds a run, or writes over what was known of it.</summary>
    /// <exception cref="RewardKitException">The index cannot be written.</exception>
    public void Put(RunRow row) => Do(connection => Put(connection, row));

    /// <summary>Forgets a run; its folder stays.</summary>
    /// <exception cref="RewardKitException">The index cannot be written.</exception>
    public void Remove(RunRow row) => Do(connection =>
    {
        using var command = Command(connection, "DELETE FROM runs WHERE folder = $folder", ("$folder", Relative(row.Folder)));
        return command.ExecuteNonQuery();
    });

    private T Do<T>(Func<SqliteConnection, T> work)
    {
        try
        {
            try
            {
                return Open(work);
            }
            catch (SqliteException e) when (DamagedDatabase.Is(e))
            {
                SetAside();
                return Open(work);
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Failure($"The index of runs {Path} cannot be used: {e.Message}", e);
        }
    }

    private T Open<T>(Func<SqliteConnection, T> work)
    {
        using var connection = DamagedDatabase.Connection(Path, Patience);
        connection.Open();
        var version = Version(connection);
        if (version == 0) Create(connection);
        if (version > Schema)
        {
            throw RewardKitException.Failure(
                $"The index of runs {Path} was written by a newer rewardkit (its form is {version}, this one knows {Schema}). Update rewardkit, or use another folder.");
        }
        return work(connection);
    }

    private static long Version(SqliteConnection connection)
    {
        using var command = Command(connection, "PRAGMA user_version");
        return (long)command.ExecuteScalar()!;
    }

    private void Create(SqliteConnection connection)
    {
        using (var wal = Command(connection, "PRAGMA journal_mode = WAL")) wal.ExecuteScalar();
        using var transaction = connection.BeginTransaction();
        // Another process may have been first.
        if (Version(connection) != 0) return;
        using (var create = Command(connection, $"""
            CREATE TABLE runs (
                folder TEXT PRIMARY KEY, experiment TEXT NOT NULL, arm TEXT NOT NULL, seed INTEGER NOT NULL, state TEXT NOT NULL,
                started TEXT NOT NULL, ended TEXT, host TEXT, pid INTEGER, pid_started INTEGER, key TEXT NOT NULL, parts TEXT NOT NULL,
                about TEXT NOT NULL, metrics TEXT NOT NULL, steps INTEGER, seconds REAL, error TEXT) WITHOUT ROWID;
            PRAGMA user_version = {Schema};
            """))
            create.ExecuteNonQuery();
        foreach (var row in RunFolders.Find(_folder, IdOf)) Put(connection, row);
        transaction.Commit();
    }

    private void SetAside()
    {
        if (DamagedDatabase.SetAside(Path, Patience) is { } kept)
            notice?.Invoke($"The index of runs {Path} is damaged; it is kept as {kept} and made again from the runs' folders.");
    }

    private int Put(SqliteConnection connection, RunRow row)
    {
        var names = Columns.Split(", ");
        using var command = Command(
            connection, $"INSERT OR REPLACE INTO runs ({Columns}) VALUES ({string.Join(", ", names.Select(n => $"${n}"))})",
            ("$folder", Relative(row.Folder)), ("$experiment", row.Experiment), ("$arm", row.Arm), ("$seed", row.Seed), ("$state", row.State.ToString()),
            ("$started", Text(row.Started)), ("$ended", row.Ended is { } ended ? Text(ended) : null),
            ("$host", row.Process?.Host), ("$pid", row.Process?.Id), ("$pid_started", row.Process?.Started),
            ("$key", row.Key), ("$parts", RunJson.Write(row.Parts)), ("$about", RunJson.Write(row.About)), ("$metrics", RunJson.Write(row.Metrics)),
            ("$steps", row.Steps), ("$seconds", row.Seconds), ("$error", row.Error));
        return command.ExecuteNonQuery();

        static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
    }

    private RunRow Read(SqliteDataReader reader)
    {
        var values = new object?[reader.FieldCount];
        for (var i = 0; i < values.Length; i++) values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
        var place = System.IO.Path.GetFullPath((string)values[0]!, _folder);
        var process = values[7] is string host ? new RunProcess(host, (int)(long)values[8]!, (long)values[9]!) : null;
        var row = new RunRow
        {
            Id = IdOf(place),
            Folder = place,
            Experiment = (string)values[1]!,
            Arm = (string)values[2]!,
            Seed = (int)(long)values[3]!,
            State = Enum.Parse<RunState>((string)values[4]!),
            Started = Time((string)values[5]!),
            Ended = values[6] is string ended ? Time(ended) : null,
            Process = process,
            Key = (string)values[10]!,
            Parts = RunJson.Read<string>((string)values[11]!),
            About = RunJson.Read<string>((string)values[12]!),
            Metrics = RunJson.Read<double>((string)values[13]!),
            Steps = (int?)(long?)values[14],
            Seconds = (double?)values[15],
            Error = (string?)values[16],
        };
        return row.IsLive && process?.IsGone == true ? row with { State = RunState.Stopped } : row;

        static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }

    private string Relative(string run) => System.IO.Path.GetRelativePath(_folder, run).Replace('\\', '/');

    private static SqliteCommand Command(SqliteConnection connection, string text, params (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}

/// <summary>Names and values as the index keeps them.</summary>
internal static class RunJson
{
    public static string Write<T>(IReadOnlyDictionary<string, T> values) => JsonSerializer.Serialize(values, Experiments.StoreJson.Options);

    public static Dictionary<string, T> Read<T>(string text) => JsonSerializer.Deserialize<Dictionary<string, T>>(text, Experiments.StoreJson.Options)!;
}
