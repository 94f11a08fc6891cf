using System.Globalization;

namespace RewardKit.Models.Templates;

internal static partial class Filters
{
    private static object? Length(RenderState state, object? value, Arguments arguments)
    {
        arguments.Bind(state, "length", 0);
        return value switch
        {
            string text => (long)CodePoints.Count(state.Text(text)),
            Sequence { Form: not SequenceForm.Stream } sequence => (long)sequence.Items.Count,
            Map map => (long)map.Count,
            Undefined => 0L,
            Loop loop => loop.Get(state, "length"),
            _ => throw state.Refuse($"a {Values.TypeName(value)} has no length"),
        };
    }

    private static object? First(RenderState state, object? value, Arguments arguments)
    {
        arguments.Bind(state, "first", 0);
        var items = value is Sequence sequence ? sequence.Take(1) : Values.Items(state, value);
        return items.Count > 0 ? items[0] : new Undefined("there is no first item");
    }

    private static object? Last(RenderState state, object? value, Arguments arguments)
    {
        arguments.Bind(state, "last", 0);
        if (value is Sequence { Form: SequenceForm.Stream }) throw state.Refuse("'last' needs a list; put 'list' before it");
        var items = Values.Items(state, value);
        return items.Count > 0 ? items[^1] : new Undefined("there is no last item");
    }

    private static object? Reverse(RenderState state, object? value, Arguments arguments)
    {
        arguments.Bind(state, "reverse", 0);
        var items = Values.Items(state, value).Reverse();
        return value is string ? string.Concat(items) : Values.Stream(items);
    }

    private static object? Items(RenderState state, object? value, Arguments arguments)
    {
        arguments.Bind(state, "items", 0);
        return value switch
        {
            Undefined => Values.Stream([]),
            Map map => Values.Stream(ContainerMethods.Pairs(map)),
            _ => throw state.Refuse($"'items' needs a dict, not a {Values.TypeName(value)}"),
        };
    }

    private static object? Join(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "join", 0, "d", "attribute");
        var attribute = given.Value(1, null);
        var parts = Values.Items(state, value).Select(item => PythonText.Of(state, attribute is null ? item : Path(state, item, attribute)));
        return StringMethods.Joined(state, PythonText.Of(state, given.Value(0, "")), [.. parts]);
    }

    private static object? Batch(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "batch", 1, "linecount", "fill_with");
        var size = given.Whole(0, 1);
        if (size < 1) throw state.Refuse($"'batch' is given {size}; expected at least 1");
        var fill = given.Value(1, null);
        return Values.Stream(Values.Items(state, value).Chunk(size).Select(chunk =>
        {
            state.Charge(size);
            return (object?)Values.List(fill is null ? chunk : chunk.Concat(Enumerable.Repeat(fill, size - chunk.Length)));
        }));
    }

    // An attribute as filters name it: "a.b", or an index; what is missing on the way is the default where there is one.
    private static object? Path(RenderState state, object? item, object? attribute, object? otherwise = null)
    {
        object?[] parts = attribute is string path
            ? [.. path.Split('.').Select(part => part.Length is > 0 and < 19 && part.All(char.IsAsciiDigit) ? (object)long.Parse(part, CultureInfo.InvariantCulture) : part)]
            : [attribute];
        foreach (var part in parts)
        {
            item = Attributes.Item(state, item, part);
            if (item is Undefined && otherwise is not null) item = otherwise;
        }
        return item;
    }

    private static object? Map(RenderState state, object? value, Arguments arguments)
    {
        if (arguments.Positional.Count == 0)
        {
            var given = arguments.Bind(state, "map", 0, "attribute", "default");
            if (!given.Has(0)) throw state.Refuse("'map' needs a filter's name or 'attribute'");
            return Values.Stream(Values.Items(state, value).Select(item => Path(state, item, given[0], given.Value(1, null))));
        }
        var name = Values.Text(state, arguments.Positional[0], "the filter's name in 'map'");
        var filter = Known.GetValueOrDefault(name) ?? throw state.Refuse($"the filter '{name}' is not supported");
        return Values.Stream(Values.Items(state, value).Select(item =>
        {
            state.Charge(1);
            return filter(state, item, Rest(arguments, 1));
        }));
    }

    // Filters take the arguments apart as they read them, so each item gets its own.
    private static Arguments Rest(Arguments arguments, int from) => new([.. arguments.Positional.Skip(from)], arguments.Named);

    private static object? Selected(RenderState state, object? value, Arguments arguments, string name, bool keep, bool byAttribute)
    {
        var at = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < at) throw state.Refuse($"'{name}' needs an attribute's name");
        Tests.Function test = (_, item, _) => Values.IsTrue(item);
        if (arguments.Positional.Count > at)
        {
            var testName = Values.Text(state, arguments.Positional[at], $"the test's name in '{name}'");
            test = Tests.Known.GetValueOrDefault(testName) ?? throw state.Refuse($"the test '{testName}' is not supported");
        }
        return Values.Stream(Values.Items(state, value).Where(item =>
        {
            state.Charge(1);
            return test(state, byAttribute ? Path(state, item, arguments.Positional[0]) : item, Rest(arguments, at + 1)) == keep;
        }));
    }

    // Jinja2 compares texts without regard to case unless asked.
    private static object? Key(RenderState state, object? value, bool caseSensitive) =>
        !caseSensitive && value is string text ? state.Text(text).ToLowerInvariant() : value;

    private static IEnumerable<T> Ordered<T>(RenderState state, IEnumerable<T> items, Func<T, object?> key, bool descending)
    {
        var order = Comparer<object?>.Create((a, b) => Compare.Order(state, a, b));
        T[] all = [.. items];
        // LINQ's sorting keeps the order of equals, as Python's does, and wraps what a comparison throws.
        try
        {
            return descending ? [.. all.OrderByDescending(key, order)] : [.. all.OrderBy(key, order)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException refused)
        {
            throw new TemplateException(refused.Message, refused.Line);
        }
    }

    private static object? Sort(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "sort", 0, "reverse", "case_sensitive", "attribute");
        var (caseSensitive, attribute) = (given.Flag(1), given.Value(2, null));
        var paths = attribute is string text ? text.Split(',') : null;
        return Values.List(Ordered(state, Values.Items(state, value), KeyOf, given.Flag(0)));

        object? KeyOf(object? item) =>
            paths is null ? Key(state, attribute is null ? item : Path(state, item, attribute), caseSensitive)
            : Values.List(paths.Select(path => Key(state, Path(state, item, path), caseSensitive)));
    }

    private static object? DictSort(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "dictsort", 0, "case_sensitive", "by", "reverse");
        var place = given.Text(1, "key") switch
        {
            "key" => 0,
            "value" => 1,
            var by => throw state.Refuse($"'dictsort' by '{by}'; expected 'key' or 'value'"),
        };
        if (value is not Templates.Map map) throw state.Refuse($"'dictsort' needs a dict, not a {Values.TypeName(value)}");
        return Values.List(Ordered(state, ContainerMethods.Pairs(map), pair => Key(state, ((Sequence)pair!).Items[place], given.Flag(0)), given.Flag(2)));
    }

    private static object? Unique(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "unique", 0, "case_sensitive", "attribute");
        var attribute = given.Value(1, null);
        var seen = new Templates.Map();
        return Values.Stream(Values.Items(state, value).Where(item =>
        {
            var key = Key(state, attribute is null ? item : Path(state, item, attribute), given.Flag(0));
            if (seen.TryGet(key, out _)) return false;
            seen.Set(state, key, null);
            return true;
        }));
    }

    private static object? Extreme(RenderState state, object? value, Arguments arguments, string name, int sign)
    {
        var given = arguments.Bind(state, name, 0, "case_sensitive", "attribute");
        var attribute = given.Value(1, null);
        object? best = new Undefined($"there is nothing for '{name}' to choose from");
        object? bestKey = null;
        foreach (var item in Values.Items(state, value))
        {
            var key = Key(state, attribute is null ? item : Path(state, item, attribute), given.Flag(0));
            if (best is Undefined || Compare.Order(state, key, bestKey) * sign > 0) (best, bestKey) = (item, key);
        }
        return best;
    }

    private static object? Sum(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "sum", 0, "attribute", "start");
        var attribute = given.Value(0, null);
        var sum = given.Value(1, 0L);
        foreach (var item in Values.Items(state, value))
            sum = Arithmetic.Apply(state, "+", sum, attribute is null ? item : Path(state, item, attribute));
        return sum;
    }
}
