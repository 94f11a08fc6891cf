using System.Globalization;
using System.Text;

namespace RewardKit.Models.Templates;

/// <summary>The functions that every template can call.</summary>
internal static class Globals
{
    // As Jinja2's sandbox has it.
    private const int MaxRange = 100_000;

    /// <summary>Puts the functions into a template's outermost scope.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="now">What <c>strftime_now</c> tells.</param>
    public static void AddTo(Scope scope, DateTime now)
    {
        foreach (var function in Functions) scope.Set(function.Name, function);
        scope.Set("strftime_now", new Callable("strftime_now", (state, arguments) => Time(state, now, arguments.Bind(state, "strftime_now", 1, "format").Text(0))));
    }

    private static readonly Callable[] Functions =
    [
        new("range", Range),
        new("dict", (state, arguments) =>
        {
            var map = new Map();
            if (arguments.Positional.Count > 1) throw state.Refuse($"'dict' takes at most 1 argument, not {arguments.Positional.Count}");
            if (arguments.Positional.Count == 1) Fill(state, arguments.Positional[0], (key, value) => map.Set(state, key, value));
            foreach (var (name, value) in arguments.Named) map.Set(name, value);
            return map;
        }),
        new("namespace", (state, arguments) =>
        {
            var place = new Namespace();
            if (arguments.Positional.Count > 1) throw state.Refuse($"'namespace' takes at most 1 argument, not {arguments.Positional.Count}");
            if (arguments.Positional.Count == 1) Fill(state, arguments.Positional[0], (key, value) => place.Set(Values.Text(state, key, "a name in 'namespace'"), value));
            foreach (var (name, value) in arguments.Named) place.Set(name, value);
            return place;
        }),
        new("raise_exception", (state, arguments) =>
            throw state.Refuse("the template refuses it: " + PythonText.Of(state, arguments.Bind(state, "raise_exception", 1, "message")[0]))),
    ];

    // From a dictionary, or from pairs.
    private static void Fill(RenderState state, object? source, Action<object?, object?> set)
    {
        var pairs = source is Map map ? [.. ContainerMethods.Pairs(map)] : Values.Items(state, source);
        foreach (var pair in pairs)
        {
            var parts = Values.Items(state, pair);
            if (parts.Count != 2) throw state.Refuse($"a dict is made of pairs, not of {parts.Count} values");
            set(parts[0], parts[1]);
        }
    }

    private static object? Range(RenderState state, Arguments arguments)
    {
        arguments.RefuseRest(state, "range");
        long[] bounds = [.. arguments.Positional.Select(value =>
            Values.Whole(value) ?? throw state.Refuse($"'range' is given a {Values.TypeName(value)}; expected an int"))];
        var (start, stop, step) = bounds switch
        {
            [var end] => (0, end, 1),
            [var begin, var end] => (begin, end, 1),
            [var begin, var end, var by] => (begin, end, by),
            _ => throw state.Refuse($"'range' takes 1 to 3 arguments, not {bounds.Length}"),
        };
        if (step == 0) throw state.Refuse("the step of 'range' is 0");
        var count = Math.Max(0, Math.Ceiling(((double)stop - start) / step));
        if (count > MaxRange) throw state.Refuse($"'range' of {count:N0} numbers; at most {MaxRange:N0} are allowed");
        state.Charge((long)count);
        return new Sequence([.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + i * step))], SequenceForm.Range);
    }

    private static string Time(RenderState state, DateTime now, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            text.Append(format[++i] switch
            {
                'd' => Shown("dd"),
                'm' => Shown("MM"),
                'Y' => Shown("yyyy"),
                'y' => Shown("yy"),
                'b' => Shown("MMM"),
                'B' => Shown("MMMM"),
                'a' => Shown("ddd"),
                'A' => Shown("dddd"),
                'H' => Shown("HH"),
                'I' => Shown("hh"),
                'M' => Shown("mm"),
                'S' => Shown("ss"),
                'p' => Shown("tt"),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => Shown("yyyy-MM-dd"),
                'T' => Shown("HH:mm:ss"),
                '%' => "%",
                var code => throw state.Refuse($"'strftime_now' with '%{code}' is not supported"),
            });
        }
        return state.Text(text.ToString());

        string Shown(string form) => now.ToString(form, CultureInfo.InvariantCulture);
    }
}
