namespace RewardKit.Models.Templates;

/// <summary>The methods of dictionaries and lists, but for those that change them.</summary>
internal static class ContainerMethods
{
    public static readonly Dictionary<string, Func<RenderState, Map, Arguments, object?>> OfMaps = new()
    {
        ["get"] = (state, map, arguments) =>
        {
            var given = arguments.Bind(state, "get", 1, "key", "default");
            return map.TryGet(given[0], out var value) ? value : given.Value(1, null);
        },
        ["keys"] = (state, map, arguments) => View(state, "keys", arguments, map.Keys),
        ["values"] = (state, map, arguments) => View(state, "values", arguments, map.Entries.Select(entry => entry.Value)),
        ["items"] = (state, map, arguments) => View(state, "items", arguments, Pairs(map)),
        ["copy"] = (state, map, arguments) =>
        {
            arguments.Bind(state, "copy", 0);
            return map;
        },
    };

    public static readonly Dictionary<string, Func<RenderState, Sequence, Arguments, object?>> OfLists = new()
    {
        ["index"] = (state, list, arguments) =>
        {
            var item = arguments.Bind(state, "index", 1, "value")[0];
            for (var i = 0; i < list.Items.Count; i++)
                if (Compare.Equal(state, list.Items[i], item)) return (long)i;
            throw state.Refuse($"the {Values.TypeName(list)} does not contain what 'index' looks for");
        },
        ["count"] = (state, list, arguments) =>
        {
            var item = arguments.Bind(state, "count", 1, "value")[0];
            return (long)list.Items.Count(candidate => Compare.Equal(state, candidate, item));
        },
        ["copy"] = (state, list, arguments) =>
        {
            arguments.Bind(state, "copy", 0);
            return list;
        },
    };

    public static IEnumerable<object?> Pairs(Map map) => map.Entries.Select(entry => Values.Pair(entry.Key, entry.Value));

    private static Sequence View(RenderState state, string name, Arguments arguments, IEnumerable<object?> items)
    {
        arguments.Bind(state, name, 0);
        var view = new Sequence([.. items], SequenceForm.View);
        state.Charge(view.Items.Count);
        return view;
    }
}
