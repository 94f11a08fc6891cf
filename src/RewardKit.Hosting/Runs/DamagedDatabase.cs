using Microsoft.Data.Sqlite;

namespace RewardKit.Hosting.Runs;

/// <summary>SQLite files that are damaged: kept beside under another name, so that a new one can take their place.</summary>
internal static class DamagedDatabase
{
    private const int Corrupt = 11;
    private const int NoDatabase = 26;

    /// <summary>Whether an error says that the file is damaged, or none of SQLite's.</summary>
    public static bool Is(SqliteException error) => error.SqliteErrorCode is Corrupt or NoDatabase;

    /// <summary>Gives a damaged file another name. One process at a time, and only while it is damaged still.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long to wait for other processes, in seconds.</param>
    /// <returns>The other name, without its folder; null if another process has put a new file in its place.</returns>
    public static string? SetAside(string path, int patience)
    {
        using var alone = Alone(path, patience);
        try
        {
            using var connection = Connection(path, patience);
            connection.Open();
            using var check = connection.CreateCommand();
            check.CommandText = "PRAGMA quick_check(1)";
            if ((string?)check.ExecuteScalar() == "ok") return null;
        }
        catch (SqliteException e) when (Is(e))
        {
        }
        var number = Enumerable.Range(1, int.MaxValue).First(n => !File.Exists($"{path}.damaged-{n}"));
        File.Move(path, $"{path}.damaged-{number}");
        foreach (var log in new[] { "-wal", "-shm" }) File.Delete(path + log);
        return $"{Path.GetFileName(path)}.damaged-{number}";
    }

    /// <summary>A connection to a file. Closed means closed: a pool would hold the file open, and with it the write-ahead log.</summary>
    public static SqliteConnection Connection(string path, int patience) =>
        new(new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = patience, Pooling = false }.ToString());

    private static FileStream Alone(string path, int patience)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new(path + ".repair", new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    Options = FileOptions.DeleteOnClose,
                });
            }
            catch (IOException) when (tries < patience * 10)
            {
                Thread.Sleep(100);
            }
        }
    }
}
