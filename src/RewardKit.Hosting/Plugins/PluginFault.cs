using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// Tells from an exception's stack whose fault it was. The stack is asked, rather than each call of a plugin wrapped,
/// because a plugin also works far from where it was called: in a stream that is read later, in a callback, in a task.
/// </summary>
internal static class PluginFault
{
    /// <summary>
    /// What happened, as <c>the loss "crome" (Crome 0.1.0) threw in Compute: InvalidOperationException: …</c>; without the
    /// first part where no plugin was at work. Where debug symbols are, a second line says the place in the plugin's or the
    /// script's source. Text alone: an exception may be the plugin's own type, and would keep it loaded.
    /// </summary>
    public static string Describe(Exception error)
    {
        var cause = Unwrap(error);
        var frames = Frames(cause, error);
        var what = cause is RewardKitException ? cause.Message : $"{cause.GetType().Name}: {cause.Message}";
        var who = frames.FirstOrDefault(f => f.Context is PluginLoadContext) is { } fault ? $"{Who(fault, frames)}: " : "";
        var place = frames.FirstOrDefault(f => f.Context.IsCollectible && f.File is not null) is { } own
            ? $"\n  at {Display(own.File!)}:{own.Line}" : "";
        return what.Contains(place, StringComparison.Ordinal) ? who + what : who + what + place;
    }

    /// <summary>Whether a plugin's code was at work.</summary>
    public static bool IsPlugins(Exception error) => Frames(Unwrap(error), error).Any(f => f.Context is PluginLoadContext);

    /// <summary>The exception behind the wrappers that reflection, static initialisation and tasks put around it.</summary>
    public static Exception Unwrap(Exception error) =>
        error is TargetInvocationException or TypeInitializationException or AggregateException && error.InnerException is { } inner
            ? Unwrap(inner) : error;

    private sealed record Frame(Type Type, string Method, AssemblyLoadContext Context, string? File, int Line);

    // Innermost first; a wrapper's own frames come after those of what it wraps.
    private static Frame[] Frames(Exception cause, Exception error) =>
    [
        .. from thrown in new[] { cause, error }.Distinct()
           from frame in new StackTrace(thrown, fNeedFileInfo: true).GetFrames()
           let method = frame.GetMethod()
           where method?.DeclaringType is not null
           let type = SourceNames.Of(method.DeclaringType!)
           let context = AssemblyLoadContext.GetLoadContext(type.Assembly)
           where context is not null
           select new Frame(type, SourceNames.Of(method), context, frame.GetFileName(), frame.GetFileLineNumber()),
    ];

    // The plugin's class on the stack says which plugin it was, and which method of the contract; a helper below it does not.
    private static string Who(Frame fault, Frame[] frames)
    {
        var manifest = ((PluginLoadContext)fault.Context).Manifest;
        var called = frames.FirstOrDefault(f => f.Context == fault.Context && manifest.Plugins.Any(p => p.Type == f.Type.FullName));
        if (called is null) return $"the plugin {manifest.Name} {manifest.Version} threw in {fault.Type.Name}.{fault.Method}";
        var labels = manifest.Plugins.Where(p => p.Type == called.Type.FullName).Select(p => p.Label);
        return $"the {string.Join(" and ", labels)} ({manifest.Name} {manifest.Version}) threw in {called.Method}";
    }

    // As the user would write it: relative to the current folder when it lies below.
    private static string Display(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
