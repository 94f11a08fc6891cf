using System.Text;
using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>
/// Reads CSV as RFC 4180 describes it, plain or gzip, a row at a time: commas, a header, fields in quotation marks that may
/// hold commas, line ends and doubled quotation marks. Lines end with LF or CR LF; empty ones between rows are passed over.
/// </summary>
internal static class CsvRecords
{
    private enum At { Start, Plain, Quoted, Closed }

    /// <summary>Whether a file is CSV, by its name.</summary>
    public static bool Is(string path) =>
        path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase);

    public static IEnumerable<DataRecord> Read(string path)
    {
        string[]? header = null;
        foreach (var (line, fields) in Rows(path))
        {
            if (header is null)
            {
                header = fields;
                if (header.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1) is { } twice)
                    throw DataError.Of(path, line, $"the header has the column \"{twice.Key}\" twice", twice.Key);
                continue;
            }
            if (fields.Length != header.Length)
                throw DataError.Of(path, line, $"{fields.Length} fields, but the header has {header.Length}");
            yield return new(path, line, JsonSerializer.SerializeToElement(
                new OrderedDictionary<string, string>(header.Zip(fields, KeyValuePair.Create))));
        }
    }

    private static IEnumerable<(long Line, string[] Fields)> Rows(string path)
    {
        var (fields, field, at) = (new List<string>(), new StringBuilder(), At.Start);
        long number = 0, rowBegan = 0, quoteBegan = 0;
        foreach (var bytes in JsonLines.Lines(path))
        {
            number++;
            JsonLines.CheckUtf8(bytes.Span, path, number);
            var line = Encoding.UTF8.GetString(bytes.Span);
            if (at != At.Quoted)
            {
                if (line is "" or "\r") continue;
                rowBegan = number;
            }
            for (var i = 0; i < line.Length; i++)
            {
                var c = line[i];
                if (at == At.Quoted)
                {
                    if (c == '"') at = At.Closed;
                    else field.Append(c);
                }
                else if (c == '\r' && i == line.Length - 1) break;
                else if (c == ',') End();
                else if (c == '"' && at != At.Plain)
                {
                    // Behind a closing mark, a second one stands for itself.
                    if (at == At.Closed) field.Append(c);
                    else quoteBegan = number;
                    at = At.Quoted;
                }
                else if (at == At.Closed) throw DataError.Of(path, number, $"'{c}' behind the closing quotation mark of a field; a mark inside is written twice");
                else if (c == '"') throw DataError.Of(path, number, "a quotation mark inside a field that does not begin with one; put the field in marks and write those inside twice");
                else
                {
                    field.Append(c);
                    at = At.Plain;
                }
            }
            if (at == At.Quoted)
            {
                field.Append('\n');
                continue;
            }
            End();
            yield return (rowBegan, [.. fields]);
            fields.Clear();
        }
        if (at == At.Quoted) throw DataError.Of(path, quoteBegan, "the field in quotation marks that begins here is never closed");

        void End()
        {
            fields.Add(field.ToString());
            field.Clear();
            at = At.Start;
        }
    }
}
