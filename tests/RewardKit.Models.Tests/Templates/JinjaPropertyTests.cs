using System.Text.Json;
using RewardKit.Models.Templates;

namespace RewardKit.Models.Tests.Templates;

public class JinjaPropertyTests
{
    private static string Render(string template, object? x) => JinjaTemplate.Parse(template, "t").Render([new("x", x)]);

    private static string Text(string? text) => text ?? "";

    [FsCheck.NUnit.Property]
    public bool A_value_is_printed_as_it_is_and_never_read_as_a_template(string? given) =>
        Render("<{{ x }}>", "{{ y }}{% if %}" + Text(given)) == "<{{ y }}{% if %}" + Text(given) + ">";

    [FsCheck.NUnit.Property]
    public bool Raw_text_is_the_text(string? given)
    {
        var text = Text(given).ReplaceLineEndings("\n").Replace("{%", "").Replace('\r', '\n');

        return Render("{%+ raw %}" + text + "{%+ endraw +%}", null) == text;
    }

    [FsCheck.NUnit.Property]
    public bool Json_reads_back(string? given)
    {
        // A lone surrogate is no text in JSON.
        var text = new string([.. Text(given).Where(c => !char.IsSurrogate(c))]) + "\"\\\u2028😀";

        return JsonDocument.Parse(Render("{{ x | tojson }}", text)).RootElement.GetString() == text;
    }

    [FsCheck.NUnit.Property]
    public bool Splitting_and_joining_gives_the_text_back(string? given, char separator) =>
        JinjaTemplate.Parse("{{ s.join(x.split(s)) }}", "t").Render([new("x", Text(given)), new("s", separator.ToString())]) == Text(given);

    [FsCheck.NUnit.Property]
    public bool Slices_are_those_of_code_points(string? given, int start, int stop)
    {
        var text = new string([.. Text(given).Where(c => !char.IsSurrogate(c))]) + "é😀x";
        var points = text.EnumerateRunes().ToArray();
        var (from, to) = (Place(start, points.Length), Place(stop, points.Length));

        return Render($"{{{{ x[{start}:{stop}] }}}}", text) == string.Concat(points[from..Math.Max(from, to)]);
    }

    [FsCheck.NUnit.Property]
    public bool Sorting_sorts(int[] given) =>
        Render("{{ x | sort | join(' ') }}", given ?? []) == string.Join(' ', (given ?? []).Order());

    [FsCheck.NUnit.Property]
    public bool Numbers_print_as_they_are_read(double given)
    {
        if (!double.IsFinite(given)) return true;
        var shown = Render("{{ x }}", given);

        return double.Parse(shown, System.Globalization.CultureInfo.InvariantCulture) == given && Render($"{{{{ {shown.TrimStart('-')} }}}}", null) == shown.TrimStart('-');
    }

    private static int Place(int at, int count) => Math.Clamp(at < 0 ? at + count : at, 0, count);
}
