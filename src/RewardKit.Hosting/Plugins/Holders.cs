using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// Looks for what holds a plugin in the places where plugins are usually held: static events and data of the framework,
/// timers, queued work, caches of types, the host's own statics and services. From each it follows references, by
/// reflection, until it meets something of the plugin. Threads' stacks and GC handles cannot be seen this way.
/// </summary>
internal static class Holders
{
    private const int ObjectsAtMost = 200_000;
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private const string Undo = "undo it in Dispose";
    private const string OwnOptions = "serialise with a JsonSerializerContext or JsonSerializerOptions of the plugin's own";
    private const string Timers = "a timer";
    private static readonly Type? s_timers = Type.GetType("System.Threading.TimerQueue");
    private static readonly Type? s_timer = Type.GetType("System.Threading.TimerQueueTimer");

    private static readonly (Type?[] Types, string Advice)[] Framework =
    [
        ([typeof(AppContext)], Undo),
        ([typeof(AssemblyLoadContext)], Undo),
        ([typeof(TaskScheduler)], Undo),
        ([typeof(Console)], Undo),
        ([typeof(System.Diagnostics.Trace)], Undo),
        ([typeof(System.Diagnostics.Tracing.EventListener)], Undo),
        ([typeof(System.Diagnostics.ActivitySource)], Undo),
        ([typeof(JsonSerializerOptions), typeof(DefaultJsonTypeInfoResolver)], OwnOptions),
        ([typeof(System.ComponentModel.TypeDescriptor)], "ask TypeDescriptor about no type of the plugin"),
        ([typeof(ThreadPool)], "let queued work end, or heed the cancellation"),
        ([s_timers], "stop it in Dispose, or heed the cancellation"),
    ];

    /// <summary>What holds a context, a part of a sentence each.</summary>
    /// <param name="context">The context that does not go.</param>
    /// <param name="services">The host's services.</param>
    public static IReadOnlyList<string> Of(AssemblyLoadContext context, IServiceProvider services)
    {
        // What is nearest comes first: what one place has led to is not followed again from the next.
        var search = new Search(context);
        search.Fields("AppDomain.CurrentDomain", AppDomain.CurrentDomain, Undo);
        search.Fields("AssemblyLoadContext.Default", AssemblyLoadContext.Default, Undo);
        foreach (var (types, advice) in Framework)
            _ = types.Any(type => search.Statics(type, advice));
        foreach (var type in HostTypes())
            search.Statics(type, Undo);
        search.Follow("one of the host's services", services, Undo);
        return search.Found;
    }

    private static IEnumerable<Type> HostTypes() => AssemblyLoadContext.Default.Assemblies
        .Where(a => a.GetName().Name is { } name && (name == "TorchSharp" || name.StartsWith("RewardKit.", StringComparison.Ordinal)))
        .SelectMany(a => a.GetTypes());

    private sealed class Search(AssemblyLoadContext context)
    {
        private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<Type, FieldInfo[]> _fields = [];

        public List<string> Found { get; } = [];

        /// <summary>Follows a type's static fields.</summary>
        /// <returns>Whether one of them holds the plugin.</returns>
        public bool Statics(Type? type, string advice)
        {
            if (type is null || type.ContainsGenericParameters) return false;
            var before = Found.Count;
            foreach (var field in type.GetFields(Declared | BindingFlags.Static).Where(f => !f.IsLiteral && CanHold(f.FieldType)))
            {
                var label = type == s_timers ? Timers : $"{type.FullName}.{NameOf(field)}";
                object? value;
                try
                {
                    value = field.GetValue(null);
                }
                catch (Exception e) when (e is TypeInitializationException or NotSupportedException or FieldAccessException)
                {
                    continue;
                }
                Follow(label, value, advice);
            }
            return Found.Count > before;
        }

        /// <summary>Follows an object's fields.</summary>
        public void Fields(string label, object root, string advice)
        {
            _seen.Add(root);
            foreach (var field in FieldsOf(root.GetType())) Follow($"{label}.{NameOf(field)}", field.GetValue(root), advice);
        }

        /// <summary>Follows references, nearest first, to the first thing that is the plugin's.</summary>
        public void Follow(string label, object? root, string advice)
        {
            var queue = new Queue<object>();
            for (IEnumerable<object?> values = [root]; ; values = References(queue.Dequeue()))
            {
                foreach (var value in values)
                {
                    if (value is null or string or Pointer || value.GetType().IsPrimitive) continue;
                    // Timers are linked with each other, so that any library's leads to the plugin's: they have a root of their own.
                    if (value.GetType() == s_timer && label != Timers) continue;
                    if (Describe(value) is { } what)
                    {
                        Found.Add($"{label} {what} ({advice})");
                        return;
                    }
                    // Reflection's objects and load contexts lead everywhere, and weakly.
                    if (value is not (MemberInfo or Assembly or Module or AssemblyLoadContext)
                        && _seen.Count < ObjectsAtMost && (value is ValueType || _seen.Add(value))) queue.Enqueue(value);
                }
                if (queue.Count == 0) return;
            }
        }

        private string? Describe(object value) => value switch
        {
            Delegate { HasSingleTarget: true } call when IsPlugins(call.Method.Module.Assembly) =>
                $"calls {SourceNames.Full(call.Method)}",
            Type type when IsPlugins(type) => $"keeps the type {Name(type)}",
            MemberInfo member when IsPlugins(member.Module.Assembly) => $"keeps {Name(member.DeclaringType!)}.{member.Name}",
            Assembly assembly when IsPlugins(assembly) => $"keeps the assembly {assembly.GetName().Name}",
            _ when value.GetType() is var type && IsPlugins(type) => StateMachine(type) is { } method
                ? $"waits for the unfinished {method}" : $"keeps an object of {Name(type)}",
            _ => null,
        };

        // The box in which an async method waits names the method in its type argument.
        private static string? StateMachine(Type type) => type.GetGenericArguments().Append(type)
            .Where(t => typeof(System.Runtime.CompilerServices.IAsyncStateMachine).IsAssignableFrom(t) && t.Name.StartsWith('<') && t.Name.IndexOf('>') > 1)
            .Select(t => $"{Name(SourceNames.Of(t))}.{t.Name[1..t.Name.IndexOf('>')]}").FirstOrDefault();

        private static string Name(Type type) => type.IsConstructedGenericType
            ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.FullName?.Replace('+', '.') ?? type.Name;

        private bool IsPlugins(Type type) =>
            type.HasElementType ? IsPlugins(type.GetElementType()!) : IsPlugins(type.Assembly) || type.GetGenericArguments().Any(IsPlugins);

        private bool IsPlugins(Assembly assembly) => AssemblyLoadContext.GetLoadContext(assembly) == context;

        private IEnumerable<object?> References(object value)
        {
            if (value is Array array)
                return CanHold(array.GetType().GetElementType()!) ? array.Cast<object?>() : [];
            if (value is Delegate { HasSingleTarget: false } several)
                return several.GetInvocationList();
            return FieldsOf(value.GetType()).Select(field => field.GetValue(value));
        }

        // The field of a property or event is called after it.
        private static string NameOf(FieldInfo field) =>
            field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;

        private FieldInfo[] FieldsOf(Type type)
        {
            if (_fields.TryGetValue(type, out var known)) return known;
            var fields = new List<FieldInfo>();
            for (var level = type; level is not null; level = level.BaseType)
                fields.AddRange(level.GetFields(Declared | BindingFlags.Instance).Where(f => CanHold(f.FieldType)));
            return _fields[type] = [.. fields];
        }

        private static bool CanHold(Type type) =>
            !type.IsPrimitive && !type.IsEnum && !type.IsPointer && !type.IsFunctionPointer && !type.IsByRefLike && type != typeof(string);
    }
}
