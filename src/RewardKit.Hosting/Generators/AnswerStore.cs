using System.Text;
using Microsoft.Data.Sqlite;
using RewardKit.Hosting.Runs;

namespace RewardKit.Hosting.Generators;

/// <summary>
/// Answers of text generators by the content of their requests, in a SQLite file. Each is there as soon as it is kept, also
/// when the process is killed then. Several threads and processes may use it at once; of two answers to one request the
/// first stays. A damaged file is kept under another name and begun anew.
/// </summary>
/// <param name="path">The file; made where there is none.</param>
/// <param name="notice">Told, in a sentence, of a file that is damaged.</param>
public sealed class AnswerStore(string path, Action<string>? notice = null) : IDisposable
{
    private const int Schema = 1;
    private const int Patience = 20;
    private readonly Lock _gate = new();
    private SqliteConnection? _connection;
    private SqliteCommand? _find;
    private SqliteCommand? _keep;

    /// <summary>The file, absolute.</summary>
    public string File { get; } = Path.GetFullPath(path);

    /// <summary>The answer to a request; null if there is none.</summary>
    /// <param name="key">What identifies the request.</param>
    /// <exception cref="RewardKitException">The file cannot be used.</exception>
    public TextReply? Find(byte[] key) => Do(() => Read(key));

    /// <summary>Keeps an answer, unless there is one already.</summary>
    /// <param name="key">What identifies the request.</param>
    /// <param name="reply">The answer.</param>
    /// <returns>The answer that is kept.</returns>
    /// <exception cref="RewardKitException">The file cannot be used.</exception>
    public TextReply Keep(byte[] key, TextReply reply) => Do(() =>
    {
        var values = _keep!.Parameters;
        values["$key"].Value = key;
        values["$text"].Value = Encoding.UTF8.GetBytes(reply.Text);
        values["$finish"].Value = reply.Finish.ToString();
        values["$prompt"].Value = reply.PromptTokens;
        values["$tokens"].Value = reply.Tokens;
        return _keep.ExecuteNonQuery() > 0 ? reply : Read(key) ?? reply;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) Close();
    }

    private TextReply? Read(byte[] key)
    {
        _find!.Parameters["$key"].Value = key;
        using var reader = _find.ExecuteReader();
        if (!reader.Read() || !Enum.TryParse<FinishReason>(reader.GetString(1), out var finish)) return null;
        return new(Encoding.UTF8.GetString((byte[])reader.GetValue(0)), finish, reader.GetInt32(2), reader.GetInt32(3));
    }

    private T Do<T>(Func<T> work)
    {
        lock (_gate)
        {
            try
            {
                try
                {
                    Open();
                    return work();
                }
                catch (SqliteException e) when (DamagedDatabase.Is(e))
                {
                    Close();
                    if (DamagedDatabase.SetAside(File, Patience) is { } aside)
                        notice?.Invoke($"The generated texts in {File} cannot be read: the file is damaged. It is kept as {aside}, and the texts are generated again.");
                    Open();
                    return work();
                }
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw RewardKitException.Failure(
                    $"The generated texts cannot be kept in {File}: {e.Message} Free space or permit writing there, or name another file as the generator's answers; then run the same command again.", e);
            }
        }
    }

    private void Open()
    {
        if (_connection is not null) return;
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var connection = DamagedDatabase.Connection(File, Patience);
        try
        {
            connection.Open();
            Prepare(connection);
            // The text is bytes, because a NUL ends a string of SQLite's.
            _find = Command(connection, "SELECT text, finish, prompt_tokens, tokens FROM answers WHERE key = $key", "$key");
            _keep = Command(
                connection, "INSERT OR IGNORE INTO answers (key, text, finish, prompt_tokens, tokens) VALUES ($key, $text, $finish, $prompt, $tokens)",
                "$key", "$text", "$finish", "$prompt", "$tokens");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        _connection = connection;
    }

    private void Prepare(SqliteConnection connection)
    {
        var version = (long)Run(connection, "PRAGMA user_version")!;
        if (version > Schema)
            throw RewardKitException.Failure(
                $"The generated texts in {File} were written by a newer rewardkit (their form is {version}, this one knows {Schema}). Update rewardkit, or name another file.");
        // With a write-ahead log, an answer costs no wait for the disk; one that is lost with the machine's power is asked again.
        Run(connection, "PRAGMA journal_mode = WAL");
        Run(connection, "PRAGMA synchronous = NORMAL");
        if (version < Schema)
            Run(connection, $"""
                CREATE TABLE IF NOT EXISTS answers (
                    key BLOB PRIMARY KEY, text BLOB NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, tokens INTEGER NOT NULL);
                PRAGMA user_version = {Schema};
                """);
    }

    private void Close()
    {
        _find?.Dispose();
        _keep?.Dispose();
        _connection?.Dispose();
        (_connection, _find, _keep) = (null, null, null);
    }

    private static object? Run(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteScalar();
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters) command.Parameters.Add(new(name, null));
        return command;
    }
}
